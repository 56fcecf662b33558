package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

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
	moved, err := v.moveOn(f, func(ctx context.Context, r store.Reader, domain string) (bool, error) {
		q := f.query()
		q.Domain, q.Limit = domain, 1
		found, err := r.Deliveries(ctx, q)
		return len(found) > 0, err
	})
	if err != nil || moved {
		return err
	}
	page := deliveryList{Filter: f}
	if f.Domain != "" {
		if err := v.readDeliveries(&page); err != nil {
			return err
		}
	}
	return v.render("deliveries.html", "Deliveries", page)
}

// readDeliveries reads what the page's filter selects.
func (v *visit) readDeliveries(page *deliveryList) (err error) {
	if page.MayReplay, err = v.may(replayCallback, page.Filter.Domain); err != nil {
		return err
	}
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) error {
		q := page.Filter.query()
		q.Limit = callbackPageSize + 1
		if id := v.r.URL.Query().Get("after"); id != "" {
			after, err := r.Delivery(ctx, live.DeliveryID(id))
			if err != nil || after.Event.Key.Domain != q.Domain {
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
	if len(page.Deliveries) > callbackPageSize {
		page.Deliveries = page.Deliveries[:callbackPageSize]
		page.Next = page.Filter.address("after", string(page.Deliveries[callbackPageSize-1].ID))
	}
	return nil
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
// or all that its filter selects and that were given up.
func (v *visit) replayDeliveries() error {
	calls, err := v.replayCalls()
	if err != nil {
		return v.refuseFlash(err)
	}
	replayed, left := 0, 0
	for len(calls) > 0 && v.r.Context().Err() == nil {
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

// replayCalls returns the parameters of the calls that do what the form asks for.
func (v *visit) replayCalls() (calls []url.Values, err error) {
	domain, ids := v.r.PostFormValue("domain"), v.r.PostForm["id"]
	switch {
	case len(ids) > callbackPageSize:
		return nil, badRequest("Choose %d at most.", callbackPageSize)
	case len(ids) > 0:
		for _, id := range ids {
			calls = append(calls, url.Values{"DomainName": {domain}, "Status": {"all"}, "Id": {id}})
		}
		return calls, nil
	case v.r.PostFormValue("all") == "":
		return nil, badRequest("Choose what to replay.")
	}
	params := url.Values{"DomainName": {domain}, "Status": {"failed"}}
	for field, name := range map[string]string{"app": "AppName", "stream": "StreamName", "origin": "Endpoint"} {
		if value := v.r.PostFormValue(field); value != "" {
			params.Set(name, value)
		}
	}
	return []url.Values{params}, nil
}

// refuseFlash shows err on the page that the form came from.
func (v *visit) refuseFlash(err error) error {
	if err := v.failed(err); err != nil {
		return err
	}
	return v.back()
}
