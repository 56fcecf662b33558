package hls

import (
	"testing"
	"time"
)

func TestMediaPlaylist(t *testing.T) {
	t.Parallel()
	const head = "#EXTM3U\n#EXT-X-VERSION:3\n"
	for _, tc := range []struct {
		name     string
		segments []Segment
		want     string
	}{
		{"no segment", nil, head + "#EXT-X-TARGETDURATION:0\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-ENDLIST\n"},
		{"the longest segment is rounded for the target", []Segment{
			{URI: "a.ts", Duration: 29499 * time.Millisecond},
			{URI: "b.ts", Duration: 29500 * time.Millisecond},
		}, head + "#EXT-X-TARGETDURATION:30\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n" +
			"#EXTINF:29.499,\na.ts\n#EXTINF:29.500,\nb.ts\n#EXT-X-ENDLIST\n"},
		{"a break and its time", []Segment{
			{URI: "a.ts", Duration: 5 * time.Second},
			{URI: "b.ts", Duration: 400 * time.Millisecond, Discontinuity: true, DateTime: time.Date(2026, 11, 23, 16, 0, 0, 5e6, time.FixedZone("", 8*3600))},
		}, head + "#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n" +
			"#EXTINF:5.000,\na.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-11-23T08:00:00.005Z\n#EXTINF:0.400,\nb.ts\n#EXT-X-ENDLIST\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := string(MediaPlaylist{tc.segments}.Append(nil)); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}
