package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

type endpointsParkCommand struct {
	dataFlags
	URL string `arg:"" name:"url" help:"URL of the endpoint, as it is listed."`
}

func (endpointsParkCommand) Help() string {
	return `Callbacks to the URL wait from then on, however long, and are neither tried nor given
up; what a running server holds in memory may still go out within a minute. Other URLs
of the same server are told as before.`
}

func (c *endpointsParkCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(st store.Store, account live.AccountID) error {
		var list []callback.EndpointStatus
		err := st.View(ctx, func(r store.Reader) (err error) {
			list, err = callback.Endpoints(ctx, r, account)
			return err
		})
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list, func(e callback.EndpointStatus) bool { return e.URL == c.URL }) {
			return fmt.Errorf("no endpoint has the URL %s: see tallylight endpoints list", c.URL)
		}
		return st.Update(ctx, func(tx store.Tx) error {
			return tx.ParkEndpoint(ctx, live.ParkedEndpoint{URL: c.URL, ParkedAt: time.Now()})
		})
	})
}

type endpointsResumeCommand struct {
	dataFlags
	URL    string `arg:"" name:"url" help:"URL of the endpoint, as it is listed."`
	GiveUp bool   `help:"Give up what waits: it becomes dead, and can be replayed or forgotten."`
	Yes    bool   `help:"Do not ask before giving up."`
}

func (endpointsResumeCommand) Help() string {
	return `What waits is sent in its order, a running server begins within half a minute. A
callback whose 72 hours have passed meanwhile gets the attempts of its burst that it has
not had, one at least.`
}

func (c *endpointsResumeCommand) Run(ctx context.Context, s *streams) error {
	if c.GiveUp {
		if ok, err := confirm(s, c.Yes, "give up all that waits for %s?", c.URL); err != nil || !ok {
			return err
		}
	}
	givenUp := 0
	err := c.update(ctx, func(tx store.Tx, _ live.AccountID) (err error) {
		if err := tx.ResumeEndpoint(ctx, c.URL); err != nil {
			return err
		}
		if c.GiveUp {
			givenUp, err = tx.GiveUpDeliveries(ctx, c.URL)
		}
		return err
	})
	if errors.Is(err, live.ErrNotFound) {
		return fmt.Errorf("the URL %s is not parked: see tallylight endpoints list", c.URL)
	}
	if err == nil && c.GiveUp {
		err = printf(s, "gave up %s\n", counted(givenUp))
	}
	return err
}
