package upload

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/durable"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

func TestPartsAreSentWhileAFileGrows(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		f, path := h.record("file_1", "shows")
		for _, step := range []struct {
			size int
			sent string
		}{{9, ""}, {19, ""}, {20, "2:1"}, {29, "2:1"}, {55, "2:1 3:1 4:1 5:1"}} {
			h.grow(f, path, content("head", step.size))
			if got := h.remote.sentParts(); got != step.sent {
				t.Errorf("parts of %d bytes sent: %q, want %q", step.size, got, step.sent)
			}
		}
		final := content("HEAD", 63) // its head was patched
		h.write(path, final)
		h.finish(f, path, "a.mp4")
		h.isObject("a.mp4", final)
		if got, want := h.remote.sentParts(), "1:1 2:1 3:1 4:1 5:1 6:1 7:1"; got != want {
			t.Errorf("parts sent: %q, want %q", got, want)
		}
		if h.exists(path) || len(h.rows(path)) > 0 || h.remote.openUploads() > 0 {
			t.Errorf("left: file %t, rows %v, %d uploads", h.exists(path), h.rows(path), h.remote.openUploads())
		}
	})
}

func TestFilesAreStoredWhole(t *testing.T) {
	for _, tt := range []struct {
		name   string
		bucket string
		size   int
	}{
		{"a file of less than two parts", "shows", 19},
		{"a file of more parts than an upload may have", "shows", maxParts*testPartSize + 1},
		{"a file of a bucket that takes no parts", "folder", 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, h *harness) {
				f, path := h.record("file_1", tt.bucket)
				want := content("head", tt.size)
				h.write(path, want)
				h.Grown(f, path, 19)
				h.finish(f, path, "a.mp4")
				got, _ := h.remote.object("a.mp4")
				if tt.bucket == "folder" {
					b, err := os.ReadFile(filepath.Join(h.folder, "a.mp4"))
					if err != nil {
						t.Fatal(err)
					}
					got = string(b)
				}
				if got != want {
					t.Errorf("object of %d bytes, want %d", len(got), len(want))
				}
				if h.remote.begun > 0 {
					t.Errorf("%d uploads begun, want none", h.remote.begun)
				}
				if h.exists(path) {
					t.Error("the spool file is still there")
				}
			})
		})
	}
}

// A file that grew beyond what an upload may have is stored whole, and its upload
// is forgotten.
func TestAnUploadOfTooManyPartsIsGivenUp(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		f, path := h.record("file_1", "shows")
		h.grow(f, path, content("head", 35))
		final := content("head", maxParts*testPartSize+1)
		h.write(path, final)
		h.finish(f, path, "a.mp4")
		if got, _ := h.remote.object("a.mp4"); got != final {
			t.Errorf("object of %d bytes, want %d", len(got), len(final))
		}
		if h.remote.openUploads() > 0 || len(h.rows(path)) > 0 {
			t.Errorf("%d uploads, rows %v; want none", h.remote.openUploads(), h.rows(path))
		}
	})
}

func TestATakenKeyCostsNothing(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		h.remote.objects["a.mp4"] = "another"
		f, path := h.record("file_1", "shows")
		want := content("head", 35)
		h.grow(f, path, want)
		if err := h.Put(t.Context(), f, path, "a.mp4"); !errors.Is(err, blob.ErrExists) {
			t.Errorf("Put under a taken key: %v, want ErrExists", err)
		}
		h.finish(f, path, "a_1.mp4")
		h.isObject("a.mp4", "another")
		h.isObject("a_1.mp4", want)
		if got, want := h.remote.sentParts(), "1:1 2:1 3:1 4:1"; got != want {
			t.Errorf("parts sent: %q, want %q", got, want)
		}
		if h.Stats().Failures != 0 {
			t.Error("a taken key counts as a failure of the bucket")
		}
	})
}

// The recorder writes the objects of an index one after the other under one name,
// and anew when a name is taken.
func TestAFileThatIsWrittenAnewIsSentAnew(t *testing.T) {
	for _, size := range []int{15, 35} {
		t.Run(fmt.Sprint(size, " bytes"), func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, h *harness) {
				h.remote.objects["b.m3u8"] = "another"
				f, path := h.record("file_1", "shows")
				for _, put := range []struct{ key, content string }{
					{"a.m3u8", content("first", size)},
					{"b.m3u8", content("second", size)},
					{"c.m3u8", content("third", size)},
					{"c.m3u8", content("third", size)},
				} {
					if err := durable.WriteFile(path, []byte(put.content), 0o600); err != nil {
						t.Fatal(err)
					}
					err := h.Put(t.Context(), f, path, put.key)
					if put.key == "b.m3u8" && errors.Is(err, blob.ErrExists) {
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					h.isObject(put.key, put.content)
				}
				f.State = live.FileStored
				h.put(f)
				if err := h.Discard(f, path); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if len(h.files) > 0 || h.remote.openUploads() > 0 {
					t.Errorf("%d files and %d uploads are left", len(h.files), h.remote.openUploads())
				}
			})
		})
	}
}

// What is not waited for any more is not remembered.
func TestAFileThatWasStoredWholeIsForgotten(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		for _, bucket := range []string{"shows", "folder"} {
			f, path := h.record("file_1", bucket)
			h.write(path, "content")
			if err := h.Put(t.Context(), f, path, "a"); err != nil {
				t.Fatal(err)
			}
		}
		if len(h.files) > 0 {
			t.Errorf("%d files are remembered", len(h.files))
		}
	})
}

func TestAFileThatChangedSinceIsSentAgainWhereItDiffers(t *testing.T) {
	for _, tt := range []struct {
		name, final, sent string
	}{
		{"nothing was lost", content("head", 65), "1:1 2:1 3:1 4:1 5:1 6:1 7:1"},
		{"a part differs", content("head", 30) + "##########" + content("head", 65)[40:], "1:1 2:1 3:1 4:2 5:1 6:1 7:1"},
		{"its end was lost", content("head", 33), "1:1 2:1 3:1 4:2 5:1 6:1"},
		{"nearly all was lost", content("head", 7), "1:1 2:1 3:1 4:1 5:1 6:1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, h *harness) {
				f, path := h.record("file_1", "shows")
				h.grow(f, path, content("head", 62))
				h.write(path, tt.final)
				h.restart()
				h.finish(f, path, "a.mp4")
				h.isObject("a.mp4", tt.final)
				if got := h.remote.sentParts(); got != tt.sent {
					t.Errorf("parts sent: %q, want %q", got, tt.sent)
				}
			})
		})
	}
}

func TestAFileThatGoesOnAfterARestartSendsOnlyWhatIsNew(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		f, path := h.record("file_1", "shows")
		h.grow(f, path, content("head", 35))
		h.restart()
		h.grow(f, path, content("head", 55))
		if got, want := h.remote.sentParts(), "2:1 3:1 4:1 5:1"; got != want {
			t.Errorf("parts sent: %q, want %q", got, want)
		}
		h.finish(f, path, "a.mp4")
		h.isObject("a.mp4", content("head", 55))
		if h.remote.begun != 1 {
			t.Errorf("%d uploads begun, want 1", h.remote.begun)
		}
	})
}

func TestAnUploadThatTheBucketForgotBeginsAnew(t *testing.T) {
	for _, growing := range []bool{false, true} {
		t.Run(fmt.Sprintf("while the file grows %t", growing), func(t *testing.T) {
			bubble(t, nil, func(t *testing.T, h *harness) {
				f, path := h.record("file_1", "shows")
				h.grow(f, path, content("head", 35))
				h.remote.forgetUploads()
				if growing {
					h.grow(f, path, content("head", 42)) // finds out
					time.Sleep(time.Minute)
					h.grow(f, path, content("head", 45)) // begins anew
					if got, want := h.remote.sentParts(), "2:2 3:2 4:1"; got != want {
						t.Errorf("parts sent: %q, want %q", got, want)
					}
				}
				h.write(path, content("head", 45))
				h.finish(f, path, "a.mp4")
				h.isObject("a.mp4", content("head", 45))
				if h.remote.begun != 2 {
					t.Errorf("%d uploads begun, want 2", h.remote.begun)
				}
			})
		})
	}
}

// What the store does not know cannot be taken up after a crash.
func TestAnUploadThatTheStoreForgotBeginsAnew(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		f, path := h.record("file_1", "shows")
		h.grow(f, path, content("head", 35))
		ctx := t.Context()
		if err := h.store.Update(ctx, func(tx store.Tx) error { return tx.DeleteUpload(ctx, nameOf(path)) }); err != nil {
			t.Fatal(err)
		}
		h.write(path, content("head", 45))
		h.finish(f, path, "a.mp4")
		h.isObject("a.mp4", content("head", 45))
		if h.remote.begun != 2 {
			t.Errorf("%d uploads begun, want 2", h.remote.begun)
		}
	})
}

func TestADiscardedFileLeavesNothing(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		f, path := h.record("file_1", "shows")
		h.grow(f, path, content("head", 35))
		f.State = live.FileDiscarded
		h.put(f)
		if err := h.Discard(f, path); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if h.exists(path) || len(h.rows(path)) > 0 || h.remote.openUploads() > 0 {
			t.Errorf("left: file %t, rows %v, %d uploads", h.exists(path), h.rows(path), h.remote.openUploads())
		}
		if err := h.Discard(f, path); err != nil {
			t.Errorf("second Discard: %v", err)
		}
	})
}

// The crash came between the commit of the state and Done: the recorder removes
// the spool file, the upload is found in the store.
func TestUploadsOfFinishedFilesAreForgottenAtTheStart(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		var paths []string
		for i, state := range []live.RecordFileState{live.FileStored, live.FileDiscarded, live.FileOpen} {
			f, path := h.record(live.RecordFileID(fmt.Sprint("file_", i)), "shows")
			h.grow(f, path, content("head", 35))
			f.State = state
			h.put(f)
			paths = append(paths, path)
		}
		h.restart()
		synctest.Wait()
		if rows := h.rows(paths...); len(rows) != 1 || rows[0].File != "file_2" || h.remote.openUploads() != 1 {
			t.Errorf("rows %v, %d uploads; want those of the file that is open", rows, h.remote.openUploads())
		}
	})
}

// A bucket that cannot be asked to forget uploads is asked again later.
func TestAnUploadIsForgottenWhenTheBucketIsBack(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		f, path := h.record("file_1", "shows")
		h.grow(f, path, content("head", 35))
		h.remote.setStep(func(context.Context, func() error) error { return errInjected })
		f.State = live.FileDiscarded
		h.put(f)
		if err := h.Discard(f, path); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(h.rows(path)) != 1 {
			t.Fatal("the store has forgotten an upload that the bucket still has")
		}
		h.remote.setStep(nil)
		time.Sleep(sweepInterval)
		synctest.Wait()
		if len(h.rows(path)) > 0 || h.remote.openUploads() > 0 {
			t.Errorf("rows %v, %d uploads; want none", h.rows(path), h.remote.openUploads())
		}
	})
}

func TestABucketThatHangsHoldsUpNoOther(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		h.remote.setStep(func(ctx context.Context, _ func() error) error {
			<-ctx.Done()
			return ctx.Err()
		})
		other := h.buckets["other"].(*memoryBucket)
		puts, cancel := context.WithCancel(t.Context())
		for i := range 20 {
			f, path := h.record(live.RecordFileID(fmt.Sprint("file_", i)), "shows")
			h.grow(f, path, content("head", 35))
			if i >= 10 {
				go h.Put(puts, f, path, fmt.Sprint(i))
			}
		}
		synctest.Wait()
		if h.remote.running != 4 || h.remote.most != 4 {
			t.Errorf("%d transfers run into the bucket, %d at most; want 4", h.remote.running, h.remote.most)
		}
		f, path := h.record("file_other", "other")
		h.grow(f, path, content("head", 35))
		if got, want := other.sentParts(), "2:1 3:1"; got != want {
			t.Errorf("parts sent to the other bucket: %q, want %q", got, want)
		}
		h.finish(f, path, "a.mp4")
		if got, _ := other.object("a.mp4"); got != content("head", 35) {
			t.Errorf("object %q", got)
		}
		cancel()
	})
}

func TestABucketThatIsAwayIsTriedForDays(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		var tries []time.Duration
		begun := time.Now()
		h.remote.setStep(func(context.Context, func() error) error {
			tries = append(tries, time.Since(begun))
			return errInjected
		})
		var files []live.RecordFile
		var paths []string
		for i := range 3 {
			f, path := h.record(live.RecordFileID(fmt.Sprint("file_", i)), "shows")
			files, paths = append(files, f), append(paths, path)
		}
		// All are due at once, so that the first tries run together.
		for i, f := range files {
			h.write(paths[i], content("head", 35))
			h.Grown(f, paths[i], 35)
		}
		time.Sleep(3 * 24 * time.Hour)
		synctest.Wait()
		if n, least, most := len(tries), int(72*time.Hour/lastRetry), int(2*72*time.Hour/lastRetry)+20; n < least || n > most {
			t.Errorf("%d tries in three days, want %d to %d", n, least, most)
		}
		for i := 4; i < len(tries); i++ {
			if wait := tries[i] - tries[i-1]; wait < firstRetry || wait > lastRetry {
				t.Errorf("try %d came after %v, want %v to %v", i, wait, firstRetry, lastRetry)
			}
		}
		if got := h.log.count("bucket is away"); got != 1 {
			t.Errorf("%d warnings, want 1", got)
		}
		stats := h.Stats()
		if b := stats.Buckets["shows"]; !b.Away || b.Files != 3 || b.Bytes != 60 || b.Oldest != 72*time.Hour || stats.Failures != int64(len(tries)) {
			t.Errorf("stats %+v", stats)
		}
		h.remote.setStep(nil)
		time.Sleep(lastRetry)
		synctest.Wait()
		if got, want := h.remote.sentParts(), "2:3 3:3"; got != want {
			t.Errorf("parts sent when the bucket is back: %q, want %q", got, want)
		}
		if got := h.log.count("bucket is back"); got != 1 {
			t.Errorf("%d lines that the bucket is back, want 1", got)
		}
		stats = h.Stats()
		if b := stats.Buckets["shows"]; b != (BucketStats{}) || stats.PartsSent != 6 {
			t.Errorf("stats %+v", stats)
		}
	})
}

func TestPutFailsAtOnceAndTheBackgroundGoesOn(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		h.remote.setStep(func(context.Context, func() error) error { return errInjected })
		f, path := h.record("file_1", "shows")
		h.write(path, content("head", 35))
		begun := time.Now()
		if err := h.Put(t.Context(), f, path, "a.mp4"); !errors.Is(err, errInjected) || time.Since(begun) > 0 {
			t.Errorf("Put = %v after %v", err, time.Since(begun))
		}
		if b := h.Stats().Buckets["shows"]; b.Files != 1 || b.Bytes != 35 {
			t.Errorf("stats %+v, want 1 file with 35 bytes", b)
		}
		h.remote.setStep(nil)
		time.Sleep(lastRetry)
		synctest.Wait()
		if got, want := h.remote.sentParts(), "2:1 3:1"; got != want {
			t.Errorf("parts sent: %q, want %q", got, want)
		}
		if b := h.Stats().Buckets["shows"]; b.Files != 1 || b.Bytes != 15 {
			t.Errorf("stats %+v, want 1 file with 15 bytes", b)
		}
		h.finish(f, path, "a.mp4")
		h.isObject("a.mp4", content("head", 35))
		if b := h.Stats().Buckets["shows"]; b != (BucketStats{}) {
			t.Errorf("stats %+v, want nothing", b)
		}
	})
}

func TestPutWaitsForAPartThatRuns(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		let := make(chan struct{})
		h.remote.setStep(func(_ context.Context, effect func() error) error {
			<-let
			return effect()
		})
		f, path := h.record("file_1", "shows")
		want := content("head", 25)
		h.grow(f, path, want) // begins the upload, and hangs
		done := make(chan error, 1)
		go func() { done <- h.Put(t.Context(), f, path, "a.mp4") }()
		synctest.Wait()
		if h.remote.most != 1 {
			t.Errorf("%d transfers ran at once, want Put to wait", h.remote.most)
		}
		close(let)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		h.isObject("a.mp4", want)
		if got, want := h.remote.sentParts(), "1:1 2:1 3:1"; got != want {
			t.Errorf("parts sent: %q, want %q", got, want)
		}
	})
}

func TestTheBackgroundTakesTheSlotThatAPutLeaves(t *testing.T) {
	bubble(t, func(c *Config) { c.Parallel = 1 }, func(t *testing.T, h *harness) {
		first, firstPath := h.record("file_1", "shows")
		h.write(firstPath, "short")
		let := make(chan struct{})
		h.remote.setStep(func(_ context.Context, effect func() error) error {
			<-let
			return effect()
		})
		done := make(chan error, 1)
		go func() { done <- h.Put(t.Context(), first, firstPath, "a.mp4") }()
		synctest.Wait()
		f, path := h.record("file_2", "shows")
		h.grow(f, path, content("head", 20))
		if got := h.remote.sentParts(); got != "" {
			t.Errorf("parts sent beside a Put: %q", got)
		}
		close(let)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got, want := h.remote.sentParts(), "2:1"; got != want {
			t.Errorf("parts sent after the Put: %q, want %q", got, want)
		}
	})
}

func TestPutEndsWithItsContext(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		h.remote.setStep(func(ctx context.Context, _ func() error) error {
			<-ctx.Done()
			return ctx.Err()
		})
		f, path := h.record("file_1", "shows")
		h.grow(f, path, content("head", 25)) // has the turn
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := h.Put(ctx, f, path, "a.mp4"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Put = %v, want the end of its context", err)
		}
		if h.Stats().Failures != 0 {
			t.Error("a call that was given up counts as a failure of the bucket")
		}
	})
}

// A Put that is given up between two parts completes nothing.
func TestAPutThatIsGivenUpCompletesNothing(t *testing.T) {
	bubble(t, func(c *Config) { c.Parallel = 1 }, func(t *testing.T, h *harness) {
		f, path := h.record("file_1", "shows")
		h.write(path, content("head", 55))
		for step := range 1 + 6 { // the upload begins, six parts are sent
			synctest.Wait() // for what is sent in the background
			if strings.Count(h.remote.sentParts(), ":") == 6 {
				break
			}
			ctx, cancel := context.WithCancel(t.Context())
			h.remote.setStep(func(_ context.Context, effect func() error) error {
				defer cancel()
				return effect()
			})
			if err := h.Put(ctx, f, path, "a.mp4"); !errors.Is(err, context.Canceled) {
				t.Errorf("Put, given up at step %d: %v", step, err)
			}
		}
		if content, ok := h.remote.object("a.mp4"); ok {
			t.Errorf("object %q", content)
		}
		h.remote.setStep(nil)
		h.finish(f, path, "a.mp4")
		h.isObject("a.mp4", content("head", 55))
		if got, want := h.remote.sentParts(), "1:1 2:1 3:1 4:1 5:1 6:1"; got != want {
			t.Errorf("parts sent: %q, want %q", got, want)
		}
	})
}

func TestRunEndsWhileBucketsAreTried(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		h.remote.setStep(func(ctx context.Context, _ func() error) error {
			<-ctx.Done()
			return ctx.Err()
		})
		for i := range 20 {
			f, path := h.record(live.RecordFileID(fmt.Sprint("file_", i)), "shows")
			h.grow(f, path, content("head", 35))
		}
		h.stop()
		if h.remote.running > 0 {
			t.Errorf("%d transfers run after the end", h.remote.running)
		}
		if h.Stats().Failures > 0 {
			t.Error("what the end cut off counts as failed")
		}
	})
}

func TestAStoreThatFailsIsNotTakenForTheBucket(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		h.store.setStep(func(func() error) error { return store.ErrUnavailable })
		f, path := h.record("file_1", "shows")
		h.write(path, content("head", 35))
		for range 20 { // ten seconds of growing
			h.Grown(f, path, 35)
			time.Sleep(500 * time.Millisecond)
		}
		if h.remote.begun > 5 || h.remote.openUploads() > 0 {
			t.Errorf("%d uploads begun, %d open; want few and none", h.remote.begun, h.remote.openUploads())
		}
		if stats := h.Stats(); stats.Failures > 0 {
			t.Errorf("%d failures of the bucket", stats.Failures)
		}
		if err := h.Put(t.Context(), f, path, "a.mp4"); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("Put = %v, want the store's error", err)
		}
		h.store.setStep(nil)
		h.finish(f, path, "a.mp4")
		h.isObject("a.mp4", content("head", 35))
	})
}

func TestAMissingBucketIsToldByPut(t *testing.T) {
	bubble(t, nil, func(t *testing.T, h *harness) {
		f, path := h.record("file_1", "none")
		h.grow(f, path, content("head", 35))
		if err := h.Put(t.Context(), f, path, "a.mp4"); !errors.Is(err, live.ErrBucketNotFound) {
			t.Errorf("Put = %v, want ErrBucketNotFound", err)
		}
		if !h.exists(path) {
			t.Error("the file is gone")
		}
	})
}

// TestAFaultAtAnyStep records one file while any one step fails: a call of the
// bucket or a commit, without effect or with it, and the server lives on or is
// killed there. Afterwards the object is there, and nothing else is.
func TestAFaultAtAnyStep(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		for _, kill := range []bool{false, true} {
			t.Run(fmt.Sprintf("yet done %t, killed %t", late, kill), func(t *testing.T) {
				t.Parallel()
				for failAt := int64(1); ; failAt++ {
					steps := int64(0)
					t.Run(fmt.Sprint("step ", failAt), func(t *testing.T) {
						dir := t.TempDir()
						synctest.Test(t, func(t *testing.T) { steps = recordWithFault(t, dir, failAt, late, kill) })
					})
					if steps < failAt {
						if failAt < 10 {
							t.Errorf("only %d steps were failed", failAt-1)
						}
						break
					}
				}
			})
		}
	}
}

// recordWithFault returns how many steps were taken before the fault was
// repaired.
func recordWithFault(t *testing.T, dir string, failAt int64, late, kill bool) int64 {
	h := newHarness(t, dir, func(c *Config) { c.Parallel = 2 })
	defer h.store.Close()
	var steps atomic.Int64
	var dead atomic.Bool
	step := func(effect func() error, fault error) error {
		if dead.Load() {
			return errInjected
		}
		if steps.Add(1) != failAt {
			return effect()
		}
		if late {
			if err := effect(); err != nil {
				return err
			}
		}
		dead.Store(kill)
		return fmt.Errorf("%w: %w", fault, errInjected)
	}
	h.remote.setStep(func(_ context.Context, effect func() error) error { return step(effect, errInjected) })
	h.store.setStep(func(effect func() error) error {
		if late {
			return step(effect, store.ErrUncertain)
		}
		return step(effect, store.ErrUnavailable)
	})
	h.start()
	defer func() { h.stop() }()
	f, path := h.record("file_1", "shows")
	revive := func() {
		if dead.Load() {
			h.stop()
			dead.Store(false)
			h.start()
		}
	}
	for _, size := range []int{20, 35, 47} {
		h.grow(f, path, content("head", size))
		revive()
	}
	final := content("HEAD", 53)
	h.write(path, final)
	for {
		if err := h.Put(t.Context(), f, path, "a.mp4"); err == nil {
			break
		}
		revive()
		time.Sleep(time.Second)
	}
	f.State = live.FileStored
	h.put(f)
	if err := h.Done(f, path); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	revive()
	time.Sleep(sweepInterval)
	synctest.Wait()

	h.isObject("a.mp4", final)
	if rows := h.rows(path); len(rows) > 0 || h.exists(path) {
		t.Errorf("left: rows %v, file %t", rows, h.exists(path))
	}
	leaks := 0
	if late || kill {
		leaks = 1 // nobody heard the ID of an upload that was just begun
	}
	if n := h.remote.openUploads(); n > leaks {
		t.Errorf("%d uploads are left in the bucket, want %d at most", n, leaks)
	}
	for number := 1; number <= 6; number++ {
		if n := h.remote.sent[number]; n > 2 {
			t.Errorf("part %d was sent %d times", number, n)
		}
	}
	return steps.Load()
}
