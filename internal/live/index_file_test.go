package live

import (
	"regexp"
	"testing"
	"time"
)

func TestIndexFileIDsAreUUIDsInLowerCase(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	a, b := NewIndexFileID(), NewIndexFileID()
	if !form.MatchString(string(a)) || a == b {
		t.Errorf("NewIndexFileID = %s, then %s", a, b)
	}
}

func TestIndexObject(t *testing.T) {
	t.Parallel()
	key := StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}
	at := time.Date(2026, 11, 23, 18, 5, 9, 0, time.UTC)
	for _, tc := range []struct {
		name, template, want string // want is "" where the template is refused
	}{
		{"every variable", "{AppName}/{StreamName}/{Date}/{Hour}/{Minute}_{Second}.m3u8", "live/show/2026-11-24/02/05_09.m3u8"},
		{"no variable", "index.m3u8", "index.m3u8"},
		{"unknown variable", "{StartTime}.m3u8", ""},
		{"nothing", "", ""},
		{"out of the bucket", "../{Date}.m3u8", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if err := ValidateIndexObject(tc.template); (err == nil) != (tc.want != "") {
				t.Fatalf("ValidateIndexObject = %v", err)
			}
			if tc.want == "" {
				return
			}
			if got := ExpandIndexObject(tc.template, key, at, DefaultZone); got != tc.want {
				t.Errorf("ExpandIndexObject = %q, want %q", got, tc.want)
			}
		})
	}
}
