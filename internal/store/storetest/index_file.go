package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func testRecordContents(t *testing.T, b Backend) {
	config := live.RecordConfig{Domain: show.Domain, App: show.App, Stream: show.Stream, OSSEndpoint: "oss.example.com", OSSBucket: "recordings",
		Formats: []live.RecordFormat{{Format: live.FormatMP4, ObjectPrefix: "{StartTime}{EndTime}"}}}
	other := live.StreamKey{Domain: show.Domain, App: show.App, Stream: "other"}
	// Files of a minute each: two of one recording, one of another.
	file := func(id int, recording live.RecordingID, key live.StreamKey, minute int, state live.RecordFileState) live.RecordFile {
		start := after(time.Duration(minute) * time.Minute)
		return live.RecordFile{ID: live.RecordFileID(fmt.Sprint("file_", id)), Recording: recording, Key: key, Format: live.FormatMP4, State: state,
			Bucket: "recordings", StartTime: start, StopTime: start.Add(time.Minute), Duration: 59 * time.Second}
	}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, id := range []live.RecordingID{"rec_1", "rec_2", "rec_3"} {
			if err := tx.PutRecording(ctx, live.Recording{ID: id, Key: show, Config: config, State: live.RecordingClosed}); err != nil {
				return err
			}
		}
		for _, f := range []live.RecordFile{
			file(1, "rec_1", show, 0, live.FileStored), file(2, "rec_1", show, 1, live.FileStored),
			file(3, "rec_2", show, 5, live.FileStored), file(4, "rec_2", show, 6, live.FileDiscarded),
			file(5, "rec_3", other, 0, live.FileStored),
		} {
			if err := tx.PutRecordFile(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
	content := func(id live.RecordingID, from, to, files int) live.RecordContent {
		return live.RecordContent{Recording: id, Format: live.FormatMP4, Config: config, Bucket: "recordings",
			StartTime: after(time.Duration(from) * time.Minute), EndTime: after(time.Duration(to) * time.Minute), Duration: time.Duration(files) * 59 * time.Second}
	}
	first, second := content("rec_1", 0, 2, 2), content("rec_2", 5, 6, 1)
	for _, test := range []struct {
		name     string
		from, to int // minutes
		limit    int
		want     []live.RecordContent
	}{
		{"all", -10, 10, 10, []live.RecordContent{first, second}},
		{"the first", -10, 10, 1, []live.RecordContent{first}},
		{"none", -10, 10, 0, nil},
		{"before", -10, 0, 10, nil},
		{"between", 2, 5, 10, nil},
		{"the second file of the first", 1, 5, 10, []live.RecordContent{content("rec_1", 1, 2, 1)}},
	} {
		q := live.RecordContentQuery{Key: show, From: after(time.Duration(test.from) * time.Minute), To: after(time.Duration(test.to) * time.Minute), Limit: test.limit}
		equal(t, test.name, read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.RecordContent, error) {
			return r.RecordContents(ctx, q)
		}), test.want)
	}
}

func testSlices(t *testing.T, b Backend) {
	first := live.Slice{Key: show, Recording: "rec_1", Bucket: "recordings", Endpoint: "oss.example.com", ObjectKey: "b.ts", StartTime: epoch,
		Duration: 30 * time.Second, Size: 1000, Width: 1280, Height: 720, StoredAt: after(31 * time.Second)}
	second := live.Slice{Key: show, ObjectKey: "a.ts", StoredAt: after(61 * time.Second)}
	other := live.Slice{Key: live.StreamKey{Domain: show.Domain, App: "game", Stream: show.Stream}, ObjectKey: "c.ts", StoredAt: first.StoredAt}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, s := range []live.Slice{second, first, first, other} {
			if err := tx.AddSlice(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
	slices := func(from, to time.Time, limit int) []live.Slice {
		t.Helper()
		return read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.Slice, error) {
			return r.Slices(ctx, live.SliceQuery{Key: show, From: from, To: to, Limit: limit})
		})
	}
	later := after(time.Hour)
	equal(t, "Slices", slices(epoch, later, 10), []live.Slice{first, second})
	equal(t, "the first", slices(epoch, later, 1), []live.Slice{first})
	equal(t, "from the first to the second", slices(first.StoredAt, second.StoredAt, 10), []live.Slice{first})
	equal(t, "after the first", slices(first.StoredAt.Add(time.Microsecond), later, 10), []live.Slice{second})

	video := live.Slice{
		Key: show, File: "file_1", Format: live.FormatCMAF, Kind: live.SliceVideo, Sequence: 2, Offset: time.Second, Discontinuity: true,
		ObjectKey: "v.m4s", StoredAt: first.StoredAt,
	}
	audio, initial := video, video
	audio.Kind, audio.ObjectKey = live.SliceAudio, "a.m4s"
	initial.Kind, initial.ObjectKey, initial.Sequence = live.SliceVideoInit, "i.mp4", 0
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.AddSlice(ctx, video), tx.AddSlice(ctx, audio), tx.AddSlice(ctx, initial))
	})
	equal(t, "Slices beside those of cmaf", slices(epoch, later, 10), []live.Slice{first, second})
	ofFile := func() []live.Slice {
		t.Helper()
		return read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.Slice, error) {
			return r.FileSlices(ctx, "file_1")
		})
	}
	equal(t, "FileSlices", ofFile(), []live.Slice{initial, audio, video})
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.DeleteSlices(ctx, "file_1") })
	equal(t, "FileSlices once deleted", ofFile(), nil)
	equal(t, "Slices of others", slices(epoch, later, 10), []live.Slice{first, second})
}

func testIndexFiles(t *testing.T, b Backend) {
	f := live.IndexFile{ID: "c4d7f0a4-b506-43f9-8de3-07732c3f0001", Key: show, Bucket: "recordings", Endpoint: "oss.example.com", ObjectKey: "a.m3u8",
		StartTime: epoch, EndTime: after(time.Hour), Duration: 59 * time.Minute, Width: 1280, Height: 720, CreatedAt: after(2 * time.Hour)}
	get := func(ctx context.Context, r store.Reader) (live.IndexFile, error) { return r.IndexFile(ctx, f.ID) }
	missing(t, b.Store, live.ErrNotFound, get)
	add := func(f live.IndexFile) error {
		return b.Store.Update(t.Context(), func(tx store.Tx) error { return tx.AddIndexFile(t.Context(), f) })
	}
	if err := add(f); err != nil {
		t.Fatal(err)
	}
	if err := add(f); err == nil {
		t.Error("an id was added twice")
	}
	equal(t, "IndexFile", read(t, b.Store, get), f)
	old := live.IndexFile{ID: "old", Key: show, CreatedAt: f.CreatedAt.Add(-time.Second)}
	if err := add(old); err != nil {
		t.Fatal(err)
	}
	if err := add(live.IndexFile{ID: "new", Key: show, CreatedAt: f.CreatedAt.Add(live.IndexFileRetention)}); err != nil {
		t.Fatal(err)
	}
	equal(t, "IndexFile of half a year ago", read(t, b.Store, get), f)
	missing(t, b.Store, live.ErrNotFound, func(ctx context.Context, r store.Reader) (live.IndexFile, error) {
		return r.IndexFile(ctx, old.ID)
	})
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.DeleteIndexFile(ctx, f.ID); err != nil {
			return err
		}
		return refused(tx.DeleteIndexFile(ctx, f.ID), live.ErrNotFound)
	})
	missing(t, b.Store, live.ErrNotFound, get)
}

func testIndexFilePages(t *testing.T, b Backend) {
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for i := range 4 {
			f := live.IndexFile{ID: live.IndexFileID(fmt.Sprint(i)), Key: show, CreatedAt: after(time.Duration(i) * time.Second)}
			if i == 3 {
				f.Key.Stream = "other"
			}
			if err := tx.AddIndexFile(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
	all := live.IndexFileQuery{Key: show, From: epoch, To: after(time.Hour), Limit: 10}
	for _, test := range []struct {
		name   string
		change func(q *live.IndexFileQuery)
		want   string
		total  int
	}{
		{"all", func(*live.IndexFileQuery) {}, "012", 3},
		{"newest first", func(q *live.IndexFileQuery) { q.Descending = true }, "210", 3},
		{"a page", func(q *live.IndexFileQuery) { q.Offset, q.Limit = 1, 1 }, "1", 3},
		{"past the end", func(q *live.IndexFileQuery) { q.Offset = 3 }, "", 3},
		{"no page", func(q *live.IndexFileQuery) { q.Limit = 0 }, "", 3},
		{"a window", func(q *live.IndexFileQuery) { q.From, q.To = after(time.Second), after(2*time.Second) }, "1", 1},
		{"another stream", func(q *live.IndexFileQuery) { q.Key.Stream = "other" }, "3", 1},
	} {
		q := all
		test.change(&q)
		view(t, b.Store, func(ctx context.Context, r store.Reader) error {
			page, total, err := r.IndexFiles(ctx, q)
			got := ""
			for _, f := range page {
				got += string(f.ID)
			}
			if err == nil && (got != test.want || total != test.total) {
				t.Errorf("%s: %s of %d, want %s of %d", test.name, got, total, test.want, test.total)
			}
			return err
		})
	}
}
