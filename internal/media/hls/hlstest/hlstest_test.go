package hlstest_test

import (
	"bytes"
	"strings"
	"testing"

	"tallylight/internal/media/hls/hlstest"
)

const (
	head = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n"
	list = head + "#EXT-X-MAP:URI=\"init.mp4\"\n#EXT-X-PROGRAM-DATE-TIME:2026-11-23T08:00:00.005Z\n#EXTINF:5.000,\na.m4s\n" +
		"#EXT-X-DISCONTINUITY\n#EXTINF:5.499,title\nhttps://host/b%20c.m4s?x=1\n#EXT-X-ENDLIST\n"
	variants = "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-INDEPENDENT-SEGMENTS\n" +
		"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"English, \",URI=\"./12:00.m3u8\"\n" +
		"#EXT-X-STREAM-INF:BANDWIDTH=2000,AVERAGE-BANDWIDTH=1000,CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=320x180,FRAME-RATE=25.000,AUDIO=\"sound\"\nvideo.m3u8\n"
)

func TestValidPlaylistsPass(t *testing.T) {
	t.Parallel()
	for name, playlist := range map[string]string{
		"media playlist":                     list,
		"media playlist that grows":          strings.TrimSuffix(strings.Replace(list, "VOD", "EVENT", 1), "#EXT-X-ENDLIST\n"),
		"playlist without segments":          head + "#EXT-X-ENDLIST\n",
		"multivariant playlist":              variants,
		"comment and empty line":             head + "\n# comment\n#EXT-X-ENDLIST\n",
		"whole seconds, which version 1 has": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\na.ts\n",
	} {
		if err := hlstest.Validate([]byte(playlist)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBrokenPlaylistsFail(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, playlist, old, new, want string
	}{
		{"no first line", list, "#EXTM3U\n", "", "does not begin"},
		{"byte order mark", list, "a.m4s", "\ufeffa.m4s", "control character"},
		{"carriage return", list, "a.m4s\n", "a.m4s\r\n", "control character"},
		{"torn last line", list, "ENDLIST\n", "ENDL", "torn"},
		{"version too low for a map", list, "VERSION:6", "VERSION:5", "tags need 6"},
		{"version too low for fractions", head + "#EXTINF:5.0,\na.ts\n#EXT-X-ENDLIST\n", "VERSION:6", "VERSION:2", "tags need 3"},
		{"version too low for renditions", variants, "VERSION:4", "VERSION:3", "tags need 4"},
		{"two versions", list, "#EXT-X-TARGET", "#EXT-X-VERSION:6\n#EXT-X-TARGET", "twice"},
		{"version that is none", list, "VERSION:6", "VERSION:six", "invalid syntax"},
		{"two target durations", list, "#EXT-X-MEDIA-SEQ", "#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQ", "twice"},
		{"no target duration", list, "#EXT-X-TARGETDURATION:5\n", "", "longer than the target"},
		{"no target duration and no segment", head + "#EXT-X-ENDLIST\n", "#EXT-X-TARGETDURATION:5\n", "", "no target duration"},
		{"segment above the target", list, "5.499", "5.500", "longer than the target"},
		{"duration that is none", list, "5.499", "five", "duration is none"},
		{"duration without a comma", list, "5.000,", "5.000", "no comma"},
		{"media sequence that is none", list, "SEQUENCE:0", "SEQUENCE:-1", "invalid syntax"},
		{"no media sequence", list, "#EXT-X-MEDIA-SEQUENCE:0\n", "", "without a media sequence"},
		{"head behind a segment", list, "#EXT-X-ENDLIST", "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-ENDLIST", "twice"},
		{"media sequence behind a segment's tag", strings.Replace(list, "#EXT-X-MEDIA-SEQUENCE:0\n", "", 1), "#EXTINF:5.000,\n", "#EXTINF:5.000,\n#EXT-X-MEDIA-SEQUENCE:0\n", "behind a segment's"},
		{"unknown playlist type", list, "VOD", "LIVE", "unknown type"},
		{"complete without an end", list, "#EXT-X-ENDLIST\n", "", "without an end"},
		{"segment behind the end", list, "#EXT-X-ENDLIST\n", "#EXT-X-ENDLIST\n#EXTINF:1.0,\nc.m4s\n", "after the end"},
		{"two maps", list, "#EXT-X-DISCONTINUITY", "#EXT-X-MAP:URI=\"b.mp4\"\n#EXT-X-DISCONTINUITY", "twice"},
		{"map behind a segment", strings.Replace(list, "#EXT-X-MAP:URI=\"init.mp4\"\n", "", 1), "#EXT-X-DISC", "#EXT-X-MAP:URI=\"b.mp4\"\n#EXT-X-DISC", "before the initialization"},
		{"map without a URI", list, "URI=\"init.mp4\"", "URL=\"init.mp4\"", "URI of no object"},
		{"map that is malformed", list, "URI=\"init.mp4\"", "URI=\"init.mp4", "malformed attribute"},
		{"date that is none", list, "2026-11-23T", "2026-11-23 ", "cannot parse"},
		{"duration without a URI", list, "#EXT-X-ENDLIST", "#EXTINF:1.0,\n#EXT-X-ENDLIST", "#EXTINF without a URI"},
		{"two durations of one URI", list, "#EXTINF:5.000,\n", "#EXTINF:5.000,\n#EXTINF:5.000,\n", "#EXTINF without a URI"},
		{"URI without a duration", list, "#EXTINF:5.000,\n", "", "without a tag"},
		{"URI with a space", list, "a.m4s", "a b.m4s", "URI holds"},
		{"URI with a percent sign", list, "a.m4s", "50%.m4s", "invalid URL escape"},
		{"URI whose first folder has a colon", list, "a.m4s", "12:00.m4s", "colon"},
		{"URI with a scheme and no host", list, "a.m4s", "at:00.m4s", "no object"},
		{"discontinuity with a value", list, "DISCONTINUITY", "DISCONTINUITY:1", "has a value"},
		{"unknown tag", list, "#EXT-X-DISCONTINUITY", "#EXT-X-BREAK", "unknown tag"},
		{"variant without a bandwidth", variants, "BANDWIDTH=2000,AVERAGE-BANDWIDTH=1000,", "", "no BANDWIDTH"},
		{"average above the highest", variants, "AVERAGE-BANDWIDTH=1000", "AVERAGE-BANDWIDTH=2001", "above BANDWIDTH"},
		{"resolution that is none", variants, "320x180", "320", "malformed RESOLUTION"},
		{"frame rate that is none", variants, "25.000", "25.0000", "malformed FRAME-RATE"},
		{"codecs that are none", variants, "avc1.64001f,", "avc1.,", "malformed CODECS"},
		{"attribute twice", variants, "BANDWIDTH=2000", "BANDWIDTH=2000,BANDWIDTH=2000", "twice"},
		{"comma at the end", variants, "AUDIO=\"sound\"", "AUDIO=\"sound\",", "malformed attribute"},
		{"group that is not there", variants, "AUDIO=\"sound\"", "AUDIO=\"noise\"", "not there"},
		{"rendition of video", variants, "TYPE=AUDIO", "TYPE=VIDEO", "another type"},
		{"rendition without a group", variants, "GROUP-ID=\"sound\",", "", "no group"},
		{"rendition without a name", variants, "NAME=\"English, \",", "", "without a name"},
		{"variant without a URI", variants, "video.m3u8\n", "", "without a URI"},
		{"variant followed by a tag", variants, "video.m3u8\n", "#EXT-X-VERSION:6\n", "without a URI"},
		{"no variant", variants[:strings.Index(variants, "#EXT-X-STREAM-INF")], "", "", "no variant"},
		{"target duration among variants", variants, "#EXT-X-MEDIA", "#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA", "in a multivariant playlist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			broken := strings.Replace(tt.playlist, tt.old, tt.new, 1)
			if tt.old != "" && broken == tt.playlist {
				t.Fatal("the test changes nothing")
			}
			err := hlstest.Validate([]byte(broken))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Validate = %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func FuzzValidate(f *testing.F) {
	f.Add([]byte(list))
	f.Add([]byte(variants))
	f.Fuzz(func(t *testing.T, b []byte) {
		if hlstest.Validate(b) == nil && hlstest.Validate(append(bytes.Clone(b), "torn"...)) == nil {
			t.Error("a playlist with a torn last line passes")
		}
	})
}
