package upload

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/blob/localfs"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

// A harness is a spool, a real store and buckets for Uploads.
type harness struct {
	t       *testing.T
	store   *faultyStore
	buckets map[string]blob.Bucket
	remote  *memoryBucket // "shows"
	folder  string        // of the bucket "folder"
	cfg     Config
	log     *logBuffer
	free    atomic.Uint64 // of a disk of 100 GiB
	*Uploads
	stop func() // ends Run
}

// A faultyStore is a store whose Updates can fail.
type faultyStore struct {
	*sqlite.Store
	mu   sync.Mutex
	step func(effect func() error) error // may be nil
}

// setStep has step called for every Update from now on.
func (s *faultyStore) setStep(step func(effect func() error) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step = step
}

func (s *faultyStore) Update(ctx context.Context, fn func(store.Tx) error) error {
	effect := func() error { return s.Store.Update(ctx, fn) }
	s.mu.Lock()
	step := s.step
	s.mu.Unlock()
	if step == nil {
		return effect()
	}
	return step(effect)
}

// A logBuffer holds what was logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// count returns how many lines hold text.
func (l *logBuffer) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

const gibibyte = 1 << 30

// bubble runs a test in a synctest bubble: its clock jumps when all wait. change
// may be nil.
func bubble(t *testing.T, change func(*Config), test func(t *testing.T, h *harness)) {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := newHarness(t, dir, change)
		defer h.store.Close()
		h.start()
		defer func() { h.stop() }()
		test(t, h)
	})
}

func newHarness(t *testing.T, dir string, change func(*Config)) *harness {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(dir, "db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{
		t: t, store: &faultyStore{Store: s}, remote: newMemoryBucket(), folder: filepath.Join(dir, "folder"),
		log: new(logBuffer),
	}
	h.free.Store(50 * gibibyte)
	h.buckets = localfs.Named{"shows": h.remote, "other": newMemoryBucket(), "folder": localfs.NewBucket(h.folder)}
	h.cfg = Config{
		Store: h.store, Buckets: localfs.Named(h.buckets), SpoolDir: filepath.Join(dir, "spool"),
		Log: slog.New(slog.NewTextHandler(h.log, nil)), Now: time.Now,
		free: func(string) (uint64, uint64, error) { return h.free.Load(), 100 * gibibyte, nil },
	}
	if change != nil {
		change(&h.cfg)
	}
	if err := os.MkdirAll(h.cfg.SpoolDir, 0o755); err != nil {
		t.Fatal(err)
	}
	return h
}

// start makes Uploads anew and runs them.
func (h *harness) start() {
	h.Uploads = New(h.cfg)
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan struct{})
	go func(u *Uploads) {
		defer close(done)
		if err := u.Run(ctx); err != nil {
			h.t.Error(err)
		}
	}(h.Uploads)
	h.stop = func() {
		cancel()
		<-done
	}
}

// restart does what a restart of the server does.
func (h *harness) restart() {
	h.stop()
	h.start()
}

// record returns a record file, which the store knows, and its path in the spool.
func (h *harness) record(id live.RecordFileID, bucket string) (live.RecordFile, string) {
	f := live.RecordFile{ID: id, Bucket: bucket, Format: live.FormatMP4, State: live.FileOpen}
	h.put(f)
	return f, filepath.Join(h.cfg.SpoolDir, string(id)+".mp4.part")
}

func (h *harness) put(f live.RecordFile) {
	h.t.Helper()
	ctx := h.t.Context()
	if err := h.store.Store.Update(ctx, func(tx store.Tx) error { return tx.PutRecordFile(ctx, f) }); err != nil {
		h.t.Fatal(err)
	}
}

// write makes content the file at path.
func (h *harness) write(path, content string) {
	h.t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// grow makes content the file at path and says so; then everything settles.
func (h *harness) grow(f live.RecordFile, path, content string) {
	h.t.Helper()
	h.write(path, content)
	h.Grown(f, path, int64(len(content)))
	synctest.Wait()
}

// finish puts a file and lets go of it as the recorder does.
func (h *harness) finish(f live.RecordFile, path, key string) {
	h.t.Helper()
	if err := h.Put(h.t.Context(), f, path, key); err != nil {
		h.t.Fatal(err)
	}
	f.State = live.FileStored
	h.put(f)
	if err := h.Done(f, path); err != nil {
		h.t.Fatal(err)
	}
	synctest.Wait()
}

// rows returns the uploads that the store knows.
func (h *harness) rows(names ...string) (list []live.Upload) {
	h.t.Helper()
	for _, path := range names {
		ctx := h.t.Context()
		h.store.View(ctx, func(r store.Reader) error {
			u, err := r.Upload(ctx, nameOf(path))
			if err == nil {
				list = append(list, u)
			}
			return nil
		})
	}
	return list
}

// isObject checks the content of an object of the bucket "shows".
func (h *harness) isObject(key, want string) {
	h.t.Helper()
	if got, ok := h.remote.object(key); !ok || got != want {
		h.t.Errorf("object %s = %q, %t; want %q", key, got, ok, want)
	}
}

func (h *harness) exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// content returns n bytes that differ from part to part, after a head.
func content(head string, n int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%x.", i)
	}
	return b.String()[:n]
}
