package record

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
)

// command gives a command and fails the test unless the answer is want.
func (h *harness) command(c live.RecordCommand, want error) {
	h.t.Helper()
	if err := h.recorder.Command(h.t.Context(), key, c); !errors.Is(err, want) {
		h.t.Errorf("%s = %v, want %v", c, err, want)
	}
}

func TestCommandsStartAndStopARecording(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.OnDemand = live.OnDemandManual
		h.start()
		s := h.open()
		h.push(s, 0, 2*time.Second)
		synctest.Wait()
		h.told()
		h.command(live.CommandStop, live.ErrTaskNotStarted)
		h.command(live.CommandCancelDelay, live.ErrTaskNotStarted)
		h.command(live.CommandStart, nil)
		h.command(live.CommandStart, live.ErrTaskStarted)
		h.push(s, 2*time.Second, 4*time.Second)
		h.command(live.CommandStop, nil)
		h.push(s, 4*time.Second, 6*time.Second)
		synctest.Wait()
		h.told(started, paused)
		h.command(live.CommandStart, nil)
		h.push(s, 6*time.Second, 8*time.Second)
		h.command(live.CommandCancelDelay, nil)
		synctest.Wait()
		h.told(started, paused, resumed, paused, created, created)
		for _, path := range h.files(".flv") {
			frames := h.frames(path)
			if d := frames[len(frames)-1].DTS; d < 3800*time.Millisecond || d > 4200*time.Millisecond {
				t.Errorf("the file is %v long, want the 4s that were asked for", d)
			}
		}
		h.command(live.CommandStart, nil)
		h.push(s, 8*time.Second, time.Hour)
		s.Close(nil)
		synctest.Wait()
		// What a command started ends with its push.
		h.told(started, paused, resumed, paused, created, created, started, paused, created, created)
		h.command(live.CommandStart, live.ErrStreamOffline)
	})
}

func TestStoppedRecordingEndsAfterItsDelayAlthoughThePushGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.DelayTime = 3 * time.Second
		h.start()
		s := h.open()
		h.push(s, 0, 2*time.Second)
		h.command(live.CommandStop, nil)
		h.push(s, 2*time.Second, 6*time.Second)
		synctest.Wait()
		h.told(started, paused, created, created)
		h.command(live.CommandRestart, nil)
		h.push(s, 6*time.Second, 8*time.Second)
		s.Close(nil)
		synctest.Wait()
		h.told(started, paused, created, created, started, paused)
	})
}

func TestStopHoldsForItsPushOnly(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 2*time.Second)
		h.command(live.CommandStop, nil)
		s.Close(nil)
		s = h.open()
		h.push(s, 2*time.Second, 4*time.Second)
		s.Close(nil)
		synctest.Wait()
		h.told(started, paused, resumed, paused)
	})
}

func TestRestartCutsAtAKeyFrameAndLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 4500*time.Millisecond)
		h.command(live.CommandRestart, nil)
		h.push(s, 4500*time.Millisecond, time.Hour)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, created, created, paused, created, created)
		total := 0
		for _, path := range h.files(".flv") {
			frames := h.frames(path)
			if !frames[0].Key {
				t.Errorf("%s does not begin with a key frame", path)
			}
			total += len(frames)
		}
		if want := len(sampleUnits(t)) - 2; total != want {
			t.Errorf("%d frames in both files, want %d", total, want)
		}
	})
}

func TestCancelDelayEndsAWaitingRecording(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 2*time.Second)
		s.Close(nil)
		synctest.Wait()
		h.command(live.CommandCancelDelay, nil)
		synctest.Wait()
		h.told(started, paused, created, created)
		h.spoolEmpty()
	})
}

func TestCommandWithoutARule(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.App = "other"
		h.start()
		s := h.open()
		h.command(live.CommandStart, live.ErrConfigNotFound)
		s.Close(nil)
	})
}
