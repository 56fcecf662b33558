package retention

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/blob/localfs"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

var errInjected = errors.New("injected fault")

// A world is a real store and real folders in which steps can fail.
type world struct {
	*sqlite.Store
	t    *testing.T
	root *localfs.Root
	dir  string // of the buckets
	log  bytes.Buffer
	mu   sync.Mutex
	fail func(step func() error) error // may be nil
}

// setFail has fail called for every step from now on.
func (w *world) setFail(fail func(step func() error) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail = fail
}

func (w *world) step(fn func() error) error {
	w.mu.Lock()
	fail := w.fail
	w.mu.Unlock()
	if fail == nil {
		return fn()
	}
	return fail(fn)
}

func (w *world) Update(ctx context.Context, fn func(store.Tx) error) error {
	return w.step(func() error { return w.Store.Update(ctx, fn) })
}

func (w *world) Bucket(name string) (blob.Bucket, error) {
	b, err := w.root.Bucket(name)
	return bucket{b, w}, err
}

type bucket struct {
	blob.Bucket
	w *world
}

func (b bucket) Delete(ctx context.Context, key string) error {
	return b.w.step(func() error { return b.Bucket.Delete(ctx, key) })
}

// bubble runs a test in a synctest bubble: its clock jumps when all wait.
func bubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), filepath.Join(dir, "db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		w := &world{Store: s, t: t, dir: filepath.Join(dir, "records")}
		w.root = localfs.NewRoot(w.dir)
		test(t, w)
	})
}

// run runs a Deleter and returns what ends it.
func (w *world) run(rules ...Rule) (stop func()) {
	d := New(Config{Store: w, Buckets: w, Rules: rules, Log: slog.New(slog.NewTextHandler(&w.log, nil)), Now: time.Now})
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

// add stores a record file that ended age ago, with its objects.
func (w *world) add(id live.RecordFileID, domain string, format live.Format, state live.RecordFileState, age time.Duration) {
	w.t.Helper()
	now := time.Now()
	f := live.RecordFile{
		ID: id, Key: live.StreamKey{Domain: domain, App: "live", Stream: "show"}, Format: format, State: state, Bucket: "shows",
		ObjectKey: string(id) + format.Extension(), StartTime: now.Add(-age - time.Hour), StopTime: now.Add(-age),
	}
	w.object(f.ObjectKey)
	var parts []live.Slice
	addSlice := func(k live.SliceKind, sequence int) {
		s := live.Slice{
			Key: f.Key, File: f.ID, Format: format, Kind: k, Sequence: sequence, Bucket: "shows",
			ObjectKey: fmt.Sprintf("%s.%s%d", id, k, sequence), StoredAt: now.Add(-age),
		}
		w.object(s.ObjectKey)
		parts = append(parts, s)
	}
	switch format {
	case live.FormatM3U8:
		addSlice(live.SliceMuxed, 0)
		addSlice(live.SliceMuxed, 1)
	case live.FormatCMAF:
		w.object(live.CMAFPlaylistKey(f.ObjectKey, live.SliceMuxed))
		w.object(live.CMAFPlaylistKey(f.ObjectKey, live.SliceAudio))
		addSlice(live.SliceAudioInit, 0)
		addSlice(live.SliceAudio, 0)
	}
	ctx := w.t.Context()
	err := w.Store.Update(ctx, func(tx store.Tx) error {
		for _, s := range parts {
			if err := tx.AddSlice(ctx, s); err != nil {
				return err
			}
		}
		return tx.PutRecordFile(ctx, f)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) object(key string) {
	w.t.Helper()
	path := filepath.Join(w.dir, "shows", key)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(key), 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// objects returns the objects that are there, by their names.
func (w *world) objects() string {
	entries, err := os.ReadDir(filepath.Join(w.dir, "shows"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// in returns the files that are in a state, and how many slices the store knows of
// all files.
func (w *world) in(state live.RecordFileState) (ids string, parts int) {
	w.t.Helper()
	ctx := w.t.Context()
	var list []string
	err := w.View(ctx, func(r store.Reader) error {
		files, err := r.RecordFiles(ctx, live.RecordFileQuery{Limit: 1000})
		if err != nil {
			return err
		}
		for _, f := range files {
			if f.State == state {
				list = append(list, string(f.ID))
			}
			of, err := r.FileSlices(ctx, f.ID)
			if err != nil {
				return err
			}
			parts += len(of)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(list)
	return strings.Join(list, " "), parts
}

const (
	play  = "play.example.com"
	other = "other.example.com"
	day   = 24 * time.Hour
)

func TestFilesAreDeletedWithAllTheirObjects(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.add("a", play, live.FormatMP4, live.FileStored, 2*day)
		w.add("b", play, live.FormatM3U8, live.FileStored, 2*day)
		w.add("c", play, live.FormatCMAF, live.FileStored, 2*day)
		w.add("d", play, live.FormatM3U8, live.FileStored, day/2)
		w.run(Rule{play, day})()
		if got, want := w.objects(), "d.0 d.1 d.m3u8"; got != want {
			t.Errorf("objects %q, want %q", got, want)
		}
		if ids, parts := w.in(live.FileDeleted); ids != "a b c" || parts != 2 {
			t.Errorf("files deleted: %q, %d slices known; want a b c and 2", ids, parts)
		}
		for _, want := range []string{"file_id=c", "object_key=c.mpd", "bucket=shows", "rule=" + play, "objects=5"} {
			if !strings.Contains(w.log.String(), want) {
				t.Errorf("log %q lacks %q", w.log.String(), want)
			}
		}
		if got := strings.Count(w.log.String(), "record file deleted"); got != 3 {
			t.Errorf("%d lines, want one for each of 3 files", got)
		}
	})
}

func TestOnlyWhatTheRulesSayIsDeleted(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rules []Rule
		want  string
	}{
		{"no rule", nil, ""},
		{"a rule of one domain", []Rule{{play, day}}, "play2 play9"},
		{"a rule of every domain", []Rule{{live.Any, 8 * day}}, "other9 play9"},
		{"its own rule goes before that of every domain", []Rule{{live.Any, day}, {play, 8 * day}}, "other2 other9 play9"},
		{"a rule of an unknown domain", []Rule{{"none.example.com", day}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, w *world) {
				for domain, name := range map[string]string{play: "play", other: "other"} {
					for _, days := range []int{0, 2, 9} {
						w.add(live.RecordFileID(fmt.Sprint(name, days)), domain, live.FormatMP4, live.FileStored, time.Duration(days)*day)
					}
				}
				for _, state := range []live.RecordFileState{live.FileOpen, live.FileSealed, live.FileDiscarded} {
					w.add(live.RecordFileID(state), play, live.FormatMP4, state, 99*day)
				}
				before := len(strings.Fields(w.objects()))
				w.run(tt.rules...)()
				ids, _ := w.in(live.FileDeleted)
				if ids != tt.want {
					t.Errorf("deleted %q, want %q", ids, tt.want)
				}
				if got, want := len(strings.Fields(w.objects())), before-len(strings.Fields(tt.want)); got != want {
					t.Errorf("%d objects are left, want %d", got, want)
				}
			})
		})
	}
}

// What began before a time has not ended before it.
func TestAFileIsKeptFromItsEndOn(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		w.add("a", play, live.FormatMP4, live.FileStored, day-time.Minute) // began an hour before
		stop := w.run(Rule{play, day})
		defer stop()
		if ids, _ := w.in(live.FileStored); ids != "a" {
			t.Error("the file was deleted a minute before its time")
		}
		time.Sleep(interval)
		synctest.Wait()
		if ids, _ := w.in(live.FileDeleted); ids != "a" {
			t.Error("the next run did not delete the file")
		}
	})
}

func TestManyFilesAreDeleted(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for i := range 2*pageSize + 1 {
			w.add(live.RecordFileID(fmt.Sprintf("%03d", i)), play, live.FormatMP4, live.FileStored, 2*day+time.Duration(i%7)*time.Hour)
		}
		w.run(Rule{play, day})()
		if got := w.objects(); got != "" {
			t.Errorf("objects %q are left", got)
		}
	})
}

// Files that a rule passes over are not read again and again.
func TestFilesThatStayDoNotHideOthers(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for i := range pageSize {
			w.add(live.RecordFileID(fmt.Sprintf("%03d", i)), other, live.FormatMP4, live.FileStored, 3*day)
		}
		w.add("last", play, live.FormatMP4, live.FileStored, 2*day)
		w.run(Rule{live.Any, day}, Rule{other, 9 * day})()
		if ids, _ := w.in(live.FileDeleted); ids != "last" {
			t.Errorf("deleted %q, want the last file", ids)
		}
	})
}

func TestABucketThatFailsIsLeftToTheNextRun(t *testing.T) {
	bubble(t, func(t *testing.T, w *world) {
		for _, id := range []live.RecordFileID{"a", "b"} {
			w.add(id, play, live.FormatMP4, live.FileStored, 2*day)
		}
		tries := 0
		w.setFail(func(func() error) error { tries++; return errInjected })
		stop := w.run(Rule{play, day})
		defer stop()
		if ids, _ := w.in(live.FileStored); ids != "a b" || tries != 1 {
			t.Errorf("stored %q after %d tries, want both after 1", ids, tries)
		}
		w.setFail(nil)
		time.Sleep(interval)
		synctest.Wait()
		if ids, _ := w.in(live.FileDeleted); ids != "a b" {
			t.Errorf("deleted %q, want both", ids)
		}
	})
}

// A fault at any step, with effect or without, is repaired by the next run; as
// long as an object is there, the store does not say that the file is deleted.
func TestAFaultAtAnyStepIsRepaired(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		for failAt := 1; failAt <= 6; failAt++ {
			t.Run(fmt.Sprintf("step %d, yet done %t", failAt, late), func(t *testing.T) {
				bubble(t, func(t *testing.T, w *world) {
					w.add("a", play, live.FormatCMAF, live.FileStored, 2*day)
					steps := 0
					w.setFail(func(step func() error) error {
						if steps++; steps != failAt {
							return step()
						}
						if late {
							if err := step(); err != nil {
								return err
							}
						}
						return errInjected
					})
					w.run(Rule{play, day})()
					if steps != failAt {
						t.Fatalf("%d steps were taken, want the fault to end the file's deletion at step %d", steps, failAt)
					}
					if ids, _ := w.in(live.FileDeleted); ids != "" && w.objects() != "" {
						t.Errorf("the file is deleted, and there are still %q", w.objects())
					}
					w.run(Rule{play, day})()
					if ids, parts := w.in(live.FileDeleted); ids != "a" || parts > 0 || w.objects() != "" {
						t.Errorf("deleted %q, %d slices, objects %q", ids, parts, w.objects())
					}
				})
			})
		}
	}
}
