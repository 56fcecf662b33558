package record

import (
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
)

// status fails the test unless the stream's status is want; it has a recording if
// recorded.
func (h *harness) status(when string, want live.RecordActivity, recorded bool) {
	h.t.Helper()
	synctest.Wait()
	if got := h.recorder.Status(key); got.Activity != want || (got.Recording != "") != recorded {
		h.t.Errorf("%s: status %+v, want %q with a recording: %t", when, got, want, recorded)
	}
}

func TestStatusFollowsTheRecording(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.DelayTime = 15 * time.Second
		h.start()
		h.status("before the push", live.RecordNothing, false)
		s := h.open()
		h.status("before the first frame", live.RecordStarting, false)
		h.push(s, 0, 2*time.Second)
		h.status("amid the push", live.RecordRunning, true)
		h.command(live.CommandStop, nil)
		h.status("after the command stop", live.RecordWaiting, true)
		h.command(live.CommandStart, nil)
		h.push(s, 2*time.Second, 4*time.Second)
		h.status("after the command start", live.RecordRunning, true)
		s.Close(nil)
		h.status("after the push", live.RecordWaiting, true)
		time.Sleep(16 * time.Second)
		h.status("after DelayTime", live.RecordNothing, false)
	})
}

func TestStatusOfARuleThatWaitsForACommandIsStandby(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.OnDemand = live.OnDemandManual
		h.start()
		s := h.open()
		defer s.Close(nil)
		h.push(s, 0, time.Second)
		h.status("amid the push", live.RecordStandby, false)
	})
}

func TestSessionCountsWhatItsQueueDropped(t *testing.T) {
	t.Parallel()
	s := newSession(live.Session{}, Config{FlushBytes: 1 << 20, QueueBytes: 100, Now: time.Now})
	var b batch
	for range 2 {
		s.Write(sampleUnits(t)[:10])
		s.take(&b)
	}
	if s.Dropped() == 0 || s.Dropped() == int64(b.dropped) {
		t.Errorf("%d frames dropped, %d of them since the last take; want those of both", s.Dropped(), b.dropped)
	}
}
