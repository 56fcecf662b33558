package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"tallylight/internal/blob"
	"tallylight/internal/blob/localfs"
	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/store"
)

const (
	started = live.EventRecordStarted
	paused  = live.EventRecordPaused
	resumed = live.EventRecordResumed
	failed  = live.EventRecordError
	created = live.EventFileCreated
)

func TestPushBecomesAFileOfEachFormat(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		begun := time.Now()
		s := h.open(live.Arg{Name: "callback_id", Value: "1"}, live.Arg{Name: "other", Value: "x"}, live.Arg{Name: "callback_id", Value: "2"})
		h.push(s, 0, time.Hour)
		s.Close(nil)
		synctest.Wait()
		h.told(started, paused)
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()

		events := h.told(started, paused, created, created)
		file := events[2].Detail.File
		if want := (live.Args{{Name: "callback_id", Value: "1"}}); !slices.Equal(file.PushArgs, want) {
			t.Errorf("push args = %v, want %v", file.PushArgs, want)
		}
		name := live.ExpandObjectPrefix(prefix, live.ObjectName{App: "live", Stream: "show",
			Start: file.StartTime, Stop: file.StopTime}, live.DefaultZone) + ".flv"
		if file.ObjectKey != name {
			t.Errorf("object key = %q, want %q", file.ObjectKey, name)
		}
		if d := file.StartTime.Sub(begun); d < 0 || d > time.Second {
			t.Errorf("the file starts %v after the push", d)
		}
		if d := file.StopTime.Sub(begun); d < 9*time.Second || d > 11*time.Second {
			t.Errorf("the file stops %v after the push began", d)
		}
		if file.Duration < 9900*time.Millisecond || file.Duration > 10100*time.Millisecond {
			t.Errorf("duration = %v, want about 10s", file.Duration)
		}
		paths := h.files(".flv")
		if len(paths) != 1 || len(h.files(".mp4")) != 1 {
			t.Fatalf("files = %v", paths)
		}
		if info, err := os.Stat(paths[0]); err != nil || info.Size() != file.Size {
			t.Errorf("size = %v, %v; announced %d", info.Size(), err, file.Size)
		}
		if !slices.Equal(file.Codecs, []string{"h264", "aac"}) || file.Width == 0 || file.Height == 0 {
			t.Errorf("codecs %v, pictures of %dx%d", file.Codecs, file.Width, file.Height)
		}
		equalFrames(t, h.frames(paths[0]), sampleUnits(t), 0)
		h.spoolEmpty()
	})
}

// equalFrames fails the test unless got holds the frames of want, with the same
// timestamps; where a session joined another they may be off by slack.
func equalFrames(t *testing.T, got, want []media.Unit, slack time.Duration) {
	t.Helper()
	want = slices.DeleteFunc(slices.Clone(want), func(u media.Unit) bool { return u.Config })
	if len(got) != len(want) {
		t.Errorf("%d frames, want %d", len(got), len(want))
		return
	}
	for i := range got {
		g, w := got[i], want[i]
		if g.Kind != w.Kind || (g.DTS-w.DTS).Abs() > slack || g.Composition != w.Composition || g.Key != w.Key || string(g.Body) != string(w.Body) {
			t.Errorf("frame %d is %v at %v+%v, want %v at %v+%v", i, g.Kind, g.DTS, g.Composition, w.Kind, w.DTS, w.Composition)
			return
		}
	}
}

func TestReconnectWithinDelayTimeContinuesTheFile(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 5*time.Second)
		s.Close(errors.New("connection reset"))
		time.Sleep(59 * time.Second)
		s = h.open()
		h.push(s, 5*time.Second, time.Hour)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, paused, resumed, paused, created, created)
		paths := h.files(".flv")
		if len(paths) != 1 {
			t.Fatalf("files = %v, want one", paths)
		}
		equalFrames(t, h.frames(paths[0]), sampleUnits(t), 25*time.Millisecond)
	})
}

func TestReconnectAfterDelayTimeStartsAnew(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		for range 2 {
			s := h.open()
			h.push(s, 0, 2*time.Second)
			s.Close(nil)
			time.Sleep(61 * time.Second)
		}
		synctest.Wait()
		h.told(started, paused, created, created, started, paused, created, created)
	})
}

func TestSessionWithoutFramesDoesNotResume(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 2*time.Second)
		s.Close(nil)
		time.Sleep(30 * time.Second)
		s = h.open()
		time.Sleep(time.Second)
		s.Close(nil)
		time.Sleep(31 * time.Second)
		synctest.Wait()
		h.told(started, paused, created, created)
	})
}

func TestCycleCutsAtAKeyFrame(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats[0].CycleDuration = 4500 * time.Millisecond // the sample has a key frame a second
		h.start()
		s := h.open()
		h.push(s, 0, time.Hour)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, created, paused, created, created)
		paths := h.files(".flv")
		if len(paths) != 2 {
			t.Fatalf("files = %v, want two", paths)
		}
		total := 0
		for i, path := range paths {
			frames := h.frames(path)
			total += len(frames)
			if frames[0].DTS != 0 || !frames[0].Key {
				t.Errorf("file %d begins at %v, key %v", i, frames[0].DTS, frames[0].Key)
			}
			if !strings.Contains(path, fmt.Sprintf("/%d_", i)) {
				t.Errorf("file %d is named %s, without its sequence number", i, path)
			}
		}
		if last := h.frames(paths[0]); last[len(last)-1].DTS >= 5*time.Second {
			t.Errorf("the first file ends at %v, want below 5s", last[len(last)-1].DTS)
		}
		want := slices.DeleteFunc(sampleUnits(t), func(u media.Unit) bool { return u.Config })
		if total != len(want) {
			t.Errorf("%d frames in both files, want %d", total, len(want))
		}
	})
}

func TestChangedTrackCutsTheFile(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 5*time.Second)
		// The sample's AudioSpecificConfig, but for another channel count.
		s.Write([]media.Unit{{Kind: media.Audio, Codec: media.AAC, Config: true, Body: []byte{0x12, 0x10}, DTS: 5 * time.Second}})
		units := slices.DeleteFunc(sampleUnits(t), func(u media.Unit) bool { return u.Config || u.DTS < 5*time.Second })
		s.Write(units)
		time.Sleep(time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, created, created, paused, created, created)
		total := 0
		for _, path := range h.files(".flv") {
			total += len(h.frames(path))
		}
		want := slices.DeleteFunc(sampleUnits(t), func(u media.Unit) bool { return u.Config })
		if total != len(want) {
			t.Errorf("%d frames in all files, want %d: none may be lost", total, len(want))
		}
	})
}

func TestLateAudioTrackStartsANewFile(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		var late []media.Unit
		for _, u := range sampleUnits(t) {
			if u.Kind == media.Audio && (u.Config || u.DTS < 3*time.Second) {
				if u.Config {
					late = append(late, u)
				}
				continue
			}
			if u.DTS >= 3*time.Second && late != nil {
				s.Write(late)
				late = nil
			}
			s.Write([]media.Unit{u})
		}
		time.Sleep(time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, created, created, paused, created, created)
	})
}

func TestCloseFinishesFilesAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 3*time.Second)
		before := time.Now()
		h.close()
		if d := time.Since(before); d > time.Second {
			t.Errorf("Close took %v", d)
		}
		h.told(started, paused, created, created)
		h.files("")
		h.spoolEmpty()
		s.Write(nil)
		s.Close(nil)
	})
}

func TestPushWithoutARuleIsNotRecorded(t *testing.T) {
	needRecord := func(v string) live.Arg { return live.Arg{Name: "record_config", Value: v} }
	tests := []struct {
		name   string
		change func(*live.RecordConfig)
		args   []live.Arg
		want   bool
	}{
		{"another app", func(r *live.RecordConfig) { r.App = "other" }, nil, false},
		{"another domain", func(r *live.RecordConfig) { r.Domain = "other.example.com" }, nil, false},
		{"any app", func(r *live.RecordConfig) { r.App = live.Any }, nil, true},
		{"exactly the stream", func(r *live.RecordConfig) { r.Stream = "show" }, nil, true},
		{"by command only", func(r *live.RecordConfig) { r.OnDemand = live.OnDemandManual }, nil, false},
		{"by push arguments that are missing", func(r *live.RecordConfig) { r.OnDemand = live.OnDemandPushArgs }, nil, false},
		{"by push arguments that say yes", func(r *live.RecordConfig) { r.OnDemand = live.OnDemandPushArgs },
			[]live.Arg{needRecord(`{"NeedRecord":true}`)}, true},
		{"by push arguments that say no", func(r *live.RecordConfig) { r.OnDemand = live.OnDemandPushArgs },
			[]live.Arg{needRecord(`{"NeedRecord":false}`)}, false},
		{"by push arguments that say nothing", func(r *live.RecordConfig) { r.OnDemand = live.OnDemandPushArgs },
			[]live.Arg{needRecord(`yes`)}, false},
		{"after the rule's window", func(r *live.RecordConfig) { r.EndTime = time.Now() }, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *harness) {
				tt.change(&h.rule)
				h.start()
				s := h.open(tt.args...)
				h.push(s, 0, time.Second)
				s.Close(nil)
				synctest.Wait()
				if got := len(h.events()) > 0; got != tt.want {
					t.Errorf("recorded = %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestWindowBoundsTheRecording(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.StartTime, h.rule.EndTime = time.Now().Add(3*time.Second), time.Now().Add(7*time.Second)
		h.start()
		s := h.open()
		h.push(s, 0, time.Hour)
		synctest.Wait()
		h.told(started, paused, created, created)
		s.Close(nil)
		for _, path := range h.files(".flv") {
			frames := h.frames(path)
			if d := frames[len(frames)-1].DTS; !frames[0].Key || d < 3*time.Second || d > 4500*time.Millisecond {
				t.Errorf("the file begins with key %v and ends at %v, want about 4s", frames[0].Key, d)
			}
		}
	})
}

func TestUnknownCodecsAreAnError(t *testing.T) {
	for _, length := range []time.Duration{100 * time.Millisecond, 2 * time.Second} {
		t.Run(length.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, h *harness) {
				h.start()
				s := h.open()
				for dts := time.Duration(0); dts < length; dts += 40 * time.Millisecond {
					s.Write([]media.Unit{{Kind: media.Video, Codec: media.CodecUnknown, Key: true, DTS: dts, Body: []byte("?")}})
				}
				s.Close(nil)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				events := h.told(failed)
				if len(events) == 1 && *events[0].Detail.Error != live.ErrorStreamFormat {
					t.Errorf("error = %v, want StreamFormatError", events[0].Detail.Error)
				}
			})
		})
	}
}

func TestAudioBesideAnUnknownVideoIsRecorded(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		for _, u := range sampleUnits(t) {
			if u.Kind == media.Video {
				u.Codec, u.Config = media.CodecUnknown, false
			}
			s.Write([]media.Unit{u})
		}
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, paused, created, created)
	})
}

func TestTakenNameIsNotReplaced(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = h.rule.Formats[:1]
		h.rule.DelayTime = time.Second
		h.rule.Formats[0].ObjectPrefix = "{EscapedStartTime}_{EscapedEndTime}"
		h.start()
		now := time.Now()
		for i := range 3 {
			name := live.ExpandObjectPrefix("{EscapedStartTime}_{EscapedEndTime}", live.ObjectName{
				Start: now, Stop: now.Add(time.Duration(i) * time.Second)}, live.DefaultZone)
			path := filepath.Join(h.dir, "records", "shows", name+".flv")
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("here before"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s := h.open()
		h.push(s, 0, time.Second)
		s.Close(nil)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		events := h.told(started, paused, created)
		if key := events[2].Detail.File.ObjectKey; !strings.HasSuffix(key, "_1.flv") {
			t.Errorf("object key = %s, want another than the taken one", key)
		}
		for _, e := range mustReadDir(t, filepath.Join(h.dir, "records", "shows")) {
			data, err := os.ReadFile(filepath.Join(h.dir, "records", "shows", e.Name()))
			if err != nil || (string(data) == "here before") == strings.HasSuffix(e.Name(), "_1.flv") {
				t.Errorf("%s has %d bytes, %v", e.Name(), len(data), err)
			}
		}
	})
}

func mustReadDir(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestKilledServerFinishesItsFilesAtTheNextStart(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 6*time.Second)
		h.crash()
		for range 2 { // the second start finds nothing to do
			h.start()
			h.close()
			h.told(started, paused, created, created)
		}
		paths := h.files(".flv")
		if len(paths) != 1 {
			t.Fatalf("files = %v, want one", paths)
		}
		frames := h.frames(paths[0])
		if last := frames[len(frames)-1].DTS; last < 5*time.Second {
			t.Errorf("the file ends at %v: more than a second was lost", last)
		}
		equalFrames(t, frames, sampleUnits(t)[:len(frames)+2], 0)
		h.spoolEmpty()
	})
}

// TestEveryStepMayFail fails each commit and each storing of an object in turn,
// once before and once after it took effect, and lets the Recorder try again.
func TestEveryStepMayFail(t *testing.T) {
	for _, late := range []bool{false, true} {
		for step := int64(1); step <= 32; step++ {
			t.Run(fmt.Sprintf("step %d late %v", step, late), func(t *testing.T) {
				bubble(t, func(t *testing.T, h *harness) {
					h.rule.Formats = everyFormat()
					h.rule.Formats[0].CycleDuration = 5 * time.Second
					h.world.failAt, h.world.lateFault = step, late
					h.start()
					s := h.open()
					h.push(s, 0, 8*time.Second)
					s.Close(nil)
					time.Sleep(3 * time.Minute)
					synctest.Wait()
					h.intact(t, 8*time.Second)
					if h.world.steps.Load() < step {
						t.Errorf("only %d steps: the fault was not reached", h.world.steps.Load())
					}
				})
			})
		}
	}
}

// TestEveryStepMayBeTheLast kills the server at each commit and each storing of
// an object in turn, before and after it took effect, and starts it again.
func TestEveryStepMayBeTheLast(t *testing.T) {
	for _, late := range []bool{false, true} {
		for step := int64(2); step <= 32; step++ {
			t.Run(fmt.Sprintf("step %d late %v", step, late), func(t *testing.T) {
				bubble(t, func(t *testing.T, h *harness) {
					h.rule.Formats = everyFormat()
					h.rule.Formats[0].CycleDuration = 5 * time.Second
					h.world.failAt, h.world.lateFault, h.world.killAtFault = step, late, true
					h.start()
					s := h.open()
					h.push(s, 0, 8*time.Second)
					s.Close(nil)
					time.Sleep(3 * time.Minute)
					h.crash()
					h.start()
					h.close()
					h.intact(t, 0)
				})
			})
		}
	}
}

// intact checks what must hold after any fault: every file announced exists,
// every file that exists was announced once, nothing is unfinished, and the FLV
// files hold the first length of the sample.
func (h *harness) intact(t *testing.T, length time.Duration) {
	t.Helper()
	ids := make(map[live.RecordFileID]int)
	for _, e := range h.events() {
		if e.Type == created {
			ids[e.Detail.File.ID]++
		}
	}
	for id, n := range ids {
		if n != 1 {
			t.Errorf("file %s has %d events", id, n)
		}
	}
	err := h.db.View(t.Context(), func(tx store.Reader) error {
		unfinished, err := tx.UnfinishedRecordFiles(t.Context())
		for _, f := range unfinished {
			t.Errorf("file %s is left %s", f.ID, f.State)
		}
		open, err2 := tx.OpenRecordings(t.Context())
		for _, r := range open {
			t.Errorf("recording %s is left %s", r.ID, r.State)
		}
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Error(err)
	}
	var frames int
	for _, path := range h.files(".flv") {
		frames += len(h.frames(path))
	}
	want := len(slices.DeleteFunc(sampleUnits(t), func(u media.Unit) bool { return u.Config || u.DTS >= length }))
	if length > 0 && frames != want {
		t.Errorf("%d frames in the files, want %d", frames, want)
	}
	h.spoolEmpty()
}

func TestFullDiskEndsTheRecordingAndKeepsWhatWasWritten(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		var full atomic.Bool
		full.Store(true)
		h.world.diskFull = func(size int64, n int) bool { return full.Load() && size > 40_000 }
		h.start()
		s := h.open()
		h.push(s, 0, 8*time.Second)
		full.Store(false) // space returns
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		events := h.told(started, failed, created, created)
		if len(events) == 4 && *events[1].Detail.Error != live.ErrorSegmenter {
			t.Errorf("error = %v", events[1].Detail.Error)
		}
		for _, path := range h.files(".flv") {
			if frames := h.frames(path); len(frames) == 0 {
				t.Errorf("%s has no frames", path)
			}
		}
		h.spoolEmpty()
	})
}

func TestPushIsRecordedAgainSomeTimeAfterAFailure(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = h.rule.Formats[:1]
		var full atomic.Bool
		full.Store(true)
		h.world.diskFull = func(size int64, n int) bool { return full.Load() }
		h.start()
		s := h.open()
		h.push(s, 0, time.Second)
		full.Store(false)
		time.Sleep(restartDelay)
		h.push(s, time.Second, 3*time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, failed, started, paused, created)
	})
}

func TestUnknownBucketIsAnError(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.buckets = localfs.Named{}
		h.start()
		s := h.open()
		h.push(s, 0, time.Second)
		s.Close(nil)
		synctest.Wait()
		events := h.told(failed)
		if len(events) == 1 && *events[0].Detail.Error != live.ErrorBucketNotFound {
			t.Errorf("error = %v, want BucketNotFound", events[0].Detail.Error)
		}
	})
}

// TestBucketThatNobodyMayUse has the bucket refuse what is stored, for a while.
func TestBucketThatNobodyMayUse(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault error
		want  live.ErrorDetail
	}{
		{"it is gone", live.ErrBucketNotFound, live.ErrorBucketNotFound},
		{"it denies access", blob.ErrDenied, live.ErrorStorageDenied},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, h *harness) {
				h.rule.Formats = everyFormat()
				h.start()
				h.world.refusal.Store(&tc.fault)
				s := h.open()
				h.push(s, 0, 8*time.Second)
				s.Close(nil)
				time.Sleep(2 * time.Minute)
				events := h.told(started, failed, paused) // states are told while files wait
				if len(events) > 1 && *events[1].Detail.Error != tc.want {
					t.Errorf("error = %v, want %v", events[1].Detail.Error, tc.want)
				}
				h.world.refusal.Store(nil)
				time.Sleep(time.Minute)
				synctest.Wait()
				h.told(started, failed, paused, created, created, created, created)
				h.intact(t, 8*time.Second)
			})
		})
	}
}

func TestOverflowDropsUpToAKeyFrame(t *testing.T) {
	t.Parallel()
	s := newSession(live.Session{}, Config{FlushBytes: 1 << 20, QueueBytes: 1000, Now: time.Now})
	frame := func(key bool, n int) media.Unit {
		return media.Unit{Kind: media.Video, Codec: media.H264, Key: key, Body: make([]byte, n)}
	}
	s.Write([]media.Unit{frame(true, 800), frame(false, 200), frame(false, 5), frame(true, 200)})
	var b batch
	s.take(&b)
	if len(b.units) != 1 || b.dropped != 3 {
		t.Errorf("took %d units, %d dropped; want 1, 3", len(b.units), b.dropped)
	}
	s.Write([]media.Unit{frame(false, 5), frame(true, 200), frame(false, 5)})
	s.take(&b)
	if len(b.units) != 2 || b.dropped != 1 {
		t.Errorf("took %d units, %d dropped; want 2, 1", len(b.units), b.dropped)
	}
}

func TestQueueOfTinyFramesIsBounded(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	s := newSession(live.Session{}, Config{FlushBytes: 1 << 20, QueueBytes: limit, Now: time.Now})
	tiny := media.Unit{Kind: media.Audio, Codec: media.MP3, Body: []byte{0}}
	for range limit {
		s.Write([]media.Unit{tiny})
	}
	var b batch
	s.take(&b)
	if size := len(b.units) * int(unsafe.Sizeof(tiny)); size == 0 || size > limit {
		t.Errorf("the queue took %d bytes of memory, at most %d are allowed", size, limit)
	}
}

func TestPushThatBeginsWithoutAKeyFrame(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = h.rule.Formats[:1]
		h.start()
		s := h.open()
		h.push(s, 1200*time.Millisecond, 4*time.Second) // the next key frame is at 2s
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, paused, created)
		var video, audio []media.Unit
		for _, u := range h.frames(h.files(".flv")[0]) {
			if u.Kind == media.Video {
				video = append(video, u)
			} else {
				audio = append(audio, u)
			}
		}
		if !video[0].Key || video[0].DTS < 700*time.Millisecond || video[0].DTS > 900*time.Millisecond {
			t.Errorf("video begins at %v, key %v; want the key frame at 0.8s", video[0].DTS, video[0].Key)
		}
		if audio[0].DTS > 50*time.Millisecond {
			t.Errorf("audio begins at %v, want 0: it need not wait", audio[0].DTS)
		}
	})
}

func TestPushThatEndsBeforeItsFirstKeyFrame(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = h.rule.Formats[:1]
		h.start()
		s := h.open()
		h.push(s, 1200*time.Millisecond, 1900*time.Millisecond)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, paused, created)
		f, err := os.Open(h.files(".flv")[0])
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for _, u := range flvUnits(t, f) { // decoder configurations among them
			if u.Kind == media.Video {
				t.Fatal("the file has video that nobody can decode")
			}
		}
	})
}
