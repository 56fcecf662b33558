package live

import (
	"strings"
	"testing"
	"time"
)

func TestNamesThatNoBucketCouldStoreAreShortened(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 22, 42, 22, 0, time.UTC)
	const times = "_2026-11-24-06-42-22_2026-11-24-06-42-24"
	long := strings.Repeat("s", MaxNameLength)
	expand := func(template, stream string) string {
		t.Helper()
		if err := ValidateObjectPrefix(template); err != nil {
			t.Fatal(err)
		}
		return ExpandObjectPrefix(template, ObjectName{App: "live", Stream: stream, Start: start, Stop: start.Add(2 * time.Second)}, DefaultZone)
	}
	const usual = "record/{AppName}/{StreamName}_{EscapedStartTime}_{EscapedEndTime}"
	if got, want := expand(usual, "show"), "record/live/show"+times; got != want {
		t.Errorf("a short name: %q, want %q", got, want)
	}
	if got := expand(usual, long); !strings.HasPrefix(got, "record/live/sss") || !strings.HasSuffix(got, "sss"+times) {
		t.Errorf("the beginning and the times do not stay: %q", got)
	}
	middle := func(c string) string { return long[:120] + c + long[121:] }
	if a, b := expand(usual, middle("a")), expand(usual, middle("b")); a == b {
		t.Errorf("two names are both %q", a)
	}
	for name, template := range map[string]string{
		"a stream in each part":         strings.Repeat("{StreamName}/", 17) + "{EscapedStartTime}{EscapedEndTime}",
		"many times in one part":        strings.Repeat("{StreamName}", 17) + "{EscapedStartTime}{EscapedEndTime}",
		"a literal of wide characters":  strings.Repeat("播", 72) + "{EscapedStartTime}{EscapedEndTime}",
		"as many parts as there can be": strings.Repeat("a/", 100) + "{StreamName}{StartTime}{EndTime}",
	} {
		got := expand(template, long)
		if err := ValidateObjectKey(got + "_video_init.mp4"); err != nil || len(got) > maxExpandedKey {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		for part := range strings.SplitSeq(got, "/") {
			if len(part) > maxExpandedPart {
				t.Errorf("%s: a part of %d bytes", name, len(part))
			}
		}
		if got != strings.ToValidUTF8(got, "") {
			t.Errorf("%s: %q is cut within a character", name, got)
		}
	}
	if got := ExpandSliceObjectPrefix("{StreamName}_{UnixTimestamp}_{Sequence}", StreamKey{Stream: long}, start, 7); len(got) > maxExpandedPart || !strings.HasSuffix(got, "_1795473742_7") {
		t.Errorf("a slice: %q", got)
	}
	if got := ExpandIndexObject("{StreamName}_{Hour}.m3u8", StreamKey{Stream: long}, start, time.UTC); len(got) > maxExpandedPart || !strings.HasSuffix(got, "_22.m3u8") {
		t.Errorf("an index file: %q", got)
	}
}
