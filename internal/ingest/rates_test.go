package ingest

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
)

func TestRatesAreThoseOfTheLatestIntervals(t *testing.T) {
	t.Parallel()
	r := rates{at: testNow}
	const interval = live.RateInterval
	var bytes, frames int64
	at := testNow
	look := func(elapsed time.Duration, kilobytes, pictures int64) {
		at = at.Add(elapsed)
		bytes += kilobytes * 1000
		frames += pictures
		r.sample(at, bytes, frames)
	}
	look(interval/4, 100, 5)            // too early to tell
	look(interval-interval/4, 525, 120) // with what came before
	look(interval, 0, 0)                // stalled
	look(2*interval, 1250, 250)         // the server was busy
	want := []live.Rate{{BitRate: 1000, FrameRate: 25}, {}, {BitRate: 1000, FrameRate: 25}}
	if got := r.all(); !slices.Equal(got, want) {
		t.Errorf("rates %v, want %v", got, want)
	}
}

func TestRatesAreBounded(t *testing.T) {
	t.Parallel()
	r := rates{at: testNow}
	bytes := int64(0)
	for i := range 2*live.MaxRates + 7 {
		bytes += int64(i) * 625 // i kbit/s
		r.sample(testNow.Add(time.Duration(i+1)*live.RateInterval), bytes, 0)
	}
	got := r.all()
	if len(got) != live.MaxRates {
		t.Fatalf("%d rates, want %d", len(got), live.MaxRates)
	}
	for i, rate := range got {
		if want := live.MaxRates + 7 + i; rate.BitRate != want {
			t.Fatalf("rate %d is %d kbit/s, want %d", i, rate.BitRate, want)
		}
	}
}

func TestRunSamplesWhatIsLive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newBareRegistry(&tallies{began: map[live.SessionID]int{}, ended: map[live.SessionID]int{}})
		r.cfg.Now = time.Now
		key := live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}
		p := &Publication{registry: r, session: live.Session{ID: "ses_1", Key: key, StartedAt: time.Now()}}
		p.ended, p.end = context.WithCancelCause(context.Background())
		if _, err := r.reserve(p, 0); err != nil {
			t.Fatal(err)
		}
		reader := &testReader{dropped: 3}
		p.reader, p.rates.at = reader, time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		time.Sleep(live.RateInterval / 10) // so that no write meets a look
		for range 10 {
			p.Write([]media.Unit{{Kind: media.Video, Codec: media.H264, Body: make([]byte, 62500)}})
			time.Sleep(live.RateInterval / 5)
		}
		synctest.Wait()
		want := live.Rate{BitRate: 500, FrameRate: 1}
		if got := r.Rates(key); len(got) != 2 || got[0] != want || got[1] != want {
			t.Errorf("rates %v, want two of %v", got, want)
		}
		if got := r.Sessions(); len(got) != 1 || got[0].Dropped != 3 {
			t.Errorf("sessions %+v, want one with 3 frames dropped", got)
		}
		p.Close(nil)
		if got := r.Rates(key); got != nil {
			t.Errorf("rates %v of a stream that has gone", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}
