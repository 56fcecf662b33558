package console

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func TestEmptyServerTellsTheFirstSteps(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	shows(t, f.page(Root), "First steps", "aliyun live AddLiveDomain --endpoint 127.0.0.1:", "--insecure", "rtmp://127.0.0.1/live/show?vhost=", ">done<",
		"Nothing has happened yet.", `id="tile-live"`)
	f.goLive(showKey)
	shows(t, f.page(Root), "!First steps")
	f.streams.sessions = nil
	f.signIn(readerKey)
	shows(t, f.page(Root), "!First steps", "Nothing has happened yet.")
}

// happen adds an event of a stream and a delivery of it, given up or not.
func (f *fixture) happen(id string, key live.StreamKey, e live.Event, state live.DeliveryState) {
	f.t.Helper()
	f.update(func(ctx context.Context, tx store.Tx) error {
		e.ID, e.Key, e.OccurredAt = live.EventID("evt_"+id), key, testTime
		e, err := tx.AddEvent(ctx, e)
		if err != nil {
			return err
		}
		d := live.Delivery{ID: e.ID.DeliveryID(), Event: e, URL: "https://hooks.example.com/live", State: live.DeliveryPending, DueAt: testTime}
		if err := tx.AddDelivery(ctx, d); err != nil || state == live.DeliveryPending {
			return err
		}
		d.State = state
		return tx.FinishAttempt(ctx, d, live.Attempt{Delivery: d.ID, Number: 1, StartedAt: testTime, Err: "refused"})
	})
}

func TestOverviewCountsWhatTheVisitorMaySee(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.goLive(showKey)
	f.goLive(otherKey)
	f.goLive(live.StreamKey{Domain: foreignDomain, App: "live", Stream: "secret"})
	f.recorderDoes(showKey, live.RecordRunning, "rec_1")
	f.happen("1", showKey, live.Event{Type: live.EventRecordStarted}, live.DeliveryPending)
	f.happen("2", showKey, live.Event{Type: live.EventFileCreated, Detail: live.EventDetail{File: &live.FileDetail{ID: "file_1", Format: live.FormatMP4, Size: 2_000_000, Duration: time.Minute}}}, live.DeliveryDead)
	f.happen("3", otherKey, live.Event{Type: live.EventRecordError, Detail: live.EventDetail{Error: &live.ErrorSegmenter}}, live.DeliveryPending)
	f.happen("4", live.StreamKey{Domain: foreignDomain, App: "live", Stream: "secret"}, live.Event{Type: live.EventRecordStarted}, live.DeliveryPending)
	f.update(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(
			tx.PutRecordFile(ctx, live.RecordFile{ID: "file_1", Key: showKey, State: live.FileStored, StartTime: testTime.Add(-time.Hour), Size: 2_000_000}),
			tx.PutRecordFile(ctx, live.RecordFile{ID: "file_2", Key: showKey, State: live.FileStored, StartTime: testTime.Add(-25 * time.Hour), Size: 1}),
			tx.PutRecordFile(ctx, live.RecordFile{ID: "file_3", Key: otherKey, State: live.FileStored, StartTime: testTime.Add(-time.Hour), Size: 1_000_000}),
		)
	})
	f.signIn(accountKey)
	shows(t, f.page(Root),
		`href="/console/live"><span class="number">2</span><span class="label">live streams`,
		`<span class="number">1</span><span class="label">recordings running`,
		`<span class="number">2</span><span class="label">files in 24 h, 3.00 MB`,
		`<span class="number">2</span><span class="label">deliveries waiting`,
		`<span class="number">1</span><span class="label">deliveries given up`,
		"recording started", "file created", "mp4</a>, 1:00, 2.00 MB", "TsSegmenterFail", showPage, "!secret", "!First steps")
	f.signIn(readerKey)
	shows(t, f.page(Root),
		`<span class="number">1</span><span class="label">live streams`,
		`<span class="number">1</span><span class="label">files in 24 h, 2.00 MB`,
		`<span class="number">1</span><span class="label">deliveries waiting`,
		"!elsewhere", "!TsSegmenterFail", "!secret")
}

func TestOverviewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	space := Space{Waiting: 90, Quota: 100}
	f := newFixture(t, func(c *Config) { c.Space = func() Space { return space } })
	f.update(func(ctx context.Context, tx store.Tx) error {
		return errors.Join(
			tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: playDomain, NotifyURL: "https://hooks.example.com/live"}),
			tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: otherDomain, NotifyURL: "https://private-hooks.example.com/"}),
			tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: foreignDomain, NotifyURL: "https://foreign.example/"}),
			tx.PutReceiverHealth(ctx, live.ReceiverHealth{Origin: live.Origin("https://hooks.example.com/live"), FailedAt: testTime, FailedErr: "refused",
				Unanswered: 12, ProbeWait: time.Minute}),
			tx.PutReceiverHealth(ctx, live.ReceiverHealth{Origin: live.Origin("https://private-hooks.example.com/"), FailedAt: testTime, FailedStatus: 503}),
			tx.PutReceiverHealth(ctx, live.ReceiverHealth{Origin: live.Origin("https://foreign.example/"), FailedAt: testTime}),
			tx.ParkEndpoint(ctx, live.ParkedEndpoint{URL: "https://hooks.example.com/live", ParkedAt: testTime}),
		)
	})
	f.signIn(accountKey)
	shows(t, f.page(Root), "12 attempts in a row", "answers callbacks with 503", "Callbacks to https://hooks.example.com/live are parked.", "The spool fills up",
		`<span class="number">2</span><span class="label">endpoints that fail`, "!foreign.example/", "!https://foreign.example")
	space = Space{Waiting: 100, Quota: 100, DiskFree: 5, DiskSize: 1000, DiskLow: true, Away: []AwayBucket{{Name: "shows", Files: 3, Size: 4_000_000, Oldest: time.Minute}}}
	shows(t, f.page(Root), "The spool is full", "The disk is nearly full: 5 B of 1.00 kB", "Bucket shows takes no files: 3 wait (4.00 MB), the first for 1:00.")
	f.signIn(readerKey)
	shows(t, f.page(Root), "12 attempts in a row", "!The spool", "!The disk", "!Bucket", "!private-hooks")
}

func TestOverviewIsChinese(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	f.post("/console/settings", "language", "zh-CN", "back", Root)
	shows(t, f.page(Root), "快速入门", "路直播流", "最近事件", "推流地址(RTMP)")
}

func TestNamesOfEventsAreEscaped(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	f.happen("1", live.StreamKey{Domain: playDomain, App: `<img src=x>`, Stream: `"><script>`}, live.Event{Type: `<b>`}, live.DeliveryPending)
	shows(t, f.page(Root), "!<img src=x>", "!\"><script>", "!<b>")
}

func TestTotalsAreCountedOnceForAWhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.signIn(accountKey)
	add := func(i int) {
		f.update(func(ctx context.Context, tx store.Tx) error {
			return tx.PutRecordFile(ctx, live.RecordFile{ID: live.RecordFileID(fmt.Sprint("file_", i)), Key: showKey, State: live.FileStored, StartTime: testTime})
		})
	}
	add(1) // the page was read at the sign-in
	shows(t, f.page(Root), `<span class="number">0</span><span class="label">files`)
	f.now = f.now.Add(totalsAge)
	shows(t, f.page(Root), `<span class="number">1</span><span class="label">files`)
}

func TestOverviewSaysWhatIsNotRecorded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.goLive(showKey)
	f.goLive(otherKey, func(s *live.SessionInfo) { s.Dropped = 12 })
	f.recorderDoes(showKey, live.RecordFailing, "")
	f.signIn(accountKey)
	shows(t, f.page(Root), `<div class="notice bad" role="status">`+showKey.String()+" cannot be recorded. <a href=\""+showPage+`">Stream</a>`,
		"12 frames of "+otherKey.String()+" are not recorded")
	f.signIn(readerKey)
	shows(t, f.page(Root), "cannot be recorded", "!12 frames")
	for range 2 * maxTroubles {
		f.goLive(showKey)
	}
	if n := strings.Count(f.page(Root), "cannot be recorded"); n != maxTroubles {
		t.Errorf("%d streams are said not to be recorded, want %d at most", n, maxTroubles)
	}
}
