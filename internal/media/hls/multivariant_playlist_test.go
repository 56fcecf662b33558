package hls_test

import (
	"testing"

	"tallylight/internal/media/hls"
)

func TestMultivariantPlaylist(t *testing.T) {
	t.Parallel()
	const head = "#EXTM3U\n#EXT-X-VERSION:6\n"
	video := &hls.Rendition{
		URI: "video.m3u8", Codecs: "avc1.64001f", Bandwidth: 2_000_000, AverageBandwidth: 1_500_000,
		Width: 1280, Height: 720, FrameRate: 30000.0 / 1001,
	}
	audio := &hls.Rendition{URI: "audio.m3u8", Codecs: "mp4a.40.2", Bandwidth: 130_000, AverageBandwidth: 128_000, Channels: 2}
	odd := &hls.Rendition{URI: "video.m3u8", Bandwidth: 1000}
	for _, tc := range []struct {
		name     string
		playlist hls.MultivariantPlaylist
		want     string
	}{
		{"video and audio", hls.MultivariantPlaylist{Video: video, Audio: audio, IndependentSegments: true}, head + "#EXT-X-INDEPENDENT-SEGMENTS\n" +
			"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"audio\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio.m3u8\"\n" +
			"#EXT-X-STREAM-INF:BANDWIDTH=2130000,AVERAGE-BANDWIDTH=1628000,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO=\"audio\"\nvideo.m3u8\n"},
		{"video alone", hls.MultivariantPlaylist{Video: video}, head +
			"#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1500000,CODECS=\"avc1.64001f\",RESOLUTION=1280x720,FRAME-RATE=29.970\nvideo.m3u8\n"},
		{"audio alone", hls.MultivariantPlaylist{Audio: audio}, head +
			"#EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=128000,CODECS=\"mp4a.40.2\"\naudio.m3u8\n"},
		{"video of which little is known", hls.MultivariantPlaylist{Video: odd}, head +
			"#EXT-X-STREAM-INF:BANDWIDTH=1000\nvideo.m3u8\n"},
		{"codecs are told of both or not at all", hls.MultivariantPlaylist{Video: odd, Audio: audio}, head +
			"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"audio\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\",URI=\"audio.m3u8\"\n" +
			"#EXT-X-STREAM-INF:BANDWIDTH=131000,AVERAGE-BANDWIDTH=128000,AUDIO=\"audio\"\nvideo.m3u8\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			check(t, tc.playlist.Append(nil), tc.want)
		})
	}
}
