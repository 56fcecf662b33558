package wire

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"tallylight/internal/live"
)

func TestCloudEventHeaders(t *testing.T) {
	t.Parallel()
	h := http.Header{}
	SetCloudEventHeaders(h, live.Event{
		ID: "evt_1", Type: live.EventFileCreated, Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"},
		OccurredAt: time.Date(2026, 11, 23, 20, 0, 0, 123456000, time.FixedZone("", 8*3600)),
	})
	want := "map[Ce-Id:[evt_1] Ce-Source:[//play.example.com/live/show] Ce-Specversion:[1.0] " +
		"Ce-Time:[2026-11-23T12:00:00.123456Z] Ce-Type:[tallylight.file_created]]"
	if got := fmt.Sprint(h); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The examples are those of the binding, section 3.1.3.2.
func TestCloudEventValuesAreEncodedForHeaders(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Euro € 😀": "Euro%20%E2%82%AC%20%F0%9F%98%80", `"%`: "%22%25", "\x00\x1f\x7f": "%00%1F%7F", "a~!": "a~!", "": "",
	} {
		if got := cloudEventValue(in); got != want {
			t.Errorf("cloudEventValue(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzCloudEventValue(f *testing.F) {
	f.Add("Euro € 😀")
	f.Add("%22 \"")
	f.Fuzz(func(t *testing.T, s string) {
		encoded := cloudEventValue(s)
		for _, c := range []byte(encoded) {
			if c <= ' ' || c >= 0x7f || c == '"' {
				t.Fatalf("cloudEventValue(%q) = %q has the byte %#x", s, encoded, c)
			}
		}
		if back, err := url.PathUnescape(encoded); err != nil || back != s {
			t.Errorf("%q came back as %q, %v", s, back, err)
		}
	})
}
