package codec_test

import (
	"strings"
	"testing"

	"tallylight/internal/media"
	"tallylight/internal/media/codec"
	"tallylight/internal/media/mediatest"
)

func TestParseReadsWhatEncodersMake(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		video, audio string
		audioArgs    []string
		want         codec.Info
	}{
		{"H264", mediatest.H264, "", nil, codec.Info{Width: 320, Height: 180, FrameRate: 25, Codecs: "avc1.6400"}},
		{"HEVC", mediatest.HEVC, "", nil, codec.Info{Width: 320, Height: 180, FrameRate: 25, Codecs: "hvc1.1.6.L"}},
		{"AV1", mediatest.AV1, "", nil, codec.Info{Width: 320, Height: 180, Codecs: "av01.0."}},
		{"AAC", "", mediatest.AAC, []string{"-ar", "44100"}, codec.Info{SampleRate: 44100, Channels: 2, Codecs: "mp4a.40.2"}},
		{"AAC with one channel", "", mediatest.AAC, []string{"-ac", "1"}, codec.Info{SampleRate: 48000, Channels: 1, Codecs: "mp4a.40.2"}},
		{"MP3", "", mediatest.MP3, nil, codec.Info{Codecs: "mp4a.6B"}},
		{"Opus", "", mediatest.Opus, nil, codec.Info{SampleRate: 48000, Channels: 2, Codecs: "opus"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tracks := mediatest.NewSource(t, tt.video, tt.audio, tt.audioArgs...).Tracks
			track := tracks.Video
			if track == nil {
				track = tracks.Audio
			}
			got, err := codec.Parse(*track)
			// Levels are the encoder's choice.
			if !strings.HasPrefix(got.Codecs, tt.want.Codecs) {
				t.Errorf("Codecs = %q, want %q and a level", got.Codecs, tt.want.Codecs)
			}
			got.Codecs = tt.want.Codecs
			if err != nil || got != tt.want {
				t.Errorf("Parse = %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}

// A configTest is a made-up or odd record; the records are fuzz seeds too.
type configTest struct {
	name   string
	codec  media.Codec
	config string
	want   codec.Info
	ok     bool
}

// hvcC is the fixed part of an HEVCDecoderConfigurationRecord: profile space A,
// high tier, Main 10, no arrays.
const hvcC = "\x01\x62\x20\x00\x00\x00\xb0\x00\x00\x00\x00\x00\x99\xf0\x00\xfc\xfd\xfa\xfa\x00\x00\x0f"

var configs = []configTest{
	{"AVC without parameter sets", media.H264, "\x01\x42\xc0\x1e\xff\xe0\x00", codec.Info{Codecs: "avc1.42c01e"}, true},
	{"AVC that is cut off", media.H264, "\x01\x42\xc0", codec.Info{}, false},
	{"AVC whose parameter set is cut off", media.H264, "\x01\x42\xc0\x1e\xff\xe1\x00\x10\x67", codec.Info{Codecs: "avc1.42c01e"}, false},
	{"AVC whose parameter set is nonsense", media.H264, "\x01\x42\xc0\x1e\xff\xe1\x00\x02\x67\x00", codec.Info{Codecs: "avc1.42c01e"}, false},
	{"HEVC without parameter sets", media.HEVC, hvcC + "\x00", codec.Info{Codecs: "hvc1.A2.4.H153.b0"}, true},
	{"HEVC whose array is cut off", media.HEVC, hvcC + "\x01\xa1\x00", codec.Info{Codecs: "hvc1.A2.4.H153.b0"}, false},
	{"HEVC whose parameter set is nonsense", media.HEVC, hvcC + "\x01\xa1\x00\x01\x00\x02\x42\x01", codec.Info{Codecs: "hvc1.A2.4.H153.b0"}, false},
	{"HEVC that is cut off", media.HEVC, "\x01\x62", codec.Info{}, false},
	{"AV1 without OBUs, 10 bit", media.AV1, "\x81\x29\xc0\x00", codec.Info{Codecs: "av01.1.09H.10"}, true},
	{"AV1 of 12 bit", media.AV1, "\x81\x48\x60\x00", codec.Info{Codecs: "av01.2.08M.12"}, true},
	{"AV1 whose OBU is cut off", media.AV1, "\x81\x00\x0c\x00\x0a\x0b\x00", codec.Info{Codecs: "av01.0.00M.08"}, false},
	{"AV1 whose OBU has no size", media.AV1, "\x81\x00\x0c\x00\x0a", codec.Info{Codecs: "av01.0.00M.08"}, false},
	{"AV1 that is cut off", media.AV1, "\x81\x00", codec.Info{}, false},
	{"HE-AAC", media.AAC, "\x2b\x92\x08\x00", codec.Info{SampleRate: 44100, Channels: 2, Codecs: "mp4a.40.5"}, true},
	{"HE-AAC v2", media.AAC, "\xeb\x8a\x08\x00", codec.Info{SampleRate: 44100, Channels: 2, Codecs: "mp4a.40.29"}, true},
	{"AAC 7.1", media.AAC, "\x11\xb8", codec.Info{SampleRate: 48000, Channels: 8, Codecs: "mp4a.40.2"}, true},
	{"AAC Main, which no live encoder makes", media.AAC, "\x09\x90", codec.Info{Codecs: "mp4a.40.1"}, false},
	{"AAC that is cut off", media.AAC, "\x12", codec.Info{}, false},
	{"Opus", media.Opus, "OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00", codec.Info{SampleRate: 48000, Channels: 2, Codecs: "opus"}, true},
	{"Opus of six channels", media.Opus, "OpusHead\x01\x06\x38\x01\x80\xbb\x00\x00\x00\x00\x01\x04\x02\x00\x04\x01\x02\x03\x05", codec.Info{SampleRate: 48000, Channels: 6, Codecs: "opus"}, true},
	{"Opus whose mapping is cut off", media.Opus, "OpusHead\x01\x06\x38\x01\x80\xbb\x00\x00\x00\x00\x01\x04\x02", codec.Info{SampleRate: 48000, Codecs: "opus"}, false},
	{"Opus of a later version", media.Opus, "OpusHead\x11\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00", codec.Info{SampleRate: 48000, Codecs: "opus"}, false},
	{"Opus without channels", media.Opus, "OpusHead\x01\x00\x38\x01\x80\xbb\x00\x00\x00\x00\x00", codec.Info{SampleRate: 48000, Codecs: "opus"}, false},
	{"Opus with another name", media.Opus, "OpusTags\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00", codec.Info{SampleRate: 48000, Codecs: "opus"}, false},
	{"nothing", media.Opus, "", codec.Info{SampleRate: 48000, Codecs: "opus"}, false},
	{"unknown coding", media.CodecUnknown, "", codec.Info{}, false},
	{"record that is too large", media.H264, string(make([]byte, 64<<10+1)), codec.Info{}, false},
}

func TestParseOddRecords(t *testing.T) {
	t.Parallel()
	for _, tt := range configs {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := codec.Parse(media.Track{Codec: tt.codec, Config: []byte(tt.config)})
			if got != tt.want || (err == nil) != tt.ok {
				t.Errorf("Parse = %+v, %v, want %+v, ok %t", got, err, tt.want, tt.ok)
			}
		})
	}
}

func TestParseOpusHead(t *testing.T) {
	t.Parallel()
	got, err := codec.ParseOpusHead([]byte("OpusHead\x01\x02\x38\x01\x44\xac\x00\x00\xfe\xff\x00"))
	if err != nil || got.Channels != 2 || got.PreSkip != 312 || got.SampleRate != 44100 || got.OutputGain != -2 || got.Mapping != nil {
		t.Errorf("ParseOpusHead = %+v, %v", got, err)
	}
}

func TestParseMP3Header(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		frame      string
		sampleRate int
		channels   int
		ok         bool
	}{
		{"MPEG-1 at 44.1 kHz, joint stereo", "\xff\xfb\x90\x40", 44100, 2, true},
		{"MPEG-1 at 48 kHz, mono", "\xff\xfb\x94\xc0", 48000, 1, true},
		{"MPEG-1 at 32 kHz", "\xff\xfa\x98\x00", 32000, 2, true},
		{"MPEG-2 at 22.05 kHz", "\xff\xf3\x80\x00", 22050, 2, true},
		{"MPEG-2.5 at 8 kHz", "\xff\xe3\x88\xc0", 8000, 1, true},
		{"layer II", "\xff\xfd\x90\x00", 0, 0, false},
		{"reserved version", "\xff\xeb\x90\x00", 0, 0, false},
		{"reserved rate", "\xff\xfb\x9c\x00", 0, 0, false},
		{"no sync word", "\xfe\xfb\x90\x00", 0, 0, false},
		{"cut off", "\xff\xfb\x90", 0, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sampleRate, channels, ok := codec.ParseMP3Header([]byte(tt.frame))
			if sampleRate != tt.sampleRate || channels != tt.channels || ok != tt.ok {
				t.Errorf("ParseMP3Header = %d, %d, %t, want %d, %d, %t", sampleRate, channels, ok, tt.sampleRate, tt.channels, tt.ok)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, tt := range configs {
		f.Add(uint8(tt.codec), []byte(tt.config))
	}
	for _, video := range []string{mediatest.H264, mediatest.HEVC, mediatest.AV1} {
		track := mediatest.NewSource(f, video, "").Tracks.Video
		f.Add(uint8(track.Codec), track.Config)
	}
	f.Fuzz(func(t *testing.T, c uint8, config []byte) {
		if c > uint8(media.Opus) {
			return
		}
		info, _ := codec.Parse(media.Track{Codec: media.Codec(c), Config: config})
		if info.Width < 0 || info.Width > 0xffff || info.Height < 0 || info.Height > 0xffff ||
			!(info.FrameRate >= 0 && info.FrameRate <= 1000) || info.SampleRate < 0 || info.Channels < 0 || info.Channels > 255 {
			t.Errorf("Parse = %+v", info)
		}
	})
}
