package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

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
	return v.watch("endpoints.html", "Endpoints", 5*time.Second, func() (any, error) {
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
	return v.changeEndpoint("park endpoint", say("Nothing more is sent to %s until it is resumed."), func(ctx context.Context, tx store.Tx, url string) error {
		return tx.ParkEndpoint(ctx, live.ParkedEndpoint{URL: url, ParkedAt: v.Now()})
	})
}

func (v *visit) resumeEndpoint() error {
	return v.changeEndpoint("resume endpoint", say("What waits for %s is sent again."), func(ctx context.Context, tx store.Tx, url string) error {
		return tx.ResumeEndpoint(ctx, url)
	})
}

// changeEndpoint changes what is known of a URL that somebody is told by, and tells
// the visitor, in English, that it is done.
func (v *visit) changeEndpoint(action, done string, change func(context.Context, store.Tx, string) error) error {
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
	v.done(done, url)
	return v.back()
}
