package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// addNotifyRecords stores three callbacks about playDomain: two that failed at
// first, at 07:00 and 07:01, and one of another stream that has not been tried.
func (f *fixture) addNotifyRecords() {
	f.t.Helper()
	ctx := f.t.Context()
	err := f.store.Update(ctx, func(tx store.Tx) error {
		for i, stream := range []string{"show", "show", "other"} {
			e, err := tx.AddEvent(ctx, live.Event{
				ID: live.EventID(fmt.Sprintf("evt_%d", i)), Type: live.EventRecordStarted,
				Key: live.StreamKey{Domain: playDomain, App: "live", Stream: stream}, OccurredAt: testTime,
			})
			if err != nil {
				return err
			}
			d := live.Delivery{ID: live.DeliveryID(fmt.Sprintf("dlv_%d", i)), Event: e, URL: "https://cb.example.com/notify", State: live.DeliveryPending}
			if err := tx.AddDelivery(ctx, d); err != nil || stream == "other" {
				return err
			}
			started := testTime.Add(time.Duration(i-60) * time.Minute)
			for _, a := range []live.Attempt{
				{Number: 1, StartedAt: started, Err: "no answer within 5s"},
				{Number: 2, StartedAt: started.Add(time.Second), Status: 503, Response: "busy"},
				{Number: 3, StartedAt: started.Add(2 * time.Second), Status: 204},
			} {
				d.Attempts = a.Number
				if err := tx.FinishAttempt(ctx, d, a); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func TestDescribeLiveRecordNotifyRecordsSelectsAttempts(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.addNotifyRecords()
	tests := []struct {
		name   string
		change []string
		want   string // times and results, then page, size, entries and pages
	}{
		{"all, the newest first", nil, "07:01:02 success,07:01:01 failed,07:01:00 failed,07:00:02 success,07:00:01 failed,07:00:00 failed 1/20/6/1"},
		{"success", []string{"Status=success"}, "07:01:02 success,07:00:02 success 1/20/2/1"},
		{"failed, second page", []string{"Status=failed", "PageSize=3", "PageNumber=2"}, "07:00:00 failed 2/3/4/2"},
		{"page past the end", []string{"PageSize=3", "PageNumber=3"}, " 3/3/6/2"},
		{"bounds of pages", []string{"PageSize=0", "PageNumber=0"}, "07:01:02 success 1/1/6/6"},
		{"upper bounds of pages", []string{"PageSize=501", "PageNumber=100001"}, " 100000/500/6/1"},
		{"the start belongs to the window, the end does not", []string{"StartTime=2026-11-23T07:00:01Z", "EndTime=2026-11-23T07:01:00Z"}, "07:00:02 success,07:00:01 failed 1/20/2/1"},
		{"a stream", []string{"AppName=live", "StreamName=show", "Status=success"}, "07:01:02 success,07:00:02 success 1/20/2/1"},
		{"a stream without attempts", []string{"StreamName=other"}, " 1/20/0/0"},
		{"another app", []string{"AppName=game"}, " 1/20/0/0"},
		{"VOD, where nothing is", []string{"StorageType=vod"}, " 1/20/0/0"},
		{"OSS", []string{"StorageType=oss", "PageSize=1"}, "07:01:02 success 1/1/6/6"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := f.call(errorCase{action: "DescribeLiveRecordNotifyRecords", change: tt.change}.params())
			if got := notifyLog(t, a); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestDescribeLiveRecordNotifyRecordsForgetsAfterSevenDays(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.addNotifyRecords()
	f.now = testTime.Add(7*24*time.Hour - time.Hour + 2*time.Second) // 07:00:02 a week later
	a := f.call(errorCase{action: "DescribeLiveRecordNotifyRecords", change: []string{"StartTime=2016-11-01T00:00:00Z"}}.params())
	if got, want := notifyLog(t, a), "07:01:02 success,07:01:01 failed,07:01:00 failed,07:00:02 success 1/20/4/1"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// notifyLog sums an answer up.
func notifyLog(t *testing.T, a answer) string {
	t.Helper()
	var log struct {
		CallbackList                           []struct{ NotifyTime, NotifyResult string }
		PageNum, PageSize, TotalNum, TotalPage int
	}
	if err := json.Unmarshal([]byte(a.body), &log); err != nil || a.code != "" {
		t.Fatalf("%v %s", err, a.body)
	}
	var entries []string
	for _, c := range log.CallbackList {
		entries = append(entries, c.NotifyTime[len("2026-11-23T"):len(c.NotifyTime)-1]+" "+c.NotifyResult)
	}
	return fmt.Sprintf("%s %d/%d/%d/%d", strings.Join(entries, ","), log.PageNum, log.PageSize, log.TotalNum, log.TotalPage)
}

func TestAnAttemptThatCannotBeToldIsAnInternalError(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.addNotifyRecords()
	f.server.sent = func(live.Delivery, live.Attempt) (http.Header, []byte, error) {
		return nil, nil, errors.New("no such event")
	}
	f.call(params("DescribeLiveRecordNotifyRecords", valid["DescribeLiveRecordNotifyRecords"]...)).wantError(t, apierr.InternalError)
}

// addStreamsNotifyRecord stores a callback about a push to pushDomain, which
// succeeded at 07:30.
func (f *fixture) addStreamsNotifyRecord() {
	f.t.Helper()
	ctx := f.t.Context()
	err := f.store.Update(ctx, func(tx store.Tx) error {
		e, err := tx.AddEvent(ctx, live.Event{
			ID: "evt_push", Type: live.EventPublish, OccurredAt: testTime,
			Key: live.StreamKey{Domain: pushDomain, App: "live", Stream: "show"},
		})
		if err != nil {
			return err
		}
		d := live.Delivery{ID: "dlv_push", Event: e, URL: "https://cb.example.com/push", State: live.DeliveryDelivered, Attempts: 1}
		if err := tx.AddDelivery(ctx, d); err != nil {
			return err
		}
		return tx.FinishAttempt(ctx, d, live.Attempt{Number: 1, StartedAt: testTime.Add(-30 * time.Minute), Status: 200, Response: "ok"})
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func TestDescribeLiveStreamsNotifyRecordsSelectsAttempts(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.addNotifyRecords() // of the streaming domain
	f.addStreamsNotifyRecord()
	for name, tt := range map[string]struct {
		change []string
		want   int
	}{
		"all":             {nil, 1},
		"of the stream":   {[]string{"AppName=live", "StreamName=show", "Status=success"}, 1},
		"failed":          {[]string{"Status=failed"}, 0},
		"of another app":  {[]string{"AppName=game"}, 0},
		"7 days ago":      {[]string{"StartTime=2026-11-16T08:00:00Z"}, 1},
		"before the time": {[]string{"EndTime=2026-11-23T07:30:00Z"}, 0},
	} {
		var answer struct{ TotalNum, TotalPage, PageNum, PageSize int }
		a := f.call(errorCase{action: "DescribeLiveStreamsNotifyRecords", change: tt.change}.params())
		if err := json.Unmarshal([]byte(a.body), &answer); err != nil || a.code != "" {
			t.Fatalf("%s: %v %s", name, err, a.body)
		}
		if answer.TotalNum != tt.want || answer.TotalPage != tt.want || answer.PageNum != 1 || answer.PageSize != 20 {
			t.Errorf("%s: %s", name, a.body)
		}
	}
}

func TestSetLiveStreamsNotifyUrlConfigReplaces(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("SetLiveStreamsNotifyUrlConfig", valid["SetLiveStreamsNotifyUrlConfig"]...)
	f.mustCall("SetLiveStreamsNotifyUrlConfig", "DomainName="+pushDomain, "NotifyUrl=http://cb.example.com/other")
	var got live.StreamsNotifyConfig
	err := f.store.View(t.Context(), func(r store.Reader) (err error) {
		got, err = r.StreamsNotifyConfig(t.Context(), pushDomain)
		return err
	})
	if want := (live.StreamsNotifyConfig{Domain: pushDomain, NotifyURL: "http://cb.example.com/other"}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}
