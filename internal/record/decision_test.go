package record

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
)

// A fakeAsker answers questions as the test wants.
type fakeAsker struct {
	mu     sync.Mutex
	asked  []live.Question
	answer func(ctx context.Context) (live.OnDemandAnswer, error)
}

func (a *fakeAsker) Ask(ctx context.Context, q live.Question) (live.OnDemandAnswer, error) {
	a.mu.Lock()
	a.asked = append(a.asked, q)
	a.mu.Unlock()
	return a.answer(ctx)
}

// answerAfter makes the asker answer some time after the question.
func (h *harness) answerAfter(d time.Duration, a live.OnDemandAnswer, err error) {
	h.asker.answer = func(ctx context.Context) (live.OnDemandAnswer, error) {
		pause(ctx, d)
		return a, errors.Join(err, ctx.Err())
	}
}

// startAsking starts a Recorder whose rule asks.
func (h *harness) startAsking() {
	h.t.Helper()
	h.rule.OnDemand = live.OnDemandCallback
	ctx := h.t.Context()
	err := h.db.Update(ctx, func(tx store.Tx) error {
		return tx.AddNotifyConfig(ctx, live.NotifyConfig{
			Domain: key.Domain, NotifyURL: "http://receiver.example/", NeedStatusNotify: true,
			OnDemandURL: "http://receiver.example/ask", NotifyAuthKey: "testkeyyourkey12",
		})
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.start()
}

func TestYesLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.answerAfter(5*time.Second, live.OnDemandAnswer{NeedRecord: true}, nil)
		h.startAsking()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		h.told() // nobody has answered
		h.push(s, 4*time.Second, 8*time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, paused, created, created)
		h.intact(t, 8*time.Second)
		if len(h.asker.asked) != 1 {
			t.Fatalf("asked %d times, want once for each publish", len(h.asker.asked))
		}
		q := h.asker.asked[0]
		if q.Key != key || q.URL != "http://receiver.example/ask" || q.SignKey != "testkeyyourkey12" || q.VideoCodec != "h264" || q.VideoKbps <= 0 {
			t.Errorf("question = %+v", q)
		}
	})
}

func TestYesAfterAShortPushRecordsIt(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.answerAfter(10*time.Second, live.OnDemandAnswer{NeedRecord: true}, nil)
		h.startAsking()
		s := h.open()
		h.push(s, 0, 200*time.Millisecond)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, paused, created, created)
		h.intact(t, 200*time.Millisecond)
	})
}

func TestNoRecordsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.answerAfter(time.Second, live.OnDemandAnswer{}, nil)
		h.startAsking()
		for range 2 {
			s := h.open()
			h.push(s, 0, 4*time.Second)
			s.Close(nil)
			synctest.Wait()
		}
		h.told()
		if len(h.asker.asked) != 2 {
			t.Errorf("asked %d times, want once for each publish", len(h.asker.asked))
		}
		h.intact(t, 0)
	})
}

func TestYesHoldsWhileTheRecordingWaits(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.answerAfter(0, live.OnDemandAnswer{NeedRecord: true}, nil)
		h.startAsking()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		s.Close(nil)
		time.Sleep(10 * time.Second)
		s = h.open()
		h.push(s, 4*time.Second, 8*time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, paused, resumed, paused, created, created)
		if len(h.asker.asked) != 1 {
			t.Errorf("asked %d times, want once", len(h.asker.asked))
		}
	})
}

func TestNobodyAnswers(t *testing.T) {
	for _, tc := range []struct {
		name   string
		record bool
		want   []live.EventType
	}{
		{"and is told of it", false, []live.EventType{failed}},
		{"and recording was the choice", true, []live.EventType{started, paused, created, created}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *harness) {
				h.undecided = tc.record
				h.answerAfter(3*time.Second, live.OnDemandAnswer{}, errInjected)
				h.startAsking()
				s := h.open()
				h.push(s, 0, 6*time.Second)
				s.Close(nil)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				h.told(tc.want...)
				if tc.record {
					h.intact(t, 6*time.Second)
				}
			})
		})
	}
}

func TestAnswerRestrictsFormatsAndCycles(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.answerAfter(0, live.OnDemandAnswer{
			NeedRecord: true,
			Formats:    []live.Format{live.FormatMP4, live.FormatM3U8},
			Cycles:     map[live.Format]time.Duration{live.FormatMP4: 5 * time.Second},
		}, nil)
		h.startAsking()
		s := h.open()
		h.push(s, 0, 9*time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, created, paused, created)
		if paths := h.files(".mp4"); len(paths) != 2 {
			t.Errorf("files = %v, want two MP4s", paths)
		}

		h.answerAfter(0, live.OnDemandAnswer{NeedRecord: true}, nil)
		s = h.open() // what an answer restricted holds for its recording only
		h.push(s, 0, 9*time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if paths := h.files(".flv"); len(paths) != 1 {
			t.Errorf("files = %v, want an FLV of the second push", paths)
		}
	})
}

func TestAnswerThatLeavesNoFormatIsANo(t *testing.T) {
	for name, formats := range map[string][]live.Format{"none": {}, "one that the rule lacks": {live.FormatM3U8}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *harness) {
				h.answerAfter(0, live.OnDemandAnswer{NeedRecord: true, Formats: formats}, nil)
				h.startAsking()
				s := h.open()
				h.push(s, 0, 4*time.Second)
				s.Close(nil)
				synctest.Wait()
				h.told()
			})
		})
	}
}

func TestWithoutAnAddressNobodyIsAsked(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.OnDemand = live.OnDemandCallback
		h.start()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		s.Close(nil)
		synctest.Wait()
		h.told()
	})
}

func TestCommandDecides(t *testing.T) {
	for _, tc := range []struct {
		command live.RecordCommand
		err     error
		want    []live.EventType
	}{
		{live.CommandStart, nil, []live.EventType{started, paused, created, created}},
		{live.CommandStop, nil, nil},
		{live.CommandCancelDelay, live.ErrTaskNotStarted, []live.EventType{started, paused, created, created}},
	} {
		t.Run(string(tc.command), func(t *testing.T) {
			bubble(t, func(t *testing.T, h *harness) {
				h.answerAfter(30*time.Second, live.OnDemandAnswer{NeedRecord: true}, nil)
				h.startAsking()
				s := h.open()
				h.push(s, 0, 2*time.Second)
				if err := h.recorder.Command(t.Context(), key, tc.command); !errors.Is(err, tc.err) {
					t.Errorf("Command = %v, want %v", err, tc.err)
				}
				h.push(s, 2*time.Second, 4*time.Second)
				s.Close(nil)
				time.Sleep(3 * time.Minute)
				synctest.Wait()
				h.told(tc.want...)
			})
		})
	}
}

func TestShutdownDoesNotWaitForAnAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.answerAfter(time.Hour, live.OnDemandAnswer{NeedRecord: true}, nil)
		h.startAsking()
		s := h.open()
		h.push(s, 0, 2*time.Second)
		s.Close(nil)
		began := time.Now()
		h.close()
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("Close took %v", waited)
		}
		h.told(failed)
	})
}

func TestPreRollIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.preRoll = 100_000
		h.answerAfter(time.Minute, live.OnDemandAnswer{NeedRecord: true}, nil)
		h.startAsking()
		s := h.open()
		h.push(s, 0, 11*time.Second) // all of it
		s.Close(nil)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		h.told(started, paused, created, created)
		frames := h.frames(h.files(".flv")[0])
		size := 0
		for i := range frames {
			size += len(frames[i].Body)
		}
		if size == 0 || size > h.preRoll {
			t.Errorf("%d bytes were kept, at most %d may wait", size, h.preRoll)
		}
		units := slices.DeleteFunc(sampleUnits(t), func(u media.Unit) bool { return u.Config })
		if !frames[0].Key || frames[0].Kind != media.Video || string(frames[len(frames)-1].Body) != string(units[len(units)-1].Body) {
			t.Error("what was kept is not the newest, from a key frame on")
		}
	})
}
