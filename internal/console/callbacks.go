package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"tallylight/internal/callback"
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
	First   int // number of the first record, from 1
	Newer   string
	Older   string
}

func (v *visit) callbackLogPage() error {
	return v.watch("callbacks.html", "Callbacks", 2*time.Second, func() (any, error) {
		f, err := v.readFilter(readCallbacks, "")
		if err != nil || f.Domain == "" {
			return callbackLog{Filter: f}, err
		}
		number, _ := strconv.Atoi(v.r.URL.Query().Get("page")) // 0 for what is no number
		number = max(number, 1)
		now := v.Now()
		q := live.NotifyRecordQuery{
			Domain: f.Domain, App: f.App, Stream: f.Stream, From: f.from, To: f.to, Result: live.NotifyResult(f.Status),
			Offset: (number - 1) * callbackPageSize, Limit: callbackPageSize,
		}
		if q.From.IsZero() {
			q.From = now.Add(-live.NotifyRecordsKept)
		}
		if q.To.IsZero() {
			q.To = now.Add(time.Minute) // of a node whose clock is ahead
		}
		page := callbackLog{Filter: f, First: q.Offset + 1}
		ctx := v.r.Context()
		err = v.Store.View(ctx, func(r store.Reader) (err error) {
			page.Records, page.Total, err = r.NotifyRecords(ctx, q)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read log of callbacks: %w", err)
		}
		if number > 1 {
			page.Newer = f.address("page", strconv.Itoa(number-1))
		}
		if q.Offset+len(page.Records) < page.Total {
			page.Older = f.address("page", strconv.Itoa(number+1))
		}
		return page, nil
	})
}

// A deliveryList is the page of what is owed, in the order of apps, streams and
// events.
type deliveryList struct {
	Filter     filter
	Deliveries []live.Delivery
	MayReplay  bool
	Next       string
}

func (v *visit) deliveriesPage() error {
	f, err := v.readFilter(readCallbacks, "")
	if err != nil {
		return err
	}
	page := deliveryList{Filter: f}
	if f.Domain != "" {
		ctx := v.r.Context()
		err = v.Store.View(ctx, func(r store.Reader) error {
			q := f.query()
			q.Limit = callbackPageSize + 1
			if id := v.r.URL.Query().Get("after"); id != "" {
				after, err := r.Delivery(ctx, live.DeliveryID(id))
				if err != nil || after.Event.Key.Domain != f.Domain {
					return errors.Join(err, live.ErrNotFound)
				}
				q.After = &after
			}
			page.Deliveries, err = r.Deliveries(ctx, q)
			return err
		})
		if errors.Is(err, live.ErrNotFound) {
			return notFound("This page began behind a delivery that is no longer there.")
		}
		if err != nil {
			return fmt.Errorf("read deliveries: %w", err)
		}
		if page.MayReplay, err = v.may(replayCallback, f.Domain); err != nil {
			return err
		}
	}
	if len(page.Deliveries) > callbackPageSize {
		page.Deliveries = page.Deliveries[:callbackPageSize]
		page.Next = f.address("after", string(page.Deliveries[callbackPageSize-1].ID))
	}
	return v.render("deliveries.html", "Callbacks", page)
}

// query selects deliveries.
func (f filter) query() live.DeliveryQuery {
	return live.DeliveryQuery{
		Domain: f.Domain, App: f.App, Stream: f.Stream, State: live.DeliveryState(f.Status), Origin: f.Origin, From: f.from, To: f.to,
	}
}

// A deliveryDetail is the page of one delivery.
type deliveryDetail struct {
	Delivery  live.Delivery
	Method    string
	Headers   http.Header // of an attempt made now; signatures are those of that moment
	Body      string
	Attempts  []live.Attempt // the newest first
	Others    []live.Delivery
	MayReplay bool
}

func (v *visit) deliveryPage() error {
	id := live.DeliveryID(v.r.PathValue("id"))
	return v.watch("delivery.html", "Delivery", 2*time.Second, func() (any, error) {
		ctx := v.r.Context()
		var page deliveryDetail
		err := v.Store.View(ctx, func(r store.Reader) (err error) {
			if page.Delivery, err = r.Delivery(ctx, id); err != nil {
				return err
			}
			if page.Attempts, err = r.Attempts(ctx, id); err != nil {
				return err
			}
			page.Others, err = r.Deliveries(ctx, live.DeliveryQuery{ID: string(page.Delivery.Event.ID), Limit: live.MaxEndpoints + 1})
			return err
		})
		if errors.Is(err, live.ErrNotFound) {
			return nil, notFound("There is no delivery %s, or it was pruned from the log.", id)
		}
		if err != nil {
			return nil, fmt.Errorf("read delivery %s: %w", id, err)
		}
		if err := v.ownDomain(page.Delivery.Event.Key.Domain, readCallbacks); err != nil {
			return nil, err
		}
		slices.Reverse(page.Attempts)
		page.Others = slices.DeleteFunc(page.Others, func(d live.Delivery) bool { return d.ID == id })
		if page.MayReplay, err = v.may(replayCallback, page.Delivery.Event.Key.Domain); err != nil {
			return nil, err
		}
		r, body, err := callback.RequestFor(page.Delivery, v.Now())
		if err != nil {
			return nil, fmt.Errorf("make request of delivery %s: %w", id, err)
		}
		page.Method, page.Headers, page.Body = r.Method, r.Header, string(body)
		if page.Body == "" {
			page.Body = r.URL.RawQuery
		}
		return page, nil
	})
}

// ownDomain refuses unless the domain is one of the visitor's account, or was, and
// his policies allow an operation on it.
func (v *visit) ownDomain(name, operation string) error {
	ctx := v.r.Context()
	var d live.Domain
	err := v.Store.View(ctx, func(r store.Reader) (err error) {
		d, err = r.Domain(ctx, name)
		return err
	})
	switch {
	case err == nil && d.AccountID != v.key.AccountID:
		return notFound("There is no domain %s.", name)
	case err != nil && !errors.Is(err, live.ErrDomainNotFound):
		return fmt.Errorf("read domain %s: %w", name, err)
	}
	return v.must(operation, name)
}

// replayDeliveries has callbacks made once more: those whose ids the form gives,
// or all that its filter selects.
func (v *visit) replayDeliveries() error {
	ctx := v.r.Context()
	domain := v.r.PostFormValue("domain")
	params := url.Values{"DomainName": {domain}, "Status": {"all"}}
	var calls []url.Values
	if ids := v.r.PostForm["id"]; len(ids) > 0 {
		if len(ids) > callbackPageSize {
			return badRequest("Choose %d at most.", callbackPageSize)
		}
		for _, id := range ids {
			calls = append(calls, url.Values{"DomainName": {domain}, "Status": {"all"}, "Id": {id}})
		}
	} else if v.r.PostFormValue("all") != "" {
		params.Set("Status", "failed")
		for field, name := range map[string]string{"app": "AppName", "stream": "StreamName", "origin": "Endpoint"} {
			if value := v.r.PostFormValue(field); value != "" {
				params.Set(name, value)
			}
		}
		calls = append(calls, params)
	} else {
		return v.refuseFlash(badRequest("Choose what to replay."))
	}
	replayed, left := 0, 0
	for len(calls) > 0 && ctx.Err() == nil {
		var answer struct {
			Replayed, Left int
			Next           string
		}
		if err := v.call(replayCallback, calls[0], &answer); err != nil {
			return v.refuseFlash(err)
		}
		replayed, left = replayed+answer.Replayed, left+answer.Left
		if answer.Next == "" {
			calls = calls[1:]
		} else {
			calls[0].Set("After", answer.Next)
		}
	}
	if left > 0 {
		v.done("%d replayed; %d are on their way anyway.", replayed, left)
	} else {
		v.done("%d replayed.", replayed)
	}
	return v.back()
}

// refuseFlash shows err on the page that the form came from.
func (v *visit) refuseFlash(err error) error {
	if err := v.failed(err); err != nil {
		return err
	}
	return v.back()
}

// An endpointList is the page of who is told.
type endpointList struct {
	Endpoints []callback.EndpointStatus
	MayPark   bool
	MayCheck  bool
	Check     string           // the URL that is checked; empty: none is
	Refused   []refusedAddress // why it may not be called; none: it may
}

func (v *visit) endpointsPage() error {
	may, err := v.mayOn(explainAddress, "*")
	if err != nil {
		return err
	}
	var explained []refusedAddress
	check := v.r.URL.Query().Get("check")
	if check != "" && !v.watching() {
		if !may {
			return refused(http.StatusForbidden, "Your policies do not allow live:%s.", explainAddress)
		}
		if explained, err = v.explainURLs(".Unsafe", check); err != nil {
			return err
		}
	}
	return v.watch("endpoints.html", "Callbacks", 5*time.Second, func() (any, error) {
		allowed, err := v.domains(readCallbacks, "")
		if err != nil {
			return nil, err
		}
		ctx := v.r.Context()
		page := endpointList{MayCheck: may, Check: check, Refused: explained}
		err = v.Store.View(ctx, func(r store.Reader) (err error) {
			page.Endpoints, err = callback.Endpoints(ctx, r, v.key.AccountID)
			return err
		})
		if err != nil {
			return nil, err
		}
		// What belongs to no domain any more is shown to those who may see all.
		all, err := v.may(readCallbacks, "*")
		if err != nil {
			return nil, err
		}
		page.Endpoints = slices.DeleteFunc(page.Endpoints, func(e callback.EndpointStatus) bool {
			if e.Domain == "" {
				return !all
			}
			return !slices.ContainsFunc(allowed, func(d live.Domain) bool { return d.Name == e.Domain })
		})
		page.MayPark, err = v.may(parkEndpoints, "*")
		return page, err
	})
}

func (v *visit) parkEndpoint() error {
	return v.changeEndpoint("park endpoint", func(ctx context.Context, tx store.Tx, url string) error {
		return tx.ParkEndpoint(ctx, live.ParkedEndpoint{URL: url, ParkedAt: v.Now()})
	})
}

func (v *visit) resumeEndpoint() error {
	return v.changeEndpoint("resume endpoint", func(ctx context.Context, tx store.Tx, url string) error {
		return tx.ResumeEndpoint(ctx, url)
	})
}

// changeEndpoint changes what is known of a URL that somebody is told by.
func (v *visit) changeEndpoint(action string, change func(context.Context, store.Tx, string) error) error {
	if err := v.must(parkEndpoints, "*"); err != nil {
		return err
	}
	ctx, url := v.r.Context(), v.r.PostFormValue("url")
	var known []callback.EndpointStatus
	err := v.Store.View(ctx, func(r store.Reader) (err error) {
		known, err = callback.Endpoints(ctx, r, v.key.AccountID)
		return err
	})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(known, func(e callback.EndpointStatus) bool { return e.URL == url }) {
		return v.refuseFlash(notFound("Nobody is told by %s.", url))
	}
	err = v.Store.Update(ctx, func(tx store.Tx) error { return change(ctx, tx, url) })
	if err != nil && !errors.Is(err, live.ErrNotFound) { // it is resumed already
		return fmt.Errorf("%s %s: %w", action, live.Origin(url), err)
	}
	v.Callbacks.Wake()
	v.audit(action, live.Origin(url))
	v.done("Done.")
	return v.back()
}
