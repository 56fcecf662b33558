package storetest

import (
	"context"
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
	put()
	f.State = live.FileStored
	put()
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
