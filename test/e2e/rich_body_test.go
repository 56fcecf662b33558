package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// A richBody is what the test reads of the body for endpoints that want more than
// the vendor documents.
type richBody struct {
	ID         string
	Type       string
	OccurredAt time.Time `json:"occurred_at"`
	URI        string
	Duration   float64 // seconds
	SHA256     string
	Gaps       []struct {
		From, To time.Time
		At       int64 // milliseconds
	}
}

// richBodies returns what a receiver took, each event once.
func richBodies(t *testing.T, r *receiver) (list []richBody) {
	t.Helper()
	for _, c := range r.accepted() {
		var b richBody
		if err := json.Unmarshal([]byte(c.body), &b); err != nil {
			t.Fatalf("body %s: %v", c.body, err)
		}
		if !slices.ContainsFunc(list, func(o richBody) bool { return o.ID == b.ID }) {
			list = append(list, b)
		}
	}
	return list
}

func TestRichBodyTellsTheDigestAndTheGapsOfABreakAndOfAKill(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	data := t.TempDir()
	s := startServer(t, data)
	s.configure(t, time.Hour)
	if status, _, stderr := runToEnd(t, keyEnviron, "endpoints", "add", streamingDomain, r.URL, "--body", "rich", "--dev", "--data", data); status != 0 {
		t.Fatalf("endpoints add exits with %d: %s", status, stderr)
	}
	tags := bFramesAndAAC.tags(t)
	p := dial(t, s.pushURL("show"))
	pushLive(t, p, tags, 2*time.Second)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	r.awaitAccepted(t, 2) // the break begins
	pushLive(t, dial(t, s.pushURL("show")), tags, 3*time.Second)
	r.awaitAccepted(t, 3)
	s.kill()
	killed := time.Now()
	s = startServer(t, data)
	push(t, s.pushURL("show"), tags)
	checkAnnouncedOnce(t, r, []string{"record_started", "record_paused", "record_resumed", "record_paused", "record_resumed", "record_paused",
		"file_created", "file_created"})

	told := richBodies(t, r)
	started, paused, resumed, resumedAgain := told[0].OccurredAt, told[1].OccurredAt, told[2].OccurredAt, told[4].OccurredAt
	for _, f := range told[6:] {
		content, err := os.ReadFile(filepath.Join(data, "records", bucket, filepath.FromSlash(f.URI)))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); f.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: sha256 %q, that of the object is %x", f.URI, f.SHA256, sum)
		}
		if len(f.Gaps) != 2 {
			t.Errorf("%s has the gaps %v, want those of the break and of the kill", f.URI, f.Gaps)
			continue
		}
		if g := f.Gaps[0]; g.From.Before(started) || g.From.After(paused) || !g.To.Equal(resumed) {
			t.Errorf("%s: the gap of the break is %v, want it from before %v to %v", f.URI, g, paused, resumed)
		}
		if g := f.Gaps[1]; g.From.Before(resumed) || g.From.After(killed) || !g.To.Equal(resumedAgain) {
			t.Errorf("%s: the gap of the kill is %v, want it from before %v to %v", f.URI, g, killed, resumedAgain)
		}
		first, second, end := f.Gaps[0].At, f.Gaps[1].At, int64(f.Duration*1000)
		// Of the first push all was recorded; behind the second come eight seconds.
		if first < 1800 || first > 2300 || second <= first || second > first+3500 || end-second < 7500 || end-second > 8500 {
			t.Errorf("%s: of %d ms, recording goes on at %d and %d ms", f.URI, end, first, second)
		}
	}
}
