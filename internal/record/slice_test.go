package record

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/blob/localfs"
	"tallylight/internal/live"
)

func TestEmptySliceThatCannotBeRemovedAtOnceIsRemovedLater(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.start()
		path := filepath.Join(h.dir, "spool", "slice")
		spool, err := createSpoolFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// What is in the place of the file cannot be removed.
		if err := os.Rename(path, path+".moved"); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o755); err != nil {
			t.Fatal(err)
		}
		c := newCommitter(h.recorder, h.recorder.cfg.Log)
		s := &slicePart{slice: live.Slice{Format: live.FormatM3U8}, path: path, spool: spool, finish: formats[live.FormatM3U8].recover}
		for attempt := 1; attempt <= 2; attempt++ {
			if err := c.finishSlice(t.Context(), s); err == nil {
				t.Errorf("attempt %d succeeded although the file is in the way", attempt)
			}
		}
		if err := os.Remove(filepath.Join(path, "in the way")); err != nil {
			t.Fatal(err)
		}
		if err := c.finishSlice(t.Context(), s); err != nil {
			t.Errorf("last attempt: %v", err)
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("the file is still there: %v", err)
		}
	})
}

func TestSlicesAreFoundInASpoolOfAnyName(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.dir = filepath.Join(h.dir, "shows [2]")
		h.buckets = localfs.NewRoot(filepath.Join(h.dir, "records"))
		h.rule.Formats = everyFormat()[2:3]
		h.start()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		synctest.Wait()
		h.crash()
		h.start()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if d := h.details(1)[0].Duration; d < 3*time.Second {
			t.Errorf("the file lasts %v, want what was pushed before the kill", d)
		}
	})
}

func TestSpoolThatCannotBeReadAtOnceCostsNoSlice(t *testing.T) {
	bubble(t, func(t *testing.T, h *harness) {
		h.rule.Formats = everyFormat()[2:3]
		h.start()
		s := h.open()
		h.push(s, 0, 4*time.Second)
		synctest.Wait()
		h.crash()
		time.Sleep(2 * time.Minute) // nobody waits for the encoder any more
		h.makeRecorder()
		left, err := h.recorder.findLeftovers(t.Context())
		if err != nil || len(left) != 1 {
			t.Fatalf("%d recordings are left, %v; want one", len(left), err)
		}
		spool := filepath.Join(h.dir, "spool")
		if err := os.Rename(spool, spool+" elsewhere"); err != nil {
			t.Fatal(err)
		}
		h.recorder.finishLeftover(left[0])
		synctest.Wait()
		if err := os.Rename(spool+" elsewhere", spool); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if d := h.details(1)[0].Duration; d < 3*time.Second {
			t.Errorf("the file lasts %v, want what was pushed before the kill", d)
		}
	})
}
