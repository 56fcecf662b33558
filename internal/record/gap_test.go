package record

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
)

// details returns what was told of files, and fails the test unless it is of n.
func (h *harness) details(n int) (list []live.FileDetail) {
	h.t.Helper()
	for _, e := range h.events() {
		if e.Detail.File != nil {
			list = append(list, *e.Detail.File)
		}
	}
	if len(list) != n {
		h.t.Fatalf("%d files were told of, want %d", len(list), n)
	}
	return list
}

// gapsOf returns the gaps of a file, which its row has as well as the event.
func (h *harness) gapsOf(f live.FileDetail) []live.Gap {
	h.t.Helper()
	err := h.db.View(h.t.Context(), func(tx store.Reader) error {
		row, err := tx.RecordFile(h.t.Context(), f.ID)
		if !slices.Equal(row.Gaps.List, f.Gaps.List) || row.Gaps.More != f.Gaps.More {
			h.t.Errorf("the row of %s has the gaps %+v, the event %+v", f.Format, row.Gaps, f.Gaps)
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return f.Gaps.List
}

// checkGap fails the test unless the gap lasts from a time to another, and lies at
// a position in the media; all may be off by the time between two frames.
func checkGap(t *testing.T, f live.FileDetail, g live.Gap, from, to time.Time, at time.Duration) {
	t.Helper()
	const off = 250 * time.Millisecond // two frames, and what a continued file leaves free
	if d := g.From.Sub(from).Abs(); d > off {
		t.Errorf("%s: the gap begins %v from where it should: %v, want %v", f.Format, d, g.From, from)
	}
	if d := g.To.Sub(to).Abs(); d > off {
		t.Errorf("%s: the gap ends %v from where it should: %v, want %v", f.Format, d, g.To, to)
	}
	if d := (g.At - at).Abs(); d > off {
		t.Errorf("%s: recording goes on at %v of the file, want %v", f.Format, g.At, at)
	}
}

func TestBreakWithinDelayTimeIsAGapOfTheFile(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = everyFormat()
		h.start()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		s.Close(nil)
		time.Sleep(20 * time.Second)
		s = h.open()
		h.push(s, 0, 4*time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		events := h.told(started, paused, resumed, paused, created, created, created, created)
		for _, f := range h.details(4) {
			gaps := h.gapsOf(f)
			if len(gaps) != 1 {
				t.Errorf("%s has the gaps %v, want one", f.Format, gaps)
				continue
			}
			checkGap(t, f, gaps[0], events[1].OccurredAt, events[2].OccurredAt, 4*time.Second)
			if !gaps[0].To.Equal(events[2].OccurredAt) || gaps[0].From.After(events[1].OccurredAt) {
				t.Errorf("%s: gap %v does not last from %v to %v", f.Format, gaps[0], events[1].OccurredAt, events[2].OccurredAt)
			}
		}
	})
}

func TestEncoderWhoseEndIsNoticedLateLeavesAGapFromItsLastFrameOn(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		time.Sleep(time.Second)
		last := time.Now().Add(-time.Second)
		time.Sleep(14 * time.Second)
		s.Close(nil)
		time.Sleep(5 * time.Second)
		s = h.open()
		back := time.Now()
		h.push(s, 0, 2*time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for _, f := range h.details(2) {
			if gaps := h.gapsOf(f); len(gaps) != 1 {
				t.Errorf("%s has the gaps %v, want one", f.Format, gaps)
			} else if gaps[0].From.After(last.Add(time.Second)) || gaps[0].To.Before(back) {
				t.Errorf("%s: gap %v, want it from %v to %v", f.Format, gaps[0], last, back)
			}
		}
	})
}

func TestKilledServerLeavesAGapAndKeepsEarlierOnes(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = everyFormat()
		h.start()
		s := h.open()
		h.push(s, 0, 3*time.Second)
		s.Close(nil)
		time.Sleep(10 * time.Second)
		s = h.open()
		h.push(s, 0, 3*time.Second)
		synctest.Wait()
		killed := time.Now()
		h.crash()
		time.Sleep(20 * time.Second)
		h.start()
		s = h.open()
		back := time.Now()
		h.push(s, 0, 3*time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for _, f := range h.details(4) {
			gaps := h.gapsOf(f)
			if len(gaps) != 2 {
				t.Errorf("%s has the gaps %v, want those of the break and of the kill", f.Format, gaps)
				continue
			}
			if gaps[0].To.After(killed) || gaps[0].At > 4*time.Second {
				t.Errorf("%s: first gap %v, want that of the break", f.Format, gaps[0])
			}
			if g := gaps[1]; g.From.After(killed) || g.From.Before(killed.Add(-time.Second)) || g.To.Before(back) || g.At < 5*time.Second {
				t.Errorf("%s: second gap %v, want it from the kill at %v to %v", f.Format, g, killed, back)
			}
		}
	})
}

func TestBreakBetweenTwoFilesIsNoGap(t *testing.T) {
	for name, change := range map[string]func(h *harness){
		"a cycle that is over":      func(h *harness) { h.rule.Formats[0].CycleDuration = 4 * time.Second },
		"a server that was stopped": func(h *harness) {},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *harness) {
				h.rule.Formats = h.rule.Formats[:1]
				change(h)
				h.start()
				s := h.open()
				h.push(s, 0, 4*time.Second)
				s.Close(nil)
				if h.rule.Formats[0].CycleDuration == time.Hour {
					time.Sleep(time.Second)
					h.close()
					h.start()
				}
				time.Sleep(10 * time.Second)
				s = h.open()
				h.push(s, 0, 2*time.Second)
				s.Close(nil)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				for _, f := range h.details(2) {
					if gaps := h.gapsOf(f); gaps != nil {
						t.Errorf("a file has the gaps %v, want none", gaps)
					}
				}
			})
		})
	}
}

// nextKey returns the DTS of the first key frame of the sample behind a moment.
func nextKey(t *testing.T, moment time.Duration) time.Duration {
	t.Helper()
	for _, u := range sampleUnits(t) {
		if u.Key && u.Kind == media.Video && u.DTS > moment {
			return u.DTS
		}
	}
	t.Fatalf("the sample has no key frame behind %v", moment)
	return 0
}

func TestFramesThatFoundNoRoomAreAGap(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats, h.queue = everyFormat(), 4<<20
		h.start()
		s := h.open()
		begun := time.Now()
		h.push(s, 0, 4500*time.Millisecond)
		full := time.Now()
		s.Write([]media.Unit{{Kind: media.Video, Codec: media.H264, DTS: 4500 * time.Millisecond, Body: make([]byte, 5<<20)}})
		h.push(s, 4500*time.Millisecond, 8*time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		next := nextKey(t, 4500*time.Millisecond)
		for _, f := range h.details(4) {
			gaps := h.gapsOf(f)
			if len(gaps) != 1 {
				t.Errorf("%s has the gaps %v, want one", f.Format, gaps)
				continue
			}
			checkGap(t, f, gaps[0], full, begun.Add(next), next)
		}
	})
}

func TestGapOfFramesThatFoundNoRoomSurvivesAKill(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.queue = 4 << 20
		h.start()
		s := h.open()
		h.push(s, 0, 4300*time.Millisecond)
		next := nextKey(t, 4500*time.Millisecond)
		var stalled []media.Unit // all that comes while the disk stalls
		for _, u := range sampleUnits(t) {
			switch {
			case u.Config || u.DTS < 4300*time.Millisecond:
				continue
			case u.DTS >= 4500*time.Millisecond && u.DTS < next && u.Kind == media.Video:
				u.Body = make([]byte, 5<<20)
			}
			stalled = append(stalled, u)
		}
		s.Write(stalled)
		time.Sleep(time.Second)
		synctest.Wait()
		h.crash()
		h.start()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for _, f := range h.details(2) {
			if gaps := h.gapsOf(f); len(gaps) != 1 || (gaps[0].At-next).Abs() > 25*time.Millisecond {
				t.Errorf("%s has the gaps %v, want one up to %v", f.Format, gaps, next)
			}
		}
	})
}

func TestAudioAloneGoesOnAfterItFoundNoRoom(t *testing.T) {
	t.Parallel()
	s := newSession(live.Session{}, Config{FlushBytes: 1 << 20, QueueBytes: 1000, Now: time.Now})
	frame := media.Unit{Kind: media.Audio, Codec: media.AAC, Body: make([]byte, 600)}
	s.Write([]media.Unit{frame, frame, frame})
	var b batch
	s.take(&b)
	if len(b.units) != 1 || len(b.holes) != 0 {
		t.Errorf("took %d units with %d holes, want one without", len(b.units), len(b.holes))
	}
	s.Write([]media.Unit{frame})
	s.take(&b)
	if len(b.units) != 1 || len(b.holes) != 1 || b.holes[0].before != 0 {
		t.Errorf("took %d units with the holes %v, want one behind a hole", len(b.units), b.holes)
	}
	s.take(&b)
	if len(b.units) != 0 || len(b.holes) != 0 {
		t.Errorf("took %d units with %d holes once more", len(b.units), len(b.holes))
	}
}

func TestFramesBeforeAHoleAreKept(t *testing.T) {
	t.Parallel()
	s := newSession(live.Session{}, Config{FlushBytes: 1 << 20, QueueBytes: 1000, Now: time.Now})
	frame := func(key bool, n int) media.Unit {
		return media.Unit{Kind: media.Video, Codec: media.H264, Key: key, Body: make([]byte, n)}
	}
	s.Write([]media.Unit{frame(false, 300), frame(false, 700), frame(false, 5), frame(true, 300), frame(false, 10)})
	var b batch
	s.take(&b)
	if len(b.units) != 3 || b.dropped != 2 || len(b.holes) != 1 || b.holes[0].before != 1 {
		t.Errorf("took %d units, %d dropped, holes %v; want 3, 2 and one before unit 1", len(b.units), b.dropped, b.holes)
	}
}
