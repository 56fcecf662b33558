package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tallylight/internal/api/events"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// Bounds of following.
const (
	// followDuration is after how long the caller has to sign a call again, so
	// that a key that is taken away does not listen for ever.
	followDuration = 15 * time.Minute
	// followPoll is how often events are looked for that nobody told of: those
	// that another node has committed.
	followPoll = time.Second
	// followPause is how long a follower leaves the store alone after it has read:
	// ten times as long as that took, within these bounds.
	followPause    = 100 * time.Millisecond
	maxFollowPause = 5 * time.Second
	// followWrite is how long one write to the caller may take.
	followWrite = 30 * time.Second

	followBatch   = 256    // events read at a time
	followStreams = 20_000 // of a domain; those that began before are not followed
	followMissed  = 64     // events since a time, of a stream that the caller does not know
)

// A follower hands the events of a domain to one caller.
type follower struct {
	server *Server
	domain live.Domain
	url    string
	since  time.Time                // of streams not in seen; zero for none
	seen   map[live.StreamKey]int64 // sequence number of the last event handed over
}

// begin finds out from where on each stream is followed.
func (f *follower) begin(ctx context.Context) error {
	return f.view(ctx, func(r store.Reader) error {
		heads, err := r.StreamHeads(ctx, f.domain.Name, followStreams)
		if err != nil {
			return err
		}
		for _, head := range heads {
			if seq, ok := f.seen[head.Key]; ok && seq <= head.Seq {
				continue
			}
			if f.seen[head.Key], err = f.start(ctx, r, head); err != nil {
				return err
			}
		}
		return nil
	})
}

// start returns the sequence number behind which a stream is followed that the
// caller does not know.
func (f *follower) start(ctx context.Context, r store.Reader, head live.StreamHead) (int64, error) {
	if f.since.IsZero() {
		return head.Seq, nil
	}
	last, err := r.Events(ctx, head.Key, head.Seq-1, 1)
	if err != nil || len(last) == 0 || last[0].OccurredAt.Before(f.since) {
		return head.Seq, err // so it is with most streams
	}
	list, err := r.Events(ctx, head.Key, max(head.Seq-followMissed, 0), followMissed)
	if err != nil {
		return 0, err
	}
	for _, e := range list {
		if !e.OccurredAt.Before(f.since) {
			return e.Seq - 1, nil
		}
	}
	return head.Seq, nil
}

// view reads the store when no other follower does.
func (f *follower) view(ctx context.Context, fn func(store.Reader) error) error {
	reading := f.server.followers.reading
	select {
	case reading <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-reading }()
	return f.server.store.View(ctx, fn)
}

// next returns events that were not handed over yet, in the order of each stream,
// followBatch at most.
func (f *follower) next(ctx context.Context) (batch []live.Delivery, err error) {
	err = f.view(ctx, func(r store.Reader) error {
		heads, err := r.StreamHeads(ctx, f.domain.Name, followStreams)
		if err != nil {
			return err
		}
		batch = nil // of a run that was given up
		key := ""
		for _, head := range heads {
			seen := f.seen[head.Key]
			if head.Seq <= seen || len(batch) == followBatch {
				continue
			}
			if len(batch) == 0 {
				if key, err = signKey(ctx, r, f.domain); err != nil {
					return err
				}
			}
			list, err := r.Events(ctx, head.Key, seen, followBatch-len(batch))
			if err != nil {
				return err
			}
			for _, e := range list {
				batch = append(batch, live.Delivery{ID: e.ID.DeliveryID(), Event: e, URL: f.url, SignKey: key})
			}
			if len(list) == 0 {
				f.seen[head.Key] = head.Seq // they were pruned
			}
		}
		return nil
	})
	return batch, err
}

// stream writes the answer until the caller goes, the server stops or it is time
// for another call.
func (f *follower) stream(ctx context.Context, w http.ResponseWriter) error {
	defer f.server.followers.leave()
	ctx, cancel := context.WithTimeout(ctx, followDuration)
	defer cancel()
	out := newEventWriter(w)
	if err := out.write(events.Event{Time: &events.Time{Now: f.server.now()}}); err != nil {
		return err
	}
	for {
		woken := f.server.followers.waking()
		started := time.Now()
		batch, err := f.next(ctx)
		pause := min(max(followPause, 10*time.Since(started)), maxFollowPause)
		if err == nil {
			err = f.hand(out, batch)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		// A domain with very many streams takes long to look through, and is
		// looked through less often.
		if !f.wait(ctx, nil, pause) || len(batch) == 0 && !f.wait(ctx, woken, followPoll) {
			return nil
		}
		if time.Since(out.wrote) >= events.TimeInterval {
			if err := out.write(events.Event{Time: &events.Time{Now: f.server.now()}}); err != nil {
				return err
			}
		}
	}
}

// hand writes events to the caller.
func (f *follower) hand(out *eventWriter, batch []live.Delivery) error {
	for _, dv := range batch {
		c, err := f.callback(dv)
		if err != nil {
			return err
		}
		if err := out.write(events.Event{Callback: &c}); err != nil {
			return err
		}
		f.seen[dv.Event.Key] = dv.Event.Seq
	}
	return nil
}

func (f *follower) callback(dv live.Delivery) (events.Callback, error) {
	r, body, err := f.server.request(dv, f.server.now())
	if err != nil {
		return events.Callback{}, fmt.Errorf("event %s: %w", dv.Event.ID, err)
	}
	e := dv.Event
	return events.Callback{
		ID: string(e.ID), Type: string(e.Type), App: e.Key.App, Stream: e.Key.Stream, Seq: e.Seq, OccurredAt: e.OccurredAt,
		Method: r.Method, URL: r.URL.String(), Header: r.Header, Body: string(body),
	}, nil
}

// wait waits for woken, d at most, and reports whether the stream goes on.
func (f *follower) wait(ctx context.Context, woken <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-woken:
	case <-timer.C:
	case <-ctx.Done():
		return false
	case <-f.server.followers.stop:
		return false
	}
	return true
}

// An eventWriter writes the events of a stream at once.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	wrote   time.Time
	buf     []byte
}

func newEventWriter(w http.ResponseWriter) *eventWriter {
	w.Header().Set("Content-Type", events.ContentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // proxies would wait for more
	out := &eventWriter{w: w, control: http.NewResponseController(w)}
	// The deadline of reading is for the request, which has been read; it would
	// end the answer.
	_ = out.control.SetReadDeadline(time.Time{})
	return out
}

func (o *eventWriter) write(e events.Event) (err error) {
	if o.buf, err = events.Append(o.buf[:0], e); err != nil {
		return err
	}
	o.wrote = time.Now()
	err = o.control.SetWriteDeadline(o.wrote.Add(followWrite))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := o.w.Write(o.buf); err != nil {
		return err
	}
	return o.control.Flush()
}
