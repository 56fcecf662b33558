package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// FinishAttempt implements store.Tx.
func (t *Tx) FinishAttempt(ctx context.Context, d live.Delivery, a live.Attempt) error {
	_, err := t.FinishAttempts(ctx, []store.FinishedAttempt{{Delivery: d, Attempt: a}})
	return err
}

// FinishAttempts implements store.Tx.
func (t *Tx) FinishAttempts(ctx context.Context, list []store.FinishedAttempt) (freed bool, err error) {
	finish := t.finishEach
	if t.dialect.sideBySide { // the way to the database is longer than the work there
		finish = t.finishTogether
	}
	if err := finish(ctx, list); err != nil {
		return false, err
	}
	ids := make([]live.DeliveryID, len(list))
	for i, f := range list {
		ids[i] = f.Delivery.ID
	}
	finished, err := encodeStrings(ids)
	if err != nil {
		return false, err
	}
	n, err := t.conn.Exec(ctx, t.dialect.freeWaiting, finished)
	if err != nil {
		return false, fmt.Errorf("free what waited for %d deliveries: %w", len(list), err)
	}
	return n > 0, nil
}

// What is written of a finished attempt. One that was recorded before, by an
// Update whose outcome was unknown, is written over.
const (
	attemptTable    = `attempts (delivery_id, number, replay, started_at, elapsed_ns, address, status, err, response, stream_id)`
	attemptConflict = ` ON CONFLICT (delivery_id, number) DO UPDATE SET
		started_at = excluded.started_at, elapsed_ns = excluded.elapsed_ns, address = excluded.address,
		status = excluded.status, err = excluded.err, response = excluded.response`
)

// finishEach finishes attempts one after the other.
func (t *Tx) finishEach(ctx context.Context, list []store.FinishedAttempt) error {
	for _, f := range list {
		finish := t.finishOther
		if keptWithDelivery(f.Attempt) {
			finish = t.finishFirst
		}
		if err := finish(ctx, f.Delivery, f.Attempt); err != nil {
			return fmt.Errorf("finish attempt %d of delivery %s: %w", f.Attempt.Number, f.Delivery.ID, err)
		}
	}
	return nil
}

func (t *Tx) finishFirst(ctx context.Context, d live.Delivery, a live.Attempt) error {
	return change(ctx, t.conn, live.ErrNotFound,
		`UPDATE deliveries SET state = $2, attempts = $3, due_at = $4, leased_until = NULL, waiting = FALSE,
			first_started_at = $5, first_elapsed_ns = $6, first_address = $7, first_status = $8, first_err = $9, first_response = $10
		WHERE id = $1`,
		string(d.ID), string(d.State), d.Attempts, micros(d.DueAt),
		micros(a.StartedAt), int64(a.Elapsed), a.Address, a.Status, a.Err, a.Response)
}

func (t *Tx) finishOther(ctx context.Context, d live.Delivery, a live.Attempt) error {
	err := change(ctx, t.conn, live.ErrNotFound,
		`UPDATE deliveries SET state = $2, attempts = $3, due_at = $4, leased_until = NULL, waiting = FALSE WHERE id = $1`,
		string(d.ID), string(d.State), d.Attempts, micros(d.DueAt))
	if err != nil {
		return err
	}
	_, err = t.conn.Exec(ctx, `INSERT INTO `+attemptTable+`
		SELECT d.id, $2, $3, $4, $5, $6, $7, $8, $9, abs(d.stream_id) FROM deliveries d WHERE d.id = $1`+attemptConflict,
		string(d.ID), a.Number, a.Replay, micros(a.StartedAt), int64(a.Elapsed), a.Address, a.Status, a.Err, a.Response)
	return err
}

// finishTogether finishes attempts by a few statements, which take each column as
// an array.
func (t *Tx) finishTogether(ctx context.Context, list []store.FinishedAttempt) error {
	var first, other finishedColumns
	for _, f := range list {
		if keptWithDelivery(f.Attempt) {
			first.add(f)
		} else {
			other.add(f)
		}
	}
	if err := t.finishFirstOnes(ctx, &first); err != nil {
		return fmt.Errorf("finish %d first attempts: %w", len(first.ids), err)
	}
	if err := t.finishOtherOnes(ctx, &other); err != nil {
		return fmt.Errorf("finish %d attempts: %w", len(other.ids), err)
	}
	return nil
}

func (t *Tx) finishFirstOnes(ctx context.Context, c *finishedColumns) error {
	return t.changeAll(ctx, c,
		`UPDATE deliveries d SET state = f.state, attempts = f.attempts, due_at = f.due_at, leased_until = NULL, waiting = FALSE,
			first_started_at = f.started_at, first_elapsed_ns = f.elapsed_ns, first_address = f.address, first_status = f.status,
			first_err = f.err, first_response = f.response
		FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[], $9::text[], $10::text[])
			AS f (id, state, attempts, due_at, started_at, elapsed_ns, address, status, err, response)
		WHERE d.id = f.id`,
		c.ids, c.states, c.attempts, c.dueAt, c.startedAt, c.elapsed, c.addresses, c.statuses, c.errs, c.responses)
}

func (t *Tx) finishOtherOnes(ctx context.Context, c *finishedColumns) error {
	err := t.changeAll(ctx, c,
		`UPDATE deliveries d SET state = f.state, attempts = f.attempts, due_at = f.due_at, leased_until = NULL, waiting = FALSE
		FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) AS f (id, state, attempts, due_at)
		WHERE d.id = f.id`,
		c.ids, c.states, c.attempts, c.dueAt)
	if err != nil || len(c.ids) == 0 {
		return err
	}
	_, err = t.conn.Exec(ctx, `INSERT INTO `+attemptTable+`
		SELECT d.id, f.number, f.replay, f.started_at, f.elapsed_ns, f.address, f.status, f.err, f.response, abs(d.stream_id)
		FROM unnest($1::text[], $2::bigint[], $3::boolean[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::text[])
			AS f (id, number, replay, started_at, elapsed_ns, address, status, err, response)
		JOIN deliveries d ON d.id = f.id`+attemptConflict,
		c.ids, c.numbers, c.replays, c.startedAt, c.elapsed, c.addresses, c.statuses, c.errs, c.responses)
	return err
}

// changeAll runs a statement that changes one row for each of c, or fails with
// live.ErrNotFound.
func (t *Tx) changeAll(ctx context.Context, c *finishedColumns, query string, args ...any) error {
	if len(c.ids) == 0 {
		return nil
	}
	n, err := t.conn.Exec(ctx, query, args...)
	if err == nil && int(n) < len(c.ids) {
		return live.ErrNotFound
	}
	return err
}

// finishedColumns are finished attempts, an array for each column.
type finishedColumns struct {
	ids, states, addresses, errs, responses []string
	attempts, numbers, statuses, elapsed    []int64
	dueAt, startedAt                        []*int64
	replays                                 []bool
}

func (c *finishedColumns) add(f store.FinishedAttempt) {
	d, a := f.Delivery, f.Attempt
	c.ids = append(c.ids, string(d.ID))
	c.states = append(c.states, string(d.State))
	c.attempts = append(c.attempts, int64(d.Attempts))
	c.dueAt = append(c.dueAt, microsOrNil(d.DueAt))
	c.numbers = append(c.numbers, int64(a.Number))
	c.replays = append(c.replays, a.Replay)
	c.startedAt = append(c.startedAt, microsOrNil(a.StartedAt))
	c.elapsed = append(c.elapsed, int64(a.Elapsed))
	c.addresses = append(c.addresses, a.Address)
	c.statuses = append(c.statuses, int64(a.Status))
	c.errs = append(c.errs, a.Err)
	c.responses = append(c.responses, a.Response)
}
