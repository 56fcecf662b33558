package playback

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/blob/localfs"
	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/mp4"
	"tallylight/internal/media/mpegts"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

// epoch is when every recording of these tests began.
var epoch = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// A world is a real store and real folders.
type world struct {
	*sqlite.Store
	t   testing.TB
	dir string
	log logBuffer
	cfg Config

	mu       sync.Mutex
	read     func(key string, offset, size int64) error // called for every range; may be nil
	ranges   int
	bytes    int64 // that were read
	seekable bool  // ranges can be sought in
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

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return openWorld(t, t.TempDir())
}

func openWorld(t testing.TB, dir string) *world {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(dir, "db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{Store: s, t: t, dir: dir, seekable: true}
	w.cfg = Config{
		Store:    s,
		Buckets:  w,
		SpoolDir: filepath.Join(dir, "spool"),
		IndexDir: filepath.Join(dir, "index"),
		Log:      slog.New(slog.NewTextHandler(&w.log, nil)),
	}
	if err := os.Mkdir(w.cfg.SpoolDir, 0o755); err != nil {
		t.Fatal(err)
	}
	return w
}

// Bucket implements blob.Buckets.
func (w *world) Bucket(name string) (blob.Bucket, error) {
	return bucket{localfs.NewBucket(filepath.Join(w.dir, "records", name)), w}, nil
}

type bucket struct {
	blob.Bucket
	w *world
}

func (b bucket) OpenRange(ctx context.Context, key string, offset, size int64) (io.ReadCloser, error) {
	b.w.mu.Lock()
	read, seekable := b.w.read, b.w.seekable
	b.w.ranges++
	b.w.mu.Unlock()
	if read != nil {
		if err := read(key, offset, size); err != nil {
			return nil, err
		}
	}
	r, err := b.Bucket.OpenRange(ctx, key, offset, size)
	if err != nil {
		return nil, err
	}
	counted := &countedRange{r, b.w}
	if seekable {
		return seekableRange{counted, r.(io.Seeker)}, nil
	}
	return counted, nil
}

// A countedRange counts what is read.
type countedRange struct {
	io.ReadCloser
	w *world
}

func (r *countedRange) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	r.w.bytes += int64(n)
	return n, err
}

type seekableRange struct {
	*countedRange
	io.Seeker
}

// counted returns how many ranges were opened and how much of them was read since
// it was called last.
func (w *world) counted() (ranges int, bytes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ranges, bytes = w.ranges, w.bytes
	w.ranges, w.bytes = 0, 0
	return ranges, bytes
}

func (w *world) put(path string, content []byte) {
	w.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) object(key string) string { return filepath.Join(w.dir, "records", "shows", key) }

// row returns a record file that is not stored yet.
func row(id live.RecordFileID, f live.Format, tracks media.Tracks) live.RecordFile {
	r := live.RecordFile{
		ID: id, Recording: "rec_1", Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"},
		Format: f, State: live.FileSealed, Bucket: "shows", ObjectKey: "live/" + string(id) + f.Extension(),
		StartTime: epoch, StopTime: epoch.Add(time.Minute), Duration: time.Minute,
	}
	for _, t := range []*media.Track{tracks.Video, tracks.Audio} {
		if t != nil {
			r.Tracks = append(r.Tracks, live.Track{Codec: t.Codec.String(), Config: t.Config})
		}
	}
	return r
}

// add keeps a row and slices.
func (w *world) add(row live.RecordFile, slices ...live.Slice) {
	w.t.Helper()
	err := w.Update(w.t.Context(), func(tx store.Tx) error {
		for _, s := range slices {
			if err := tx.AddSlice(w.t.Context(), s); err != nil {
				return err
			}
		}
		return tx.PutRecordFile(w.t.Context(), row)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// flvFile returns the bytes of a finished file.
func flvFile(t testing.TB, tracks media.Tracks, units []media.Unit) []byte {
	t.Helper()
	fw := flv.NewWriter(tracks)
	f := &mediatest.File{Bytes: fw.AppendUnits(fw.AppendHeader(nil), units)}
	if _, err := fw.Finish(f); err != nil {
		t.Fatal(err)
	}
	return f.Bytes
}

// record stores units in a format.
func (w *world) record(id live.RecordFileID, f live.Format, tracks media.Tracks, units []media.Unit) live.RecordFile {
	w.t.Helper()
	r := row(id, f, tracks)
	r.State = live.FileStored
	switch f {
	case live.FormatFLV:
		w.store(&r, flvFile(w.t, tracks, units))
	case live.FormatMP4:
		mw := mp4.NewWriter(tracks)
		b := mw.AppendHeader(nil)
		for _, part := range mediatest.Batches(units, time.Second) {
			b = mw.AppendUnits(b, part)
		}
		file := &mediatest.File{Bytes: b}
		if _, err := mw.Finish(file); err != nil {
			w.t.Fatal(err)
		}
		w.store(&r, file.Bytes)
	case live.FormatM3U8:
		w.recordTS(r, tracks, units)
	case live.FormatCMAF:
		w.recordCMAF(r, tracks, units)
	}
	return r
}

// store stores a file of one object.
func (w *world) store(r *live.RecordFile, content []byte) {
	w.t.Helper()
	r.Size = int64(len(content))
	w.put(w.object(r.ObjectKey), content)
	w.add(*r)
}

func (w *world) recordTS(r live.RecordFile, tracks media.Tracks, units []media.Unit) {
	w.t.Helper()
	muxer := mpegts.NewMuxer(tracks)
	var list []live.Slice
	for i, part := range mediatest.Batches(units, 2*time.Second) {
		list = append(list, w.slice(r, live.SliceMuxed, i, part[0].DTS, muxer.AppendUnits(muxer.AppendHeader(nil), part)))
		muxer.EndSlice()
	}
	w.add(r, list...)
}

func (w *world) recordCMAF(r live.RecordFile, tracks media.Tracks, units []media.Unit) {
	w.t.Helper()
	var list []live.Slice
	for _, track := range []struct {
		*media.Track
		of            media.Kind
		kind, initial live.SliceKind
	}{
		{tracks.Video, media.Video, live.SliceVideo, live.SliceVideoInit},
		{tracks.Audio, media.Audio, live.SliceAudio, live.SliceAudioInit},
	} {
		if track.Track == nil {
			continue
		}
		sw := mp4.NewSegmentWriter(*track.Track, track.of)
		for i, part := range mediatest.Batches(units, 2*time.Second) {
			list = append(list, w.slice(r, track.kind, i, part[0].DTS, sw.AppendUnits(sw.AppendHeader(nil), part)))
		}
		list = append(list, w.slice(r, track.initial, 0, 0, sw.AppendInit(nil)))
	}
	w.add(r, list...)
}

// slice stores a slice.
func (w *world) slice(r live.RecordFile, kind live.SliceKind, sequence int, offset time.Duration, content []byte) live.Slice {
	w.t.Helper()
	s := live.Slice{
		Key: r.Key, Recording: r.Recording, File: r.ID, Format: r.Format, Kind: kind, Sequence: sequence, Offset: offset,
		Bucket: "shows", ObjectKey: fmt.Sprintf("%s/%s%d", r.ID, kind, sequence), Size: int64(len(content)),
		StartTime: epoch.Add(offset), Duration: 2 * time.Second, StoredAt: epoch.Add(offset),
	}
	w.put(w.object(s.ObjectKey), content)
	return s
}

// content returns all of a file.
func content(t testing.TB, files *Files, id live.RecordFileID) []byte {
	t.Helper()
	f, err := files.Open(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil || int64(len(b)) != f.Size() {
		t.Fatalf("read %d bytes of %d: %v", len(b), f.Size(), err)
	}
	return b
}
