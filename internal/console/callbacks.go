package console

import (
	"context"
	"fmt"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// callbacksPath is the first page of callbacks: their log.
const callbacksPath = Root + "callbacks"

// callbacksRoutes are those of the log of callbacks, of what is owed, of who is
// told and of trials.
var callbacksRoutes = []route{
	{pattern: "GET " + callbacksPath, handle: (*visit).callbackLogPage},
	{pattern: "GET " + callbacksPath + "/deliveries", handle: (*visit).deliveriesPage},
	{pattern: "GET " + callbacksPath + "/deliveries/{id}", handle: (*visit).deliveryPage},
	{pattern: "POST " + callbacksPath + "/replay", handle: (*visit).replayDeliveries},
	{pattern: "GET " + callbacksPath + "/endpoints", handle: (*visit).endpointsPage},
	{pattern: "POST " + callbacksPath + "/endpoints/park", handle: (*visit).parkEndpoint},
	{pattern: "POST " + callbacksPath + "/endpoints/resume", handle: (*visit).resumeEndpoint},
	{pattern: "GET " + callbacksPath + "/test", handle: (*visit).sampleEventPage},
	{pattern: "POST " + callbacksPath + "/test", handle: (*visit).sendSampleEvent},
	{pattern: "GET " + callbacksPath + "/on-demand", handle: (*visit).questionPage},
	{pattern: "POST " + callbacksPath + "/on-demand", handle: (*visit).askQuestion},
}

// Operations whose rights the pages of callbacks need.
const (
	readCallbacks  = "DescribeLiveRecordNotifyRecords"
	replayCallback = "TallylightReplayDeliveries"
	// These two are no operations of the API; policies can name them all the same.
	tryCallbacks  = "TallylightTryCallbacks"
	parkEndpoints = "TallylightParkEndpoints"
)

// callbackPageSize bounds the rows of a page.
const callbackPageSize = 50

// A callbackLog is the page of attempts, the newest first.
type callbackLog struct {
	Filter  filter
	Records []live.NotifyRecord
	Total   int
	Newer   string
	Older   string
}

func (v *visit) callbackLogPage() error {
	f, err := v.readFilter(readCallbacks, "")
	if err != nil {
		return err
	}
	moved, err := v.moveOn(f, func(ctx context.Context, r store.Reader, domain string) (bool, error) {
		q := f.recordQuery(v.Now())
		q.Domain, q.Limit = domain, 1
		_, total, err := r.NotifyRecords(ctx, q)
		return total > 0, err
	})
	if err != nil || moved {
		return err
	}
	return v.watch("callbacks.html", "Callbacks", 2*time.Second, func() (any, error) { return v.callbackLog() })
}

// callbackLog reads the attempts that the address asks for.
func (v *visit) callbackLog() (page callbackLog, err error) {
	if page.Filter, err = v.readFilter(readCallbacks, ""); err != nil || page.Filter.Domain == "" {
		return page, err
	}
	number := v.pageNumber()
	q := page.Filter.recordQuery(v.Now())
	q.Offset, q.Limit = (number-1)*callbackPageSize, callbackPageSize
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		page.Records, page.Total, err = r.NotifyRecords(ctx, q)
		return err
	})
	if err != nil {
		return page, fmt.Errorf("read log of callbacks: %w", err)
	}
	page.Newer, page.Older = v.pageAddresses(number, q.Offset+len(page.Records) < page.Total)
	return page, nil
}

// recordQuery selects attempts.
func (f filter) recordQuery(now time.Time) live.NotifyRecordQuery {
	q := live.NotifyRecordQuery{Domain: f.Domain, App: f.App, Stream: f.Stream, From: f.from, To: f.to, Result: live.NotifyResult(f.Status)}
	if q.From.IsZero() {
		q.From = now.Add(-live.NotifyRecordsKept)
	}
	if q.To.IsZero() {
		q.To = now.Add(time.Minute) // of a node whose clock is ahead
	}
	return q
}
