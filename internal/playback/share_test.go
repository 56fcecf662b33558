package playback

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"tallylight/internal/live"
)

// gate lets the first range wait until it is opened.
func (w *world) gate() (open func()) {
	gate := make(chan struct{})
	first := true
	w.read = func(string, int64, int64) error {
		w.mu.Lock()
		wait := first
		first = false
		w.mu.Unlock()
		if wait {
			<-gate
		}
		return nil
	}
	return func() { close(gate) }
}

// viewers open a file at once, each with its own context.
func viewers(t *testing.T, files *Files, n int) (results chan error, leave []context.CancelFunc) {
	results = make(chan error, n)
	for range n {
		ctx, cancel := context.WithCancel(t.Context())
		leave = append(leave, cancel)
		go func() {
			f, err := files.Open(ctx, "file_1")
			if err == nil {
				err = f.Close()
			}
			results <- err
		}()
		synctest.Wait() // one after the other
	}
	return results, leave
}

func TestViewersWaitForOneIndex(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		tracks, units := short()
		w.record("file_1", live.FormatFLV, tracks, units)
		open := w.gate()
		results, _ := viewers(t, New(w.cfg), 8)
		open()
		for range 8 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		if ranges, _ := w.counted(); ranges != 1 {
			t.Errorf("%d ranges were read, want 1", ranges)
		}
	})
}

func TestAViewerWhoLeavesTakesTheIndexFromNobody(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		tracks, units := short()
		w.record("file_1", live.FormatFLV, tracks, units)
		open := w.gate()
		results, leave := viewers(t, New(w.cfg), 3)
		leave[2]() // one who waits
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Errorf("who waited: %v", err)
		}
		leave[0]() // the one who indexes
		open()
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Errorf("who indexed: %v", err)
		}
		if err := <-results; err != nil {
			t.Errorf("who stayed: %v", err)
		}
	})
}

func TestViewersShareAFailure(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		tracks, units := short()
		r := w.record("file_1", live.FormatFLV, tracks, units)
		w.put(w.object(r.ObjectKey), []byte("something else"))
		open := w.gate()
		results, _ := viewers(t, New(w.cfg), 3)
		open()
		for range 3 {
			if err := <-results; err == nil {
				t.Error("what is no FLV was opened")
			}
		}
		if ranges, _ := w.counted(); ranges > 2 {
			t.Errorf("%d ranges were read, more than one attempt and its repetition", ranges)
		}
	})
}
