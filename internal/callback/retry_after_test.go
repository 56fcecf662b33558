package callback

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetryAfterIsReadInBothForms(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"":                              0,
		"0":                             0,
		"120":                           2 * time.Minute,
		" 7 ":                           7 * time.Second,
		"86400":                         maxRetryAfter,
		"99999999999999999999":          maxRetryAfter,
		"-1":                            0,
		"1.5":                           0,
		"soon":                          0,
		"Mon, 23 Nov 2026 12:05:00 GMT": 5 * time.Minute,
		"Mon, 23 Nov 2026 11:00:00 GMT": 0,
		"Sun, 06 Nov 2061 08:49:37 GMT": maxRetryAfter,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			h := make(http.Header)
			h.Set("Retry-After", text)
			if got := retryAfter(h, now); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, text := range []string{"120", "-1", "Mon, 23 Nov 2026 12:05:00 GMT", "99999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		h := http.Header{"Retry-After": {text}}
		if got := retryAfter(h, time.Unix(0, 0)); got < 0 || got > maxRetryAfter {
			t.Errorf("got %v", got)
		}
	})
}

func TestRetryAfterStretchesTheTailAndNotTheBurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		defer b.stop()
		s := sink{answer: func(received) int { return http.StatusTooManyRequests }}
		defer b.net.serve(sinkAddress, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "3600")
			s.ServeHTTP(w, r)
		}))()
		b.owe("show", hook)
		wait(3 * time.Hour)
		got := s.all()
		if len(got) != 8 {
			t.Fatalf("%d requests, want six and then one an hour", len(got))
		}
		for i := range 5 {
			if gap := got[i+1].at.Sub(got[i].at); gap > 2*time.Second {
				t.Errorf("request %d came %v after the last, want the burst unchanged", i+2, gap)
			}
		}
		if gap := got[6].at.Sub(got[5].at); gap != time.Hour {
			t.Errorf("the first of the tail came after %v, want an hour", gap)
		}
	})
}
