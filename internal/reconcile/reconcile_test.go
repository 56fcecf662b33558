package reconcile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/blob/localfs"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

var (
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	show = live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}
)

// A world is a server's data: everything in it is as it should be until a test
// changes it.
type world struct {
	t     *testing.T
	store *sqlite.Store
	dir   string // records/<bucket> and spool
	root  *localfs.Root
	// meanwhile is called when the object of file_1 has been looked for in vain.
	meanwhile func()
}

// newWorld returns a world with a stored file of each kind, one that is sealed and
// one that is open.
func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	st, err := sqlite.Open(t.Context(), filepath.Join(dir, "store.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	w := &world{t: t, store: st, dir: dir, root: localfs.NewRoot(filepath.Join(dir, "records"))}
	w.stored("file_1", live.FormatMP4, live.DeliveryDelivered)
	w.stored("file_2", live.FormatM3U8, live.DeliveryPending)
	w.stored("file_3", live.FormatCMAF, "")
	w.write("records/shows/file_3_cmaf.m3u8", 7)
	w.write("records/shows/file_3_video.m3u8", 7)
	w.put(live.RecordFile{ID: "file_4", Key: show, Format: live.FormatFLV, State: live.FileSealed, Bucket: "shows", ObjectKey: "file_4.flv",
		StartTime: noon.Add(-time.Hour), StopTime: noon.Add(-time.Minute), Size: 10})
	w.write("spool/file_4.flv.part", 10)
	w.put(live.RecordFile{ID: "file_5", Key: show, Format: live.FormatMP4, State: live.FileOpen, Bucket: "shows", StartTime: noon.Add(-time.Hour)})
	w.write("spool/file_5.mp4.part", 10)
	w.write("spool/file_5_growing_video.m3u8", 10)
	w.put(live.RecordFile{ID: "file_6", Key: show, Format: live.FormatMP4, State: live.FileDiscarded, Bucket: "shows", StartTime: noon.Add(-time.Hour)})
	w.put(live.RecordFile{ID: "file_7", Key: show, Format: live.FormatMP4, State: live.FileDeleted, Bucket: "shows", ObjectKey: "file_7.mp4", StartTime: noon.Add(-time.Hour)})
	// What is not yet in a slice, and an index that is still to be made, are nowhere.
	w.put(live.RecordFile{ID: "file_a", Key: show, Format: live.FormatM3U8, State: live.FileOpen, Bucket: "shows", StartTime: noon.Add(-time.Hour)})
	w.put(live.RecordFile{ID: "file_b", Key: show, Format: live.FormatCMAF, State: live.FileSealed, Bucket: "shows", ObjectKey: "file_b.mpd",
		StartTime: noon.Add(-time.Hour), StopTime: noon.Add(-time.Minute)})
	w.update(func(ctx context.Context, tx store.Tx) error {
		return tx.AddIndexFile(ctx, live.IndexFile{ID: "i", Key: show, Bucket: "shows", ObjectKey: "index.m3u8", CreatedAt: noon})
	})
	w.write("records/shows/index.m3u8", 3)
	return w
}

func (w *world) update(fn func(context.Context, store.Tx) error) {
	w.t.Helper()
	ctx := w.t.Context()
	if err := w.store.Update(ctx, func(tx store.Tx) error { return fn(ctx, tx) }); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) put(f live.RecordFile) {
	w.t.Helper()
	w.update(func(ctx context.Context, tx store.Tx) error { return tx.PutRecordFile(ctx, f) })
}

// stored adds a file whose object is in its bucket and whose event is written. Of
// formats with slices it has two.
func (w *world) stored(id live.RecordFileID, format live.Format, delivery live.DeliveryState) {
	w.t.Helper()
	f := live.RecordFile{ID: id, Key: show, Format: format, State: live.FileStored, Bucket: "shows", ObjectKey: string(id) + format.Extension(),
		StartTime: noon.Add(-time.Hour), StopTime: noon.Add(-30 * time.Minute), Size: 10}
	w.put(f)
	w.write("records/shows/"+f.ObjectKey, 10)
	w.announce(f, id.EventID(), delivery)
	for i := range 2 {
		if !sliced(format) {
			break
		}
		s := live.Slice{Key: show, File: id, Format: format, Sequence: i, Kind: live.SliceVideo, Bucket: "shows", ObjectKey: fmt.Sprintf("%s/%d.ts", id, i), Size: 5, StoredAt: noon}
		w.update(func(ctx context.Context, tx store.Tx) error { return tx.AddSlice(ctx, s) })
		w.write("records/shows/"+s.ObjectKey, 5)
	}
}

// announce writes an event about f and, unless the state is "", a delivery.
func (w *world) announce(f live.RecordFile, id live.EventID, state live.DeliveryState) {
	w.t.Helper()
	w.update(func(ctx context.Context, tx store.Tx) error {
		e, err := tx.AddEvent(ctx, live.Event{ID: id, Type: live.EventFileCreated, Key: f.Key, Detail: live.EventDetail{File: &live.FileDetail{
			ID: f.ID, Format: f.Format, Bucket: f.Bucket, ObjectKey: f.ObjectKey, Size: f.Size}}})
		if err != nil || state == "" {
			return err
		}
		return tx.AddDelivery(ctx, live.Delivery{ID: id.DeliveryID(), Event: e, URL: "http://example.com/", State: state, Attempts: 6, DueAt: noon})
	})
}

func (w *world) write(name string, size int) {
	w.t.Helper()
	path := filepath.Join(w.dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, make([]byte, size), 0o644)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) remove(name string) {
	w.t.Helper()
	if err := os.Remove(filepath.Join(w.dir, filepath.FromSlash(name))); err != nil {
		w.t.Fatal(err)
	}
}

// Bucket implements blob.Buckets.
func (w *world) Bucket(name string) (blob.Bucket, error) {
	if name == "gone" {
		return nil, live.ErrBucketNotFound
	}
	b, err := w.root.Bucket(name)
	return watched{b, w}, err
}

// A watched bucket tells the world when it lacks the object of file_1.
type watched struct {
	blob.Bucket
	w *world
}

func (b watched) Size(ctx context.Context, key string) (int64, error) {
	n, err := b.Bucket.Size(ctx, key)
	if key == "file_1.mp4" && errors.Is(err, blob.ErrNotFound) && b.w.meanwhile != nil {
		b.w.meanwhile()
	}
	return n, err
}

// run returns the items that are not well, as lines, and the counts.
func (w *world) run(change func(*Config)) ([]string, Summary) {
	w.t.Helper()
	var lines []string
	c := Config{
		Store: w.store, Buckets: w, SpoolDir: filepath.Join(w.dir, "spool"), Now: func() time.Time { return noon },
		Report: func(i Item) error {
			name := string(i.File)
			if i.Kind == KindObject || i.Kind == KindSpool || i.Kind == KindBucket {
				name = i.Bucket + "/" + i.Object
			}
			for _, text := range i.Missing {
				lines = append(lines, fmt.Sprintf("%s %s MISSING %s", i.Kind, name, text))
			}
			for _, text := range i.Notes {
				lines = append(lines, fmt.Sprintf("%s %s note %s", i.Kind, name, text))
			}
			return nil
		},
	}
	if change != nil {
		change(&c)
	}
	summary, err := Run(w.t.Context(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	return lines, summary
}

// usual are the notes of a world that nobody has changed.
var usual = []string{
	"file file_2 note the callback is due at 2026-11-23T12:00:00Z, after 6 attempts",
	"file file_4 note it is on its way to bucket shows",
	"file file_b note it is on its way to bucket shows",
}

func TestNothingIsMissing(t *testing.T) {
	t.Parallel()
	lines, summary := newWorld(t).run(nil)
	if !slices.Equal(lines, usual) {
		t.Errorf("got\n%s", strings.Join(lines, "\n"))
	}
	if want := (Summary{Files: 9, Events: 3, Objects: 10, Spooled: 3, Notes: 3}); summary != want {
		t.Errorf("got %+v, want %+v", summary, want)
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(w *world)
		want   string // one more line than usual, or in place of the one that begins alike
	}{
		{"an object", func(w *world) { w.remove("records/shows/file_1.mp4") }, "file file_1 MISSING the object file_1.mp4 is missing in bucket shows"},
		{"bytes of an object", func(w *world) { w.write("records/shows/file_1.mp4", 9) }, "file file_1 MISSING the object file_1.mp4 in bucket shows has 9 bytes instead of 10"},
		{"an index", func(w *world) { w.remove("records/shows/file_3.mpd") }, "file file_3 MISSING the object file_3.mpd is missing in bucket shows"},
		{"a slice", func(w *world) { w.remove("records/shows/file_3/1.ts") }, "file file_3 MISSING 1 of 2 slices, the first: the object file_3/1.ts is missing in bucket shows"},
		{"a playlist", func(w *world) { w.remove("records/shows/file_3_video.m3u8") }, "file file_3 MISSING the object file_3_video.m3u8 is missing in bucket shows"},
		{"a playlist of playlists", func(w *world) { w.remove("records/shows/file_3_cmaf.m3u8") }, "file file_3 MISSING the object file_3_cmaf.m3u8 is missing in bucket shows"},
		{"bytes of an index", func(w *world) { w.write("records/shows/file_3.mpd", 9) }, "file file_3 MISSING the object file_3.mpd in bucket shows has 9 bytes instead of 10"},
		{"bytes of a slice", func(w *world) { w.write("records/shows/file_3/0.ts", 4) }, "file file_3 MISSING 1 of 2 slices, the first: the object file_3/0.ts in bucket shows has 4 bytes instead of 5"},
		{"a bucket", func(w *world) {
			f := live.RecordFile{ID: "file_8", Key: show, Format: live.FormatFLV, State: live.FileStored, Bucket: "gone", ObjectKey: "file_8.flv", StartTime: noon}
			w.put(f)
			w.announce(f, "evt_8", "")
		}, "file file_8 MISSING bucket gone is missing in the configuration"},
		{"an event", func(w *world) {
			w.put(live.RecordFile{ID: "file_8", Key: show, Format: live.FormatFLV, State: live.FileStored, Bucket: "shows", ObjectKey: "file_1.mp4", Size: 10, StartTime: noon})
		}, "file file_8 MISSING the event is missing in the store"},
		{"an acknowledgement", func(w *world) { w.stored("file_8", live.FormatFLV, live.DeliveryDead) }, "file file_8 MISSING the callback was never acknowledged, in 6 attempts"},
		{"the file of an event", func(w *world) { w.announce(live.RecordFile{ID: "file_8", Key: show}, "evt_8", "") }, "event file_8 MISSING the record file is missing in the store"},
		{"the one event", func(w *world) {
			w.announce(live.RecordFile{ID: "file_1", Key: show, Bucket: "shows", ObjectKey: "file_1.mp4", Size: 10}, "evt_8", "")
		}, "event file_1 MISSING the record file is announced a second time, by another event than evt_1"},
		{"what an event told of", func(w *world) {
			w.stored("file_8", live.FormatFLV, "")
			w.put(live.RecordFile{ID: "file_8", Key: show, Format: live.FormatFLV, State: live.FileStored, Bucket: "shows", ObjectKey: "file_1.mp4", Size: 10, StartTime: noon})
			w.remove("records/shows/file_8.flv")
		}, "event file_8 MISSING the event tells of another object than the store: shows/file_1.mp4 of 10 bytes"},
		{"bytes that an event told of", func(w *world) {
			w.stored("file_8", live.FormatM3U8, "")
			w.put(live.RecordFile{ID: "file_8", Key: show, Format: live.FormatM3U8, State: live.FileStored, Bucket: "shows", ObjectKey: "file_8.m3u8", Size: 11, StartTime: noon})
			w.write("records/shows/file_8.m3u8", 11)
		}, "event file_8 MISSING the event tells of another object than the store: shows/file_8.m3u8 of 11 bytes"},
		{"the row of an object", func(w *world) { w.write("records/shows/other.mp4", 4) }, "object shows/other.mp4 note no record file, slice or index file has this object"},
		{"the row of a deleted object", func(w *world) { w.write("records/shows/file_7.mp4", 4) }, "object shows/file_7.mp4 note no record file, slice or index file has this object"},
		{"the row of a playlist", func(w *world) { w.write("records/shows/file_1_video.m3u8", 4) }, "object shows/file_1_video.m3u8 note no record file, slice or index file has this object"},
		{"the row of a spool file", func(w *world) { w.write("spool/file_8.mp4.part", 4) }, "spool /file_8.mp4.part MISSING the record file of this spool file is missing in the store"},
		{"the content of an open file", func(w *world) { w.remove("spool/file_5.mp4.part") }, "file file_5 MISSING its content is missing in the spool"},
		{"the content of a sealed file", func(w *world) { w.remove("spool/file_4.flv.part") }, "file file_4 MISSING its content is missing in the spool, and the object file_4.flv is missing in bucket shows"},
		{"the event of a sealed file", func(w *world) { w.write("records/shows/file_4.flv", 10) }, "file file_4 note it is in bucket shows and will be announced"},
		{"the end of a file", func(w *world) {
			w.put(live.RecordFile{ID: "file_5", Key: show, Format: live.FormatMP4, State: live.FileOpen, Bucket: "shows", StartTime: noon.Add(-13*time.Hour - time.Second)})
		}, "file file_5 MISSING it is still open after 13h0m1s"},
		{"the object of a file that ended long ago", func(w *world) {
			w.put(live.RecordFile{ID: "file_4", Key: show, Format: live.FormatFLV, State: live.FileSealed, Bucket: "shows", ObjectKey: "file_4.flv",
				StartTime: noon.Add(-time.Hour), StopTime: noon.Add(-61 * time.Minute), Size: 10})
		}, "file file_4 MISSING the object file_4.flv is missing in bucket shows, 1h1m0s after its end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.change(w)
			lines, summary := w.run(nil)
			place := strings.Join(strings.Fields(tt.want)[:2], " ") + " "
			want := slices.DeleteFunc(slices.Clone(usual), func(line string) bool { return strings.HasPrefix(line, place) })
			want = append(want, tt.want)
			slices.Sort(want)
			slices.Sort(lines)
			if !slices.Equal(lines, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
			}
			if missing := strings.Contains(tt.want, "MISSING"); (summary.Missing == 1) != missing {
				t.Errorf("%d items with something missing", summary.Missing)
			}
		})
	}
}

func TestWhatAServerMovesMeanwhileIsNotMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.remove("records/shows/file_1.mp4")
	w.meanwhile = func() {
		w.meanwhile = nil
		w.put(live.RecordFile{ID: "file_1", Key: show, Format: live.FormatMP4, State: live.FileDeleted, Bucket: "shows", ObjectKey: "file_1.mp4", Size: 10, StartTime: noon.Add(-time.Hour)})
	}
	if lines, _ := w.run(nil); !slices.Equal(lines, usual) {
		t.Errorf("got\n%s", strings.Join(lines, "\n"))
	}
}

func TestASelectionIsOfRecordFilesAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("records/shows/other.mp4", 4)
	w.write("spool/file_8.mp4.part", 4)
	lines, summary := w.run(func(c *Config) { c.Query.State = live.FileStored })
	if want := (Summary{Files: 3, Notes: 1}); summary != want || !slices.Equal(lines, usual[:1]) {
		t.Errorf("got %+v\n%s", summary, strings.Join(lines, "\n"))
	}
}

func TestManyFilesAreLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.update(func(ctx context.Context, tx store.Tx) error {
		for i := range 2*pageSize + 1 {
			f := live.RecordFile{ID: live.RecordFileID(fmt.Sprintf("file_x%d", i)), State: live.FileDiscarded, StartTime: noon.Add(time.Duration(i) * time.Second)}
			if err := tx.PutRecordFile(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range 2*pageSize + 1 {
		w.write(fmt.Sprintf("records/shows/x/%d", i), 1)
	}
	steps := 0
	lines, summary := w.run(func(c *Config) { c.Progress = func(Summary) { steps++ } })
	if summary.Files != 9+2*pageSize+1 || summary.Objects != 10+2*pageSize+1 || len(lines) != len(usual)+2*pageSize+1 || steps < 5 {
		t.Errorf("%+v in %d lines and %d steps", summary, len(lines), steps)
	}
}

func TestAnErrorOfTheReportEndsTheRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := errors.New("stop")
	_, err := Run(t.Context(), Config{Store: w.store, Buckets: w, Now: time.Now, Report: func(Item) error { return stop }})
	if !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}
