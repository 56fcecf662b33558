package playback

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/store"
)

var everyFormat = []live.Format{live.FormatFLV, live.FormatMP4, live.FormatM3U8, live.FormatCMAF}

func TestFilesOfEveryFormatAreAnMP4OfTheirFrames(t *testing.T) {
	t.Parallel()
	for _, codings := range [][2]string{{mediatest.H264, mediatest.AAC}, {"", mediatest.AAC}, {mediatest.H264, ""}} {
		s := mediatest.NewSource(t, codings[0], codings[1])
		w := newWorld(t)
		files := New(w.cfg)
		for _, format := range everyFormat {
			t.Run(string(format)+" of "+strings.Join(codings[:], " and "), func(t *testing.T) {
				w.record(live.RecordFileID("file_"+format), format, s.Tracks, s.Units)
				path := filepath.Join(t.TempDir(), "file.mp4")
				if err := os.WriteFile(path, content(t, files, live.RecordFileID("file_"+format)), 0o644); err != nil {
					t.Fatal(err)
				}
				for stream, kind := range map[string]media.Kind{"v:0": media.Video, "a:0": media.Audio} {
					var got, want []string
					for _, p := range mediatest.Packets(t, path, stream) {
						got = append(got, p.Hash)
					}
					for _, u := range s.Units {
						if u.Kind == kind {
							want = append(want, mediatest.Hash(u.Body))
						}
					}
					if !slices.Equal(got, want) {
						t.Errorf("%d frames of %s differ from the %d that were recorded", len(got), kind, len(want))
					}
				}
			})
		}
	}
}

// short returns a second of frames that are nothing to decode.
func short() (media.Tracks, []media.Unit) {
	tracks := media.Tracks{Video: &media.Track{Codec: media.H264, Config: []byte{1, 100, 0, 31, 0xff, 0xe0, 0}}, Audio: &media.Track{Codec: media.AAC, Config: []byte{0x11, 0x90}}}
	units := mediatest.Batch()
	units[0].Key = true
	return tracks, units
}

func TestAFileThatIsNotStoredYetIsReadFromTheSpool(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tracks, units := short()
	r := row("file_1", live.FormatFLV, tracks)
	flv := flvFile(t, tracks, units)
	r.Size = int64(len(flv))
	w.add(r)
	files := New(w.cfg)
	if f, err := files.Open(t.Context(), r.ID); !errors.Is(err, ErrRecording) {
		t.Fatalf("without the file: %v, %v", f, err)
	}
	w.put(filepath.Join(w.cfg.SpoolDir, "file_1.flv.part"), flv)
	spooled := content(t, files, r.ID)

	w.cfg.Store = &overtakenStore{w.Store, sync.OnceFunc(func() {
		if err := os.Remove(filepath.Join(w.cfg.SpoolDir, "file_1.flv.part")); err != nil {
			t.Error(err)
		}
		r.State = live.FileStored
		w.store(&r, flv)
	})}
	if string(content(t, New(w.cfg), r.ID)) != string(spooled) {
		t.Error("the bytes of the stored file are others")
	}
}

// An overtakenStore has something happen right after it was looked into.
type overtakenStore struct {
	playbackStore
	then func()
}

func (s *overtakenStore) View(ctx context.Context, fn func(store.Reader) error) error {
	err := s.playbackStore.View(ctx, fn)
	s.then()
	return err
}

func TestFilesThatCannotBePlayedSayWhy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tracks, _ := short()
	for state, want := range map[live.RecordFileState]error{
		live.FileOpen: ErrRecording, live.FileDiscarded: ErrGone, live.FileDeleted: ErrGone,
	} {
		r := row(live.RecordFileID("file_"+state), live.FormatMP4, tracks)
		r.State = state
		w.add(r)
		if f, err := New(w.cfg).Open(t.Context(), r.ID); !errors.Is(err, want) {
			t.Errorf("%s: %v, %v, want %v", state, f, err, want)
		}
	}
	if f, err := New(w.cfg).Open(t.Context(), "file_none"); !errors.Is(err, live.ErrNotFound) {
		t.Errorf("no such file: %v, %v", f, err)
	}
	empty := row("file_empty", live.FormatFLV, tracks)
	empty.State = live.FileStored
	w.store(&empty, []byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"))
	if f, err := New(w.cfg).Open(t.Context(), empty.ID); !errors.Is(err, media.ErrNoMedia) {
		t.Errorf("no frame: %v, %v", f, err)
	}
}

func TestAnIndexIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tracks, units := short()
	r := w.record("file_1", live.FormatFLV, tracks, units)
	files := New(w.cfg)
	open := func(files *Files) {
		t.Helper()
		f, err := files.Open(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	open(files)
	w.counted()
	for range 2 {
		open(files)      // from memory
		open(New(w.cfg)) // from disk
	}
	if ranges, _ := w.counted(); ranges != 0 {
		t.Errorf("%d ranges were read", ranges)
	}

	path := filepath.Join(w.cfg.IndexDir, "file_1.index")
	damaged, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole := string(damaged)
	damaged[len(damaged)/2] ^= 1
	if err := os.WriteFile(path, damaged, 0o644); err != nil {
		t.Fatal(err)
	}
	open(New(w.cfg))
	if again, err := os.ReadFile(path); err != nil || string(again) != whole {
		t.Errorf("a damaged index was not made anew: %v", err)
	}
	if !strings.Contains(w.log.String(), "kept index is made anew") {
		t.Errorf("nothing was logged: %s", &w.log)
	}
}

func TestIndexesThatCannotBeKeptDoNoHarm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tracks, units := short()
	w.record("file_1", live.FormatFLV, tracks, units)
	w.put(w.cfg.IndexDir, nil) // a file where the folder should be
	content(t, New(w.cfg), "file_1")
	if !strings.Contains(w.log.String(), "cannot keep index") {
		t.Errorf("nothing was logged: %s", &w.log)
	}
}

func TestTheIndexesUsedLongestAgoGoFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tracks, units := short()
	ids := []live.RecordFileID{"file_1", "file_2", "file_3"}
	for _, id := range ids {
		w.record(id, live.FormatFLV, tracks, units)
	}
	content(t, New(w.cfg), ids[0])
	info, err := os.Stat(filepath.Join(w.cfg.IndexDir, "file_1.index"))
	if err != nil {
		t.Fatal(err)
	}

	files := New(w.cfg)
	files.indexes.limit = 0
	files.indexes.cache.limit = 2 * info.Size()
	content(t, files, ids[1])
	used := func(id live.RecordFileID, at time.Time) {
		t.Helper()
		if err := os.Chtimes(files.indexes.cache.path(id), at, at); err != nil {
			t.Fatal(err)
		}
	}
	used(ids[0], epoch.Add(-time.Second))
	used(ids[1], epoch)
	content(t, files, ids[0]) // from disk: now it is the newest
	content(t, files, ids[2])
	var kept []string
	entries, err := os.ReadDir(w.cfg.IndexDir)
	for _, e := range entries {
		kept = append(kept, e.Name())
	}
	if want := []string{"file_1.index", "file_3.index"}; err != nil || !slices.Equal(kept, want) {
		t.Errorf("kept %q, %v; want %q", kept, err, want)
	}
	if n := files.indexes.recent.Len(); n != 1 || len(files.indexes.known) != 1 {
		t.Errorf("%d indexes in memory, want the last", n)
	}
}

func TestNoMoreFilesAreOpenThanMayBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tracks, units := short()
	w.record("file_1", live.FormatFLV, tracks, units)
	files := New(w.cfg)
	var open []*File
	for range maxOpen {
		f, err := files.Open(t.Context(), "file_1")
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, f)
	}
	if f, err := files.Open(t.Context(), "file_1"); !errors.Is(err, ErrBusy) {
		t.Errorf("one more: %v, %v", f, err)
	}
	for range 2 {
		open[0].Close()
	}
	if _, err := files.Open(t.Context(), "file_none"); !errors.Is(err, live.ErrNotFound) {
		t.Errorf("after one was closed: %v", err)
	}
	for range 2 { // the failure has given its place back
		f, err := files.Open(t.Context(), "file_1")
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	for _, f := range open[1:] {
		f.Close()
	}
}

// bubble runs a test in a synctest bubble.
func bubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { test(t, openWorld(t, dir)) })
}
