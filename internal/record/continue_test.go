package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/hls/hlstest"
	"tallylight/internal/media/mp4"
	"tallylight/internal/store"
)

const slicePrefix = "record/{AppName}/{StreamName}/{UnixTimestamp}_{Sequence}"

// everyFormat is a rule with all formats there are.
func everyFormat() []live.RecordFormat {
	return []live.RecordFormat{
		{Format: live.FormatFLV, CycleDuration: time.Hour, ObjectPrefix: prefix},
		{Format: live.FormatMP4, CycleDuration: time.Hour, ObjectPrefix: prefix},
		{Format: live.FormatM3U8, CycleDuration: time.Hour, SliceDuration: 5 * time.Second, ObjectPrefix: prefix, SliceObjectPrefix: slicePrefix},
		{Format: live.FormatCMAF, CycleDuration: time.Hour, SliceDuration: 5 * time.Second, ObjectPrefix: prefix, SliceObjectPrefix: slicePrefix},
	}
}

func TestKilledServerContinuesItsFiles(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = everyFormat()
		h.start()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		h.crash()
		time.Sleep(20 * time.Second)
		h.start()
		s = h.open()
		s.Write([]media.Unit{{Kind: media.Data, Body: []byte("\x02\x00\x0aonMetaData\x05")}})
		h.push(s, 4*time.Second, 8*time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		events := h.told(started, paused, resumed, paused, created, created, created, created)
		for _, path := range h.stored(".ts") {
			if n := len(h.stored(".ts")); n != 2 || !strings.HasSuffix(path, "_0.ts") && !strings.HasSuffix(path, "_1.ts") {
				t.Errorf("slice %s of %d, want 0 and 1", filepath.Base(path), n)
			}
		}
		for _, e := range events[1:] {
			if e.Recording != events[0].Recording {
				t.Errorf("%s is of recording %s, want %s", e.Type, e.Recording, events[0].Recording)
			}
		}
		paths := h.files(".flv")
		if len(paths) != 1 {
			t.Fatalf("files = %v, want one", paths)
		}
		frames := h.frames(paths[0])
		total := len(slices.DeleteFunc(sampleUnits(t), func(u media.Unit) bool { return u.Config || u.DTS >= 8*time.Second }))
		perSecond := total / 8
		if len(frames) < total-perSecond {
			t.Errorf("%d frames in the file, want %d: more than a second was lost", len(frames), total)
		}
		for i := 1; i < len(frames); i++ {
			if frames[i].DTS < frames[i-1].DTS {
				t.Fatalf("frame %d has DTS %v behind %v", i, frames[i].DTS, frames[i-1].DTS)
			}
		}
		for _, e := range events {
			if f := e.Detail.File; f != nil && (f.Duration < 7*time.Second || f.Duration > 8300*time.Millisecond) {
				t.Errorf("%s lasts %v, want some 8s", f.Format, f.Duration)
			}
		}
		h.playlistsValid()
		h.intact(t, 0)
	})
}

// playlistsValid fails the test unless every playlist is one, and what it lists
// exists.
func (h *harness) playlistsValid() {
	h.t.Helper()
	for _, path := range h.stored(".m3u8") {
		text, err := os.ReadFile(path)
		if err != nil {
			h.t.Fatal(err)
		}
		if err := hlstest.Validate(text); err != nil {
			h.t.Errorf("%s: %v", filepath.Base(path), err)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), filepath.FromSlash(line))); err != nil {
				h.t.Errorf("%s lists what does not exist: %v", filepath.Base(path), err)
			}
		}
	}
}

func TestKilledServerFinishesItsFilesWhenNobodyComesBack(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = everyFormat()
		h.start()
		s := h.open()
		h.push(s, 0, 6*time.Second)
		h.crash()
		time.Sleep(30 * time.Second)
		h.start()
		time.Sleep(25 * time.Second)
		synctest.Wait()
		h.told(started, paused) // a minute after the last frame is not over
		time.Sleep(10 * time.Second)
		synctest.Wait()
		h.told(started, paused, created, created, created, created)
		h.intact(t, 0)
	})
}

func TestServerThatWasAwayTooLongFinishesAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = everyFormat()
		h.start()
		s := h.open()
		h.push(s, 0, 6*time.Second)
		h.crash()
		time.Sleep(2 * time.Minute)
		h.start()
		synctest.Wait()
		h.told(started, paused, created, created, created, created)
		h.intact(t, 0)
	})
}

func TestOrderlyRestartContinuesTheRecordingInNewFiles(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		s.Close(nil)
		h.close()
		h.told(started, paused, created, created)
		time.Sleep(20 * time.Second)
		h.start()
		s = h.open()
		h.push(s, 4*time.Second, 8*time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		events := h.told(started, paused, created, created, resumed, paused, created, created)
		if first, last := events[0].Recording, events[7].Recording; first != last {
			t.Errorf("the recording became another: %s, then %s", first, last)
		}
		h.intact(t, 8*time.Second)
	})
}

func TestWhatACommandStartedIsNotContinued(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.OnDemand = live.OnDemandManual
		h.start()
		s := h.open()
		h.push(s, 0, time.Second)
		if err := h.recorder.Command(t.Context(), key, live.CommandStart); err != nil {
			t.Fatal(err)
		}
		h.push(s, time.Second, 5*time.Second)
		h.crash()
		h.start()
		synctest.Wait()
		h.told(started, paused, created, created)
		h.intact(t, 0)
	})
}

func TestAnotherTrackAfterAKillBeginsNewFiles(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = everyFormat()
		h.start()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		h.crash()
		h.start()
		s = h.open()
		units := sampleUnits(t)
		for i := range units {
			if units[i].Config && units[i].Kind == media.Audio {
				units[i].Body = []byte{0x12, 0x08} // another rate
			}
		}
		s.Write(units)
		time.Sleep(time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if n := len(h.files(".flv")); n != 2 {
			t.Errorf("%d FLV files, want one before and one after", n)
		}
		h.intact(t, 0)
	})
}

// TestTornEndsAreContinued kills the server, shortens a spool file by some bytes,
// as a power cut does, and goes on.
func TestTornEndsAreContinued(t *testing.T) {
	for torn := range 12 {
		t.Run(fmt.Sprint(torn*7, " bytes"), func(t *testing.T) {
			bubble(t, func(t *testing.T, h *harness) {
				h.rule.Formats = everyFormat()
				h.start()
				s := h.open()
				h.push(s, 0, 4*time.Second)
				h.crash()
				for _, e := range mustReadDir(t, filepath.Join(h.dir, "spool")) {
					path := filepath.Join(h.dir, "spool", e.Name())
					info, err := e.Info()
					if err != nil || !strings.HasSuffix(e.Name(), spoolSuffix) || strings.Contains(e.Name(), "init") {
						continue
					}
					if err := errors.Join(os.Truncate(path, info.Size()-int64(torn*7)), os.Chtimes(path, time.Now(), time.Now())); err != nil {
						t.Fatal(err)
					}
				}
				h.start()
				s = h.open()
				h.push(s, 4*time.Second, 8*time.Second)
				s.Close(nil)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				h.told(started, paused, resumed, paused, created, created, created, created)
				h.playlistsValid()
				h.intact(t, 0)
			})
		})
	}
}

func TestSlicesAreStoredWhileTheRecordingRuns(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = everyFormat()[2:]
		h.start()
		s := h.open()
		h.push(s, 0, 9*time.Second)
		synctest.Wait()
		h.told(started)
		var files []live.RecordFile
		var list []live.Slice
		err := h.db.View(t.Context(), func(tx store.Reader) error {
			var err error
			if files, err = tx.UnfinishedRecordFiles(t.Context()); err != nil {
				return err
			}
			for _, f := range files {
				slices, err := tx.FileSlices(t.Context(), f.ID)
				if err != nil {
					return err
				}
				list = append(list, slices...)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		kinds := make(map[live.SliceKind]int)
		for _, slice := range list {
			kinds[slice.Kind]++
			info, err := os.Stat(filepath.Join(h.dir, "records", slice.Bucket, slice.ObjectKey))
			if err != nil || info.Size() != slice.Size || slice.Size == 0 {
				t.Errorf("slice %s: %v, %d bytes expected", slice.ObjectKey, err, slice.Size)
			}
			if !slice.Kind.IsInit() && (slice.Duration < 4*time.Second || slice.Duration > 6*time.Second) {
				t.Errorf("slice %s lasts %v, want some 5s", slice.ObjectKey, slice.Duration)
			}
		}
		for _, k := range []live.SliceKind{live.SliceMuxed, live.SliceVideo, live.SliceAudio, live.SliceVideoInit, live.SliceAudioInit} {
			if kinds[k] != 1 {
				t.Errorf("%d slices of kind %q are stored, want 1", kinds[k], k)
			}
		}
		growing, err := filepath.Glob(filepath.Join(h.dir, "spool", "*"+playlistSuffix))
		if err != nil || len(growing) != 3 {
			t.Errorf("growing playlists = %v, %v; want 3", growing, err)
		}
		for _, path := range growing {
			text, err := os.ReadFile(path)
			if err == nil {
				err = hlstest.Validate(text)
			}
			if err != nil {
				t.Errorf("%s: %v", filepath.Base(path), err)
			}
		}
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.told(started, paused, created, created)
		h.playlistsValid()
		h.intact(t, 0)
	})
}

func TestSpoolWithoutRoomEndsTheRecording(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats[0].CycleDuration = 5 * time.Second
		h.start()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		h.world.full.Store(true)
		h.push(s, 4*time.Second, 8*time.Second)
		h.told(started, failed, created, created)
		h.world.full.Store(false)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.intact(t, 0)
	})
}

func TestGrowthIsTold(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		told := 0
		h.world.grown.Range(func(path, size any) bool {
			told++
			info, err := os.Stat(path.(string))
			if err != nil || info.Size() != size.(int64) {
				t.Errorf("%s was told to have %d bytes: %v", path, size, err)
			}
			return true
		})
		if told != 2 {
			t.Errorf("growth of %d files was told, want 2", told)
		}
		s.Close(nil)
	})
}

func TestSpoolThatIsNotMountedIsNotGivenUp(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		h.crash()
		spool := filepath.Join(h.dir, "spool")
		if err := os.Rename(spool, spool+".away"); err != nil {
			t.Fatal(err)
		}
		h.makeRecorder()
		if err := h.recorder.Recover(t.Context()); err == nil || !strings.Contains(err.Error(), spoolMark) {
			t.Errorf("Recover with an empty spool = %v, want an error that names %s", err, spoolMark)
		}
		h.close()
		if err := errors.Join(os.RemoveAll(spool), os.Rename(spool+".away", spool)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		h.start()
		synctest.Wait()
		h.told(started, paused, created, created)
		h.intact(t, 0)
	})
}

func TestSliceLastsUntilTheNext(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = everyFormat()[2:]
		h.start()
		s := h.open()
		h.push(s, 0, 5*time.Second)
		units := slices.DeleteFunc(sampleUnits(t), func(u media.Unit) bool { return u.Config || u.DTS < 5*time.Second })
		time.Sleep(3 * time.Second) // the encoder's clock stands in a file, but not in time
		for i := range units {
			units[i].DTS += 3 * time.Second
		}
		s.Write(units)
		time.Sleep(time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for _, e := range h.told(started, paused, created, created) {
			if f := e.Detail.File; f != nil && f.Duration < 12*time.Second {
				t.Errorf("%s lasts %v: the pause between two slices is missing", f.Format, f.Duration)
			}
		}
		h.playlistsValid()
	})
}

// TestFileThatCannotBeContinuedCostsNoSlice has the MP4 be finished already when
// the server starts, so that all files are finished instead of continued.
func TestFileThatCannotBeContinuedCostsNoSlice(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = everyFormat()
		h.start()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		h.crash()
		paths, err := filepath.Glob(filepath.Join(h.dir, "spool", "*.mp4"+spoolSuffix))
		for _, path := range paths {
			if strings.Contains(path, "_init") {
				continue
			}
			f, openErr := os.OpenFile(path, os.O_RDWR, 0)
			if openErr != nil {
				t.Fatal(openErr)
			}
			_, finishErr := mp4.Recover(f)
			err = errors.Join(err, finishErr, f.Close(), os.Chtimes(path, time.Now(), time.Now()))
		}
		if err != nil {
			t.Fatal(err)
		}
		h.start()
		s = h.open()
		h.push(s, 4*time.Second, 8*time.Second)
		s.Close(nil)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		h.intact(t, 0)
		if events := h.events(); len(events) != 12 {
			t.Errorf("%d events, want four states and two files of each format", len(events))
		}
		h.playlistsValid()
	})
}
