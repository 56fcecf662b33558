//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

const (
	deliveryStreams = 10_000 // their events are in order, one under way at a time
	deliveryWriters = 256    // goroutines that commit events
	// maxOutstanding bounds the events that are committed and not delivered.
	maxOutstanding = 1024
)

// sentEvents are the events that were committed for endpoints that answer.
type sentEvents struct {
	Commits  []arrival // At is when the commit had returned
	Elapsed  time.Duration
	CPU      time.Duration
	Resident int64
}

// A sender commits events and has them delivered, as a server does.
type sender struct {
	job       deliveryJob
	store     *sqlite.Store
	deliverer *callback.Deliverer

	mu      sync.Mutex
	next    int
	commits []arrival
	room    *sync.Cond // fewer than maxOutstanding, or a look at it is due
}

// deliverEvents is the process of the sender.
func deliverEvents(ctx context.Context, in io.Reader, out io.Writer) (err error) {
	s := &sender{}
	if err := json.NewDecoder(in).Decode(&s.job); err != nil {
		return err
	}
	s.room = sync.NewCond(&s.mu)
	if s.store, err = sqlite.Open(ctx, filepath.Join(s.job.Dir, "store.db"), sqlite.Options{}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.store.Close()) }()
	guard, err := callback.NewGuard(callback.GuardConfig{Dev: true})
	if err != nil {
		return err
	}
	s.deliverer = callback.New(callback.Config{Store: s.store, Guard: guard, Log: slog.New(slog.DiscardHandler), EventHeaders: true})
	run, stop := context.WithCancel(ctx)
	defer stop()
	ran := make(chan error, 1)
	go func() { ran <- s.deliverer.Run(run) }()
	if s.job.Profile != "" {
		f, err := os.Create(s.job.Profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
	}
	sent, err := s.send(ctx)
	pprof.StopCPUProfile()
	stop()
	if err := errors.Join(err, <-ran); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(sent)
}

// send commits events for the time of the job and waits until all are delivered.
func (s *sender) send(ctx context.Context) (sent sentEvents, err error) {
	began, cpu := time.Now(), ownCPU()
	end := began.Add(s.job.Time)
	var writers sync.WaitGroup
	errs := make(chan error, deliveryWriters)
	count := deliveryWriters
	if s.job.Rate > 0 {
		count = 1
	}
	for range count {
		writers.Go(func() {
			for time.Now().Before(end) {
				if err := s.commit(ctx, began); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		writers.Wait()
		close(done)
	}()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for writing := true; writing || int(s.deliverer.Stats().Delivered) < s.committed(); {
		select {
		case err := <-errs:
			return sent, err
		case <-done:
			writing, done = false, nil
		case <-look.C:
			s.room.Broadcast()
		case <-ctx.Done():
			return sent, ctx.Err()
		}
		if time.Since(end) > time.Minute {
			return sent, fmt.Errorf("%d of %d events are delivered", s.deliverer.Stats().Delivered, s.committed())
		}
	}
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return sent, err
	}
	return sentEvents{Commits: s.commits, Elapsed: time.Since(began), CPU: ownCPU() - cpu, Resident: u.Maxrss << 10}, nil
}

func (s *sender) committed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.commits)
}

// commit commits the next event when it is its turn, and hands its delivery over.
func (s *sender) commit(ctx context.Context, began time.Time) error {
	s.mu.Lock()
	for s.job.Rate == 0 && len(s.commits)-int(s.deliverer.Stats().Delivered) >= maxOutstanding {
		s.room.Wait()
	}
	n := s.next
	s.next++
	s.mu.Unlock()
	if s.job.Rate > 0 {
		time.Sleep(time.Until(began.Add(time.Duration(n) * time.Second / time.Duration(s.job.Rate))))
		if s.job.Hanging && n%2 == 0 {
			if _, err := s.owe(ctx, deliveryStreams+n, fmt.Sprintf("http://127.0.0.1:%d/", s.job.HangPort)); err != nil {
				return err
			}
		}
	}
	stream := n % deliveryStreams
	endpoint := stream % s.job.Endpoints
	port := s.job.Port
	if endpoint < s.job.Dead {
		port = s.job.DeadPort
	}
	e, err := s.owe(ctx, stream, fmt.Sprintf("http://127.0.%d.%d:%d/callbacks", endpoint/250, endpoint%250+1, port))
	if err != nil || endpoint < s.job.Dead {
		return err
	}
	at := time.Now().UnixNano()
	s.mu.Lock()
	s.commits = append(s.commits, arrival{Stream: stream, Seq: int(e.Seq), At: at})
	s.mu.Unlock()
	return nil
}

// owe commits an event of a stream with its delivery, and hands that over.
func (s *sender) owe(ctx context.Context, stream int, url string) (e live.Event, err error) {
	var owed live.Delivery
	err = s.store.Update(ctx, func(tx store.Tx) error {
		now := time.Now()
		e, err = tx.AddEvent(ctx, live.Event{
			ID: live.NewEventID(now), Type: live.EventRecordStarted, OccurredAt: now,
			Key: live.StreamKey{Domain: benchDomain, App: "live", Stream: fmt.Sprint("s", stream)},
		})
		if err != nil {
			return err
		}
		owed, err = tx.OweDelivery(ctx, live.Delivery{
			ID: e.ID.DeliveryID(), Event: e, URL: url, State: live.DeliveryPending, DueAt: now, LeasedUntil: now.Add(live.DeliveryLease),
		})
		return err
	})
	if err == nil {
		s.deliverer.HandOver(owed)
	}
	return e, err
}
