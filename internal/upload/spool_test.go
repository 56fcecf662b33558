package upload

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
)

func withQuota(quota int64, keep time.Duration) func(*Config) {
	return func(c *Config) { c.Quota, c.KeepUploaded = quota, keep }
}

// upload stores a file of size bytes in the bucket "shows" and lets go of it. It
// returns the path of its copy.
func (h *harness) upload(id live.RecordFileID, size int) string {
	h.t.Helper()
	f, path := h.record(id, "shows")
	h.write(path, content(string(id), size))
	h.finish(f, path, string(id))
	return strings.TrimSuffix(path, ".part") + keptSuffix
}

// occupy puts a file of size bytes into the spool that is not uploaded.
func (h *harness) occupy(id live.RecordFileID, size int) {
	h.t.Helper()
	f, path := h.record(id, "folder")
	h.grow(f, path, content("head", size))
}

// kept returns which of the copies are there, by their ids.
func (h *harness) kept(paths ...string) string {
	var list []string
	for _, path := range paths {
		if h.exists(path) {
			id, _, _ := strings.Cut(filepath.Base(path), ".")
			list = append(list, id)
		}
	}
	return strings.Join(list, " ")
}

func TestASpoolThatIsFullHasNoRoom(t *testing.T) {
	bubble(t, withQuota(1000, 0), func(t *testing.T, h *harness) {
		for _, step := range []struct {
			size     int
			full     bool
			warnings int // so far
		}{
			{700, false, 0}, {800, false, 1}, {999, false, 1}, {1000, true, 1}, {1500, true, 1},
			{799, false, 1}, {800, false, 1}, // it has not been below 70 %
			{699, false, 1}, {850, false, 2},
		} {
			h.occupy("file_1", step.size)
			if step.size == 799 || step.size == 699 {
				time.Sleep(countInterval)
				synctest.Wait()
			}
			err := h.Room()
			if full := errors.Is(err, ErrSpoolFull); full != step.full || !full && err != nil {
				t.Errorf("with %d bytes: Room = %v, want full %t", step.size, err, step.full)
			}
			if got := h.log.count("runs short"); got != step.warnings {
				t.Errorf("with %d bytes: %d warnings, want %d", step.size, got, step.warnings)
			}
		}
		if stats := h.Stats(); stats.SpoolBytes != 850 || stats.Quota != 1000 {
			t.Errorf("stats %+v", stats)
		}
	})
}

func TestWithoutQuotaThereIsRoom(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		f, path := h.record("file_1", "folder")
		h.Grown(f, path, 1<<60)
		synctest.Wait()
		if err := h.Room(); err != nil {
			t.Error(err)
		}
		if h.log.count("runs short") > 0 {
			t.Error("a warning without quota")
		}
	})
}

func TestTheErrorOfAFullSpoolSaysWhatToDo(t *testing.T) {
	bubble(t, withQuota(3<<20, 0), func(t *testing.T, h *harness) {
		f, path := h.record("file_1", "folder")
		h.Grown(f, path, 4<<20)
		for _, want := range []string{"4.0 of 3.0 MiB", "record.spool_quota"} {
			if err := h.Room(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Room = %v, want %q in it", err, want)
			}
		}
	})
}

// What others put into the spool, or remove, is found by counting.
func TestTheSpoolIsCountedEveryMinuteAndAtTheStart(t *testing.T) {
	bubble(t, withQuota(1000, 0), func(t *testing.T, h *harness) {
		h.write(filepath.Join(h.cfg.SpoolDir, "stray.part"), content("", 600))
		f, path := h.record("file_1", "folder")
		h.Grown(f, path, 5000) // there is no such file
		if err := h.Room(); err == nil {
			t.Error("there is room beside a file of 5000 bytes")
		}
		time.Sleep(countInterval)
		synctest.Wait()
		if got := h.Stats().SpoolBytes; got != 600 {
			t.Errorf("%d bytes counted after a minute, want 600", got)
		}
		h.restart()
		if got := h.Stats().SpoolBytes; got != 600 {
			t.Errorf("%d bytes counted at the start, want 600", got)
		}
	})
}

func TestADiskThatIsNearlyFullIsWarnedOfOnce(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		for _, step := range []struct {
			free     uint64 // percent of 100 GiB
			warnings int    // so far
		}{{5, 0}, {4, 1}, {3, 1}, {6, 1}, {4, 1}, {7, 1}, {4, 2}} {
			h.free.Store(step.free * gibibyte)
			time.Sleep(countInterval)
			synctest.Wait()
			if got := h.log.count("runs short"); got != step.warnings {
				t.Errorf("with %d %% free: %d warnings, want %d", step.free, got, step.warnings)
			}
			if got := h.Stats(); got.DiskFree != int64(step.free*gibibyte) || got.DiskSize != 100*gibibyte || got.DiskLow != (step.free < 5) {
				t.Errorf("with %d %% free: stats %+v", step.free, got)
			}
		}
	})
}

func TestASmallDiskIsNearlyFullBelowAGibibyte(t *testing.T) {
	t.Parallel()
	for free, low := range map[uint64]bool{gibibyte - 1: true, gibibyte: false} {
		s := newSpool(Config{free: func(string) (uint64, uint64, error) { return free, 8 * gibibyte, nil }})
		if got := s.look().low; got != low {
			t.Errorf("%d bytes free of 8 GiB: low %t, want %t", free, got, low)
		}
	}
}

func TestTheFileSystemTellsItsFreeSpace(t *testing.T) {
	t.Parallel()
	free, total, err := diskFree(t.TempDir())
	if err != nil || total == 0 || free > total {
		t.Errorf("diskFree = %d of %d, %v", free, total, err)
	}
	if _, _, err := diskFree(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a folder that is not there has free space")
	}
}

func TestCopiesAreKeptForTheirTime(t *testing.T) {
	bubble(t, withQuota(0, time.Hour), func(t *testing.T, h *harness) {
		a := h.upload("a", 35)
		time.Sleep(30*time.Minute + time.Second)
		b := h.upload("b", 5)
		if got := h.kept(a, b); got != "a b" {
			t.Errorf("kept %q, want both", got)
		}
		if stats := h.Stats(); stats.KeptCopies != 2 || stats.KeptBytes != 40 || stats.SpoolBytes != 40 {
			t.Errorf("stats %+v", stats)
		}
		h.restart() // they are found again
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if got := h.kept(a, b); got != "b" {
			t.Errorf("kept %q after an hour, want b", got)
		}
		time.Sleep(31 * time.Minute)
		synctest.Wait()
		if got := h.kept(a, b); got != "" {
			t.Errorf("kept %q after more than an hour, want none", got)
		}
		if stats := h.Stats(); stats.KeptCopies != 0 || stats.SpoolBytes != 0 {
			t.Errorf("stats %+v", stats)
		}
	})
}

func TestKeptCopiesGiveWayOldestFirst(t *testing.T) {
	bubble(t, withQuota(1000, 24*time.Hour), func(t *testing.T, h *harness) {
		var copies []string
		for _, id := range []live.RecordFileID{"z", "y", "x"} { // uploaded in this order
			copies = append(copies, h.upload(id, 200))
			time.Sleep(time.Second)
		}
		for _, step := range []struct {
			size int
			kept string
		}{{99, "z y x"}, {100, "y x"}, {299, "y x"}, {300, "x"}, {900, ""}} {
			h.occupy("file_1", step.size)
			if got := h.kept(copies...); got != step.kept {
				t.Errorf("beside %d bytes: kept %q, want %q", step.size, got, step.kept)
			}
			if err := h.Room(); err != nil {
				t.Errorf("beside %d bytes: %v", step.size, err)
			}
		}
		h.occupy("file_1", 2000)
		if _, path := h.record("file_1", "folder"); !h.exists(path) {
			t.Error("a file that is not uploaded was evicted")
		}
	})
}

// A quota that was lowered does not keep recordings from beginning as long as
// copies can give way.
func TestKeptCopiesDoNotTakeRoom(t *testing.T) {
	bubble(t, withQuota(0, 24*time.Hour), func(t *testing.T, h *harness) {
		a := h.upload("a", 2000)
		h.stop()
		h.cfg.Quota = 1000
		h.Uploads = New(h.cfg)
		if err := h.Room(); err != nil {
			t.Errorf("Room before Run: %v", err)
		}
		h.start()
		synctest.Wait()
		if got := h.kept(a); got != "" {
			t.Errorf("kept %q, want none", got)
		}
	})
}

func TestKeptCopiesGiveWayOnAFullDisk(t *testing.T) {
	bubble(t, withQuota(0, 24*time.Hour), func(t *testing.T, h *harness) {
		var copies []string
		for i := range 3 {
			copies = append(copies, h.upload(live.RecordFileID(fmt.Sprint(i)), 100))
			time.Sleep(time.Second)
		}
		h.stop()
		h.cfg.free = func(string) (uint64, uint64, error) {
			left := len(strings.Fields(h.kept(copies...)))
			return uint64(6-left) * gibibyte, 100 * gibibyte, nil // each copy takes 1 %
		}
		h.start()
		synctest.Wait()
		if got := h.kept(copies...); got != "2" {
			t.Errorf("kept %q, want the newest", got)
		}
		if h.log.count("runs short") > 0 {
			t.Error("a warning although the copies gave way")
		}
	})
}

func TestFilesOfFoldersAreNotKept(t *testing.T) {
	bubble(t, withQuota(0, time.Hour), func(t *testing.T, h *harness) {
		f, path := h.record("file_1", "folder")
		h.write(path, "content")
		h.finish(f, path, "a.mp4")
		if h.exists(path) || h.Stats().KeptCopies > 0 {
			t.Errorf("left: file %t, %d copies", h.exists(path), h.Stats().KeptCopies)
		}
	})
}

func TestDoneCanBeRepeated(t *testing.T) {
	for _, keep := range []time.Duration{0, time.Hour} {
		t.Run(fmt.Sprint("keep ", keep), func(t *testing.T) {
			bubble(t, withQuota(0, keep), func(t *testing.T, h *harness) {
				f, path := h.record("file_1", "shows")
				h.write(path, "content")
				h.finish(f, path, "a")
				if err := h.Done(f, path); err != nil {
					t.Error(err)
				}
				if h.exists(path) {
					t.Error("the file is still in the spool")
				}
			})
		})
	}
}
