package hls_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/media/hls"
	"tallylight/internal/media/hls/hlstest"
)

// check has the validator read a playlist that should be as wanted.
func check(t *testing.T, got []byte, want string) {
	t.Helper()
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := hlstest.Validate(got); err != nil {
		t.Error(err)
	}
}

func TestMediaPlaylist(t *testing.T) {
	t.Parallel()
	const head = "#EXTM3U\n#EXT-X-VERSION:3\n"
	for _, tc := range []struct {
		name     string
		playlist hls.MediaPlaylist
		want     string
	}{
		{"no segment", hls.MediaPlaylist{}, head + "#EXT-X-TARGETDURATION:0\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-ENDLIST\n"},
		{"the longest segment is rounded for the target", hls.MediaPlaylist{Segments: []hls.Segment{
			{URI: "a.ts", Duration: 29499 * time.Millisecond},
			{URI: "b.ts", Duration: 29500 * time.Millisecond},
		}}, head + "#EXT-X-TARGETDURATION:30\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n" +
			"#EXTINF:29.499,\na.ts\n#EXTINF:29.500,\nb.ts\n#EXT-X-ENDLIST\n"},
		{"the target counts from what is told", hls.MediaPlaylist{Segments: []hls.Segment{
			{URI: "a.ts", Duration: 29499999 * time.Microsecond},
		}}, head + "#EXT-X-TARGETDURATION:30\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n" +
			"#EXTINF:29.500,\na.ts\n#EXT-X-ENDLIST\n"},
		{"a break and its time", hls.MediaPlaylist{Segments: []hls.Segment{
			{URI: "a.ts", Duration: 5 * time.Second},
			{URI: "b.ts", Duration: 400 * time.Millisecond, Discontinuity: true, DateTime: time.Date(2026, 11, 23, 16, 0, 0, 5e6, time.FixedZone("", 8*3600))},
		}}, head + "#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n" +
			"#EXTINF:5.000,\na.ts\n#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-11-23T08:00:00.005Z\n#EXTINF:0.400,\nb.ts\n#EXT-X-ENDLIST\n"},
		{"fragmented MP4", hls.MediaPlaylist{Map: "init.mp4", IndependentSegments: true, Segments: []hls.Segment{
			{URI: "a.m4s", Duration: 5 * time.Second},
		}}, "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n" +
			"#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:5.000,\na.m4s\n#EXT-X-ENDLIST\n"},
		{"target that is longer than every segment", hls.MediaPlaylist{TargetDuration: 10 * time.Second, Segments: []hls.Segment{
			{URI: "a.ts", Duration: 5 * time.Second},
		}}, head + "#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:5.000,\na.ts\n#EXT-X-ENDLIST\n"},
		{"target that a segment exceeds", hls.MediaPlaylist{TargetDuration: 4 * time.Second, Segments: []hls.Segment{
			{URI: "a.ts", Duration: 5 * time.Second},
		}}, head + "#EXT-X-TARGETDURATION:5\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:5.000,\na.ts\n#EXT-X-ENDLIST\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			check(t, tc.playlist.Append(nil), tc.want)
		})
	}
}

// A playlist grows at its end alone, and can be read after every step.
func TestGrowingPlaylist(t *testing.T) {
	t.Parallel()
	segments := []hls.Segment{
		{URI: "0.m4s", Duration: 6 * time.Second, DateTime: time.Unix(1_800_000_000, 0)},
		{URI: "1.m4s", Duration: 5 * time.Second},
		{URI: "2.m4s", Duration: 2 * time.Second, Discontinuity: true},
	}
	p := hls.MediaPlaylist{Map: "init.mp4", TargetDuration: 6 * time.Second}
	b := p.AppendGrowing(nil)
	want := "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-MAP:URI=\"init.mp4\"\n"
	check(t, b, want)
	for i, s := range segments {
		b = s.Append(b)
		if err := hlstest.Validate(b); err != nil {
			t.Errorf("after segment %d: %v", i, err)
		}
		p.Segments = segments[:i+1]
		if again := p.AppendGrowing(nil); !slices.Equal(again, b) {
			t.Errorf("with %d segments from the start, the playlist is\n%s\nwant\n%s", i+1, again, b)
		}
	}
	b = hls.AppendEnd(b)
	check(t, b, want+"#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z\n#EXTINF:6.000,\n0.m4s\n#EXTINF:5.000,\n1.m4s\n"+
		"#EXT-X-DISCONTINUITY\n#EXTINF:2.000,\n2.m4s\n#EXT-X-ENDLIST\n")
	if complete := string(p.Append(nil)); complete != strings.Replace(string(b), "EVENT", "VOD", 1) {
		t.Errorf("complete playlist is\n%s\nwant the growing one but for its type", complete)
	}
}

func TestBandwidth(t *testing.T) {
	t.Parallel()
	segment := func(size int64, d time.Duration) hls.Segment { return hls.Segment{URI: "a", Size: size, Duration: d} }
	for _, tc := range []struct {
		name          string
		segments      []hls.Segment
		peak, average int64
	}{
		{"no segment", nil, 0, 0},
		{"segments without duration", []hls.Segment{segment(1000, 0)}, 0, 0},
		{"highest and average", []hls.Segment{segment(1000, 4*time.Second), segment(3000, 4*time.Second)}, 6000, 4000},
		{"rounded up", []hls.Segment{segment(1, 3*time.Second)}, 3, 3},
		{"a short one counts with its neighbours", []hls.Segment{segment(1000, 4*time.Second), segment(1000, time.Second)}, 3200, 3200},
		{"short ones count together", []hls.Segment{segment(4000, 8*time.Second), segment(1000, time.Second), segment(1000, 3*time.Second)}, 4445, 4000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			peak, average := hls.MediaPlaylist{Segments: tc.segments}.Bandwidth()
			if peak != tc.peak || average != tc.average {
				t.Errorf("Bandwidth = %d, %d, want %d, %d", peak, average, tc.peak, tc.average)
			}
		})
	}
}
