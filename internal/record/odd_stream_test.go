package record

import (
	"errors"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
)

// pushShifted is push, where the timestamps of the push are ahead of the sample's
// and only some of its units are sent.
func (h *harness) pushShifted(s *Session, from, to, ahead time.Duration, wanted func(media.Unit) bool) {
	h.t.Helper()
	start := time.Now()
	for _, u := range sampleUnits(h.t) {
		if !wanted(u) || !u.Config && (u.DTS < from || u.DTS >= to) {
			continue
		}
		if !u.Config {
			time.Sleep(time.Until(start.Add(u.DTS - from)))
		}
		u.DTS += ahead
		s.Write([]media.Unit{u})
	}
	time.Sleep(40 * time.Millisecond)
}

// Units that pushShifted can send.
func everything(media.Unit) bool   { return true }
func frames(u media.Unit) bool     { return !u.Config }
func pictures(u media.Unit) bool   { return u.Kind == media.Video }
func soundAlone(u media.Unit) bool { return u.Kind == media.Audio && !u.Config }

// otherSound is an AudioSpecificConfig that is not the sample's.
var otherSound = media.Unit{Kind: media.Audio, Codec: media.AAC, Config: true, Body: []byte{0x12, 0x10}}

// countSound returns how many frames of sound there are before a timestamp.
func countSound(units []media.Unit, before time.Duration) (n int) {
	for _, u := range units {
		if soundAlone(u) && u.DTS < before {
			n++
		}
	}
	return n
}

func TestClockThatIsAheadOfTheMetadataDoesNotMoveTheStart(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		begun := time.Now()
		s := h.open()
		s.Write([]media.Unit{{Kind: media.Data, Body: []byte("\x02\x00\x0aonMetaData\x08\x00\x00\x00\x00\x00\x00\x09")}})
		h.pushShifted(s, 0, 4*time.Second, 10*time.Hour, everything)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		events := h.told(started, paused, created, created)
		for _, e := range events[2:] {
			if d := e.Detail.File.StartTime.Sub(begun); d < 0 || d > time.Second {
				t.Errorf("the file starts %v after the push", d)
			}
			if d := e.Detail.File.Duration; d < 3900*time.Millisecond || d > 4100*time.Millisecond {
				t.Errorf("duration = %v, want about 4s", d)
			}
		}
	})
}

func TestClockNearTheEndOfTimeIsRecorded(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = everyFormat()
		h.start()
		s := h.open()
		h.pushShifted(s, 0, 4*time.Second, math.MaxInt64-20*time.Second, everything)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for _, f := range h.details(4) {
			if f.Duration < 3900*time.Millisecond || f.Duration > 4100*time.Millisecond {
				t.Errorf("%s lasts %v, want about 4s", f.Format, f.Duration)
			}
		}
	})
}

func TestSoundBehindThePicturesIsRecordedAndLengthensNothing(t *testing.T) {
	for _, lag := range []time.Duration{400 * time.Millisecond, 8 * time.Second} {
		t.Run(lag.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, h *harness) {
				h.rule.Formats = everyFormat()
				for i := range h.rule.Formats {
					h.rule.Formats[i].SliceDuration /= 2
				}
				h.start()
				s := h.open()
				for _, u := range sampleUnits(t) {
					if pictures(u) {
						u.DTS += lag
					}
					s.Write([]media.Unit{u})
				}
				s.Close(nil)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				for _, f := range h.details(4) {
					want := 10*time.Second + lag
					if f.Format == live.FormatCMAF {
						want = 10 * time.Second // its tracks are apart
					}
					if d := f.Duration - want; d.Abs() > 100*time.Millisecond {
						t.Errorf("%s lasts %v, want about %v", f.Format, f.Duration, want)
					}
				}
				if got, want := len(h.frames(h.files(".flv")[0])), len(slices.DeleteFunc(sampleUnits(t), func(u media.Unit) bool { return u.Config })); got != want {
					t.Errorf("%d frames, want %d", got, want)
				}
			})
		})
	}
}

func TestPicturesAloneAreRecordedFromTheirFirstKeyFrame(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.pushShifted(s, 0, 990*time.Millisecond, 0, pictures) // the next key frame comes at 1s
		time.Sleep(time.Second)
		synctest.Wait()
		h.told(started)
		s.Close(nil)
	})
}

func TestChangedSoundIsRecordedAlthoughNoPictureComesAnyMore(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 2*time.Second)
		s.Close(nil)
		time.Sleep(10 * time.Second)

		s = h.open()
		s.Write([]media.Unit{otherSound})
		for i := range 4 {
			h.pushShifted(s, 0, 10*time.Second, time.Duration(i)*10*time.Second, soundAlone)
		}
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		got := 0
		for _, path := range h.files(".flv") {
			got += countSound(h.frames(path), time.Hour)
		}
		if want := countSound(sampleUnits(t), 2*time.Second) + 4*countSound(sampleUnits(t), 10*time.Second); got != want {
			t.Errorf("%d frames of sound, want %d", got, want)
		}
	})
}

func TestChangedSoundIsKeptAlthoughThePushEndsBeforeAKeyFrame(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 2500*time.Millisecond)
		s.Write([]media.Unit{otherSound})
		h.pushShifted(s, 2500*time.Millisecond, 2900*time.Millisecond, 0, frames)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		got := 0
		for _, path := range h.files(".flv") {
			got += countSound(h.frames(path), time.Hour)
		}
		if want := countSound(sampleUnits(t), 2900*time.Millisecond); got != want {
			t.Errorf("%d frames of sound, want %d", got, want)
		}
	})
}

func TestFilesAfterAFailureBeginWithAKeyFrame(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 2*time.Second)
		h.world.full.Store(true)
		s.Write([]media.Unit{otherSound})
		h.pushShifted(s, 2*time.Second, 4*time.Second, 0, frames)
		h.world.full.Store(false)
		time.Sleep(restartDelay)
		h.pushShifted(s, 4500*time.Millisecond, 10*time.Second, 0, frames)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for _, path := range h.files(".flv") {
			units := h.frames(path)
			if i := slices.IndexFunc(units, pictures); i < 0 || !units[i].Key {
				t.Errorf("%s begins without a key frame", path)
			}
		}
	})
}

func TestPushesThatComeAndGoBeforeASlowDiskAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		stuck := make(chan struct{})
		h.world.diskFull = func(int64, int) bool {
			<-stuck
			return false
		}
		h.start()
		s := h.open()
		h.push(s, 0, 2*time.Second)
		s.Close(nil)
		for range maxArrivals {
			h.open().Close(nil)
		}
		_, err := h.recorder.Open(t.Context(), live.Session{ID: live.NewSessionID(time.Now()), Key: key})
		if !errors.Is(err, errBehind) {
			t.Errorf("Open = %v, want %v", err, errBehind)
		}
		close(stuck)
		synctest.Wait()
		h.open().Close(nil)
	})
}
