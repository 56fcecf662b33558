package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func testRecordings(t *testing.T, b Backend) {
	r := live.Recording{
		ID: "rec_1", Key: show, Session: "ses_1", State: live.RecordingActive,
		Config:    recordConfig(live.Any, live.Any, epoch),
		PushArgs:  live.Args{{Name: "callback_a", Value: "1 &é"}, {Name: "a", Value: ""}, {Name: "a", Value: "2"}},
		SignKey:   "0123456789abcdef",
		StartedAt: epoch,
	}
	get := func(ctx context.Context, rd store.Reader) (live.Recording, error) { return rd.Recording(ctx, r.ID) }
	missing(t, b.Store, live.ErrNotFound, get)
	put := func() {
		t.Helper()
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.PutRecording(ctx, r) })
		equal(t, "Recording", read(t, b.Store, get), r)
	}
	put()
	r.Session, r.State, r.PausedAt, r.Manual = "ses_2", live.RecordingPaused, after(time.Minute), true
	put()
	r = live.Recording{ID: r.ID, Key: live.StreamKey{Domain: "d", App: "a", Stream: "s"}, State: live.RecordingClosed}
	put()
}

func testOpenRecordings(t *testing.T, b Backend) {
	list := func(ctx context.Context, r store.Reader) ([]live.Recording, error) { return r.OpenRecordings(ctx) }
	equal(t, "open recordings of an empty store", read(t, b.Store, list), nil)
	a := live.Recording{ID: "rec_b", State: live.RecordingActive, StartedAt: epoch}
	p := live.Recording{ID: "rec_a", State: live.RecordingPaused, StartedAt: after(time.Microsecond)}
	c := live.Recording{ID: "rec_c", State: live.RecordingClosed, StartedAt: epoch}
	put := func(recordings ...live.Recording) {
		t.Helper()
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
			for _, r := range recordings {
				if err := tx.PutRecording(ctx, r); err != nil {
					return err
				}
			}
			return nil
		})
	}
	put(p, a, c)
	equal(t, "OpenRecordings", read(t, b.Store, list), []live.Recording{a, p})
	a.State = live.RecordingClosed
	put(a)
	equal(t, "OpenRecordings", read(t, b.Store, list), []live.Recording{p})
}

func testRecordFiles(t *testing.T, b Backend) {
	f := live.RecordFile{
		ID: "file_1", Recording: "rec_1", Key: show, Format: live.FormatFLV, State: live.FileOpen,
		Bucket: "shows", Sequence: 3, StartTime: epoch,
		Tracks: []live.Track{{Codec: "h264", Config: []byte{1, 0, 255}}, {Codec: "mp3"}},
	}
	get := func(ctx context.Context, r store.Reader) (live.RecordFile, error) { return r.RecordFile(ctx, f.ID) }
	missing(t, b.Store, live.ErrNotFound, get)
	put := func() {
		t.Helper()
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.PutRecordFile(ctx, f) })
		equal(t, "RecordFile", read(t, b.Store, get), f)
	}
	put()
	f.State, f.ObjectKey, f.StopTime = live.FileSealed, "live/show/é 1.flv", after(time.Hour)
	f.Duration, f.Size = time.Hour+time.Nanosecond, 1<<40
	f.Gaps = live.Gaps{List: []live.Gap{{From: epoch, To: after(time.Microsecond), At: time.Nanosecond}}, More: 2}
	put()
	f.State, f.SHA256 = live.FileStored, strings.Repeat("0f", 32)
	put()

	earlier, other := f, f
	earlier.ID, earlier.Sequence = "file_2", 2
	other.ID, other.Recording = "file_0", "rec_2"
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		return errors.Join(tx.PutRecordFile(ctx, earlier), tx.PutRecordFile(ctx, other))
	})
	equal(t, "RecordingFiles", read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.RecordFile, error) {
		return r.RecordingFiles(ctx, f.Recording)
	}), []live.RecordFile{earlier, f})
}

func testUnfinishedRecordFiles(t *testing.T, b Backend) {
	list := func(ctx context.Context, r store.Reader) ([]live.RecordFile, error) {
		return r.UnfinishedRecordFiles(ctx)
	}
	equal(t, "unfinished files of an empty store", read(t, b.Store, list), nil)
	open := live.RecordFile{ID: "file_b", State: live.FileOpen, StartTime: epoch}
	sealed := live.RecordFile{ID: "file_a", State: live.FileSealed, StartTime: after(time.Microsecond)}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, f := range []live.RecordFile{
			sealed, open,
			{ID: "file_c", State: live.FileStored, StartTime: epoch},
			{ID: "file_d", State: live.FileDiscarded, StartTime: epoch},
		} {
			if err := tx.PutRecordFile(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
	equal(t, "UnfinishedRecordFiles", read(t, b.Store, list), []live.RecordFile{open, sealed})
	stored := open
	stored.State = live.FileStored
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.PutRecordFile(ctx, stored) })
	equal(t, "UnfinishedRecordFiles", read(t, b.Store, list), []live.RecordFile{sealed})
}

func testRecordFilePages(t *testing.T, b Backend) {
	file := func(id live.RecordFileID, key live.StreamKey, minute int, state live.RecordFileState) live.RecordFile {
		return live.RecordFile{ID: id, Key: key, State: state, StartTime: after(time.Duration(minute) * time.Minute)}
	}
	other := live.StreamKey{Domain: "other.example.com", App: show.App, Stream: show.Stream}
	files := []live.RecordFile{
		{ID: "f0", Key: show, State: live.FileDiscarded}, // begun at no time
		file("f5", show, 1, live.FileStored),
		file("f2", show, 2, live.FileStored),
		file("f3", other, 2, live.FileStored),
		file("f4", live.StreamKey{Domain: show.Domain, App: "game", Stream: show.Stream}, 2, live.FileDeleted),
		file("f1", show, 3, live.FileSealed),
		file("f6", live.StreamKey{Domain: show.Domain, App: show.App, Stream: "late"}, 4, live.FileOpen),
	}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, f := range slices.Backward(files) {
			if err := tx.PutRecordFile(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
	for _, test := range []struct {
		name string
		q    live.RecordFileQuery
		want string
	}{
		{"all", live.RecordFileQuery{Limit: 10}, "f0 f5 f2 f3 f4 f1 f6"},
		{"a page", live.RecordFileQuery{Limit: 2}, "f0 f5"},
		{"none", live.RecordFileQuery{}, ""},
		{"behind a file", live.RecordFileQuery{After: &files[2], Limit: 2}, "f3 f4"},
		{"behind one without time", live.RecordFileQuery{After: &files[0], Limit: 1}, "f5"},
		{"the newest first", live.RecordFileQuery{Newest: true, Limit: 3}, "f6 f1 f4"},
		{"a page of the newest", live.RecordFileQuery{Newest: true, After: &files[4], Limit: 3}, "f3 f2 f5"},
		{"the newest of a domain", live.RecordFileQuery{Newest: true, Domain: show.Domain, State: live.FileStored, Limit: 3}, "f2 f5"},
		{"behind the last", live.RecordFileQuery{After: &files[6], Limit: 10}, ""},
		{"of a domain", live.RecordFileQuery{Domain: other.Domain, Limit: 10}, "f3"},
		{"of an app", live.RecordFileQuery{Domain: show.Domain, App: "game", Limit: 10}, "f4"},
		{"of a stream", live.RecordFileQuery{Stream: "late", Limit: 10}, "f6"},
		{"in a state", live.RecordFileQuery{State: live.FileStored, Limit: 10}, "f5 f2 f3"},
		{"in another state", live.RecordFileQuery{State: live.FileSealed, Limit: 10}, "f1"},
		{"from a time", live.RecordFileQuery{From: after(3 * time.Minute), Limit: 10}, "f1 f6"},
		{"before a time", live.RecordFileQuery{To: after(2 * time.Minute), Limit: 10}, "f0 f5"},
		{"by all at once", live.RecordFileQuery{Domain: show.Domain, App: show.App, Stream: show.Stream, State: live.FileStored,
			From: after(time.Minute), To: after(3 * time.Minute), After: &files[1], Limit: 1}, "f2"},
	} {
		list := read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.RecordFile, error) {
			return r.RecordFiles(ctx, test.q)
		})
		ids := make([]string, len(list))
		for i, f := range list {
			ids[i] = string(f.ID)
		}
		equal(t, test.name, strings.Join(ids, " "), test.want)
	}
	equal(t, "the file itself", read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.RecordFile, error) {
		return r.RecordFiles(ctx, live.RecordFileQuery{State: live.FileOpen, Limit: 1})
	}), files[6:])
}

func testLatestRecordingFiles(t *testing.T, b Backend) {
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		return errors.Join(
			tx.PutRecordFile(ctx, live.RecordFile{ID: "f1", Recording: "r", Key: show, Sequence: 0, State: live.FileStored}),
			tx.PutRecordFile(ctx, live.RecordFile{ID: "f2", Recording: "r", Key: show, Sequence: 1, State: live.FileOpen}),
			tx.PutRecordFile(ctx, live.RecordFile{ID: "f3", Recording: "r", Key: show, Sequence: 1, State: live.FileSealed}),
			tx.PutRecordFile(ctx, live.RecordFile{ID: "f4", Recording: "another", Key: show, Sequence: 2}),
		)
	})
	latest := func(id live.RecordingID, limit int) (ids string) {
		for _, f := range read(t, b.Store, func(ctx context.Context, r store.Reader) ([]live.RecordFile, error) {
			return r.LatestRecordingFiles(ctx, id, limit)
		}) {
			ids += string(f.ID) + " "
		}
		return ids
	}
	equal(t, "all", latest("r", 9), "f3 f2 f1 ")
	equal(t, "two", latest("r", 2), "f3 f2 ")
	equal(t, "none", latest("r", 0), "")
	equal(t, "of a recording without files", latest("none", 9), "")
}

func testObjectKnown(t *testing.T, b Backend) {
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		return errors.Join(
			tx.PutRecordFile(ctx, live.RecordFile{ID: "f1", State: live.FileSealed, Bucket: "shows", ObjectKey: "sealed.mp4"}),
			tx.PutRecordFile(ctx, live.RecordFile{ID: "f2", State: live.FileStored, Bucket: "shows", ObjectKey: "stored.mp4"}),
			tx.PutRecordFile(ctx, live.RecordFile{ID: "f3", State: live.FileDeleted, Bucket: "shows", ObjectKey: "deleted.mp4"}),
			tx.AddSlice(ctx, live.Slice{Key: show, Bucket: "shows", ObjectKey: "slice.ts", StoredAt: epoch}),
			tx.AddIndexFile(ctx, live.IndexFile{ID: "i1", Key: show, Bucket: "shows", ObjectKey: "index.m3u8", CreatedAt: epoch}),
		)
	})
	for _, test := range []struct {
		bucket, key string
		want        bool
	}{
		{"shows", "sealed.mp4", true}, {"shows", "stored.mp4", true}, {"shows", "slice.ts", true}, {"shows", "index.m3u8", true},
		{"shows", "deleted.mp4", false}, {"shows", "other.mp4", false}, {"other", "stored.mp4", false}, {"shows", "", false},
	} {
		known := read(t, b.Store, func(ctx context.Context, r store.Reader) (bool, error) {
			return r.ObjectKnown(ctx, test.bucket, test.key)
		})
		equal(t, test.bucket+"/"+test.key, known, test.want)
	}
}

func testTimes(t *testing.T, b Backend) {
	for _, test := range []struct {
		name     string
		in, want time.Time
	}{
		{"zero", time.Time{}, time.Time{}},
		{"1970", time.Unix(0, 0), time.Unix(0, 0).UTC()},
		{"before 1970", time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)},
		{"nanoseconds", epoch.Add(999 * time.Nanosecond), epoch},
		{"zone", epoch.In(time.FixedZone("", 8*60*60)), epoch},
		{"year 9999", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)},
	} {
		update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
			return tx.PutRecording(ctx, live.Recording{
				ID: "rec_1", StartedAt: test.in,
				Config: live.RecordConfig{StartTime: test.in},
			})
		})
		got := read(t, b.Store, func(ctx context.Context, r store.Reader) (live.Recording, error) { return r.Recording(ctx, "rec_1") })
		equal(t, test.name, got.StartedAt, test.want)
		equal(t, test.name+" in the config", got.Config.StartTime, test.want)
	}
}
