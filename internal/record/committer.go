package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/outbox"
)

// A committer carries out, in their order, what a recording need not wait for:
// commits of its state and the finishing of its files. What fails is tried again
// until it succeeds or the Recorder gives up. What it has finished goes on by the
// recording's lane.
type committer struct {
	recorder *Recorder
	log      *slog.Logger
	jobs     chan func(context.Context) error
	lane     *lane
}

func newCommitter(r *Recorder, log *slog.Logger) *committer {
	return &committer{
		recorder: r,
		log:      log,
		jobs:     make(chan func(context.Context) error, 32),
		lane:     &lane{recorder: r, log: log},
	}
}

// enqueue adds a job. It blocks while too many wait; the queue of the stream
// takes the frames meanwhile.
func (c *committer) enqueue(job func(context.Context) error) { c.jobs <- job }

// flush waits until the jobs that were added are done.
func (c *committer) flush(ctx context.Context) error {
	done := make(chan struct{})
	select {
	case c.jobs <- func(context.Context) error { close(done); return nil }:
	case <-ctx.Done():
		return fmt.Errorf("wait for earlier commits: %w", ctx.Err())
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for earlier commits: %w", ctx.Err())
	}
}

// close says that no job follows.
func (c *committer) close() { close(c.jobs) }

// run carries out jobs until close.
func (c *committer) run() {
	for job := range c.jobs {
		c.recorder.persist(c.log, job)
	}
}

// try runs a transaction until its outcome is known or ctx ends.
func (r *Recorder) try(ctx context.Context, fn func(store.Tx) error) error {
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		err := r.cfg.Store.Update(ctx, fn)
		if !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrUncertain) || ctx.Err() != nil {
			return err
		}
		pause(ctx, wait)
	}
}

// announce writes ev and owes it to whom the domain's notify config names, and to
// the domain's endpoints. It is part of the transaction that makes the event true.
//
// What it owes is for Committed, once that transaction is.
func (r *Recorder) announce(ctx context.Context, tx store.Tx, row live.Recording, ev live.Event) (owed []live.Delivery, err error) {
	var main outbox.Target
	notify, err := tx.NotifyConfig(ctx, ev.Key.Domain)
	switch {
	case err == nil && notify.Wants(ev.Type):
		main = outbox.Target{URL: notify.NotifyURL, SignKey: row.SignKey}
	case err != nil && !errors.Is(err, live.ErrConfigNotFound):
		return nil, err
	}
	return outbox.Owe(ctx, tx, ev, main, r.cfg.Now().Add(live.DeliveryLease))
}

// commitState writes the recording, what happened to it, and files that know of it.
func (r *Recorder) commitState(ctx context.Context, row live.Recording, ev live.Event, files ...live.RecordFile) error {
	var owed []live.Delivery
	err := r.cfg.Store.Update(ctx, func(tx store.Tx) (err error) {
		if row.ID != "" {
			if err := tx.PutRecording(ctx, row); err != nil {
				return err
			}
		}
		if err := putFiles(ctx, tx, files); err != nil {
			return err
		}
		owed, err = r.announce(ctx, tx, row, ev)
		return err
	})
	if err != nil {
		return fmt.Errorf("commit %s of %s: %w", ev.Type, ev.Key, err)
	}
	r.cfg.Committed(owed...)
	return nil
}

// commitRow writes the recording.
func (r *Recorder) commitRow(ctx context.Context, row live.Recording) error {
	if err := r.cfg.Store.Update(ctx, func(tx store.Tx) error { return tx.PutRecording(ctx, row) }); err != nil {
		return fmt.Errorf("commit recording %s: %w", row.ID, err)
	}
	return nil
}

// commitFiles writes files in one transaction.
func (r *Recorder) commitFiles(ctx context.Context, rows ...live.RecordFile) error {
	if err := r.cfg.Store.Update(ctx, func(tx store.Tx) error { return putFiles(ctx, tx, rows) }); err != nil {
		return fmt.Errorf("commit record files: %w", err) // it names the file
	}
	return nil
}

func putFiles(ctx context.Context, tx store.Tx, rows []live.RecordFile) error {
	for _, f := range rows {
		if err := tx.PutRecordFile(ctx, f); err != nil {
			return err
		}
	}
	return nil
}
