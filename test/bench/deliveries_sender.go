//go:build linux

package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

const (
	deliveryStreams = 10_000 // their events are in order, one under way at a time
	deliveryWriters = 256    // goroutines that commit events
	// maxOutstanding bounds the events that are committed and not delivered.
	maxOutstanding = 1024
	// retriedFor is how long a delivery is tried: retention keeps an event for that
	// time and its own. Events that retention is to delete are dated so far back.
	retriedFor = 72 * time.Hour
)

// sentEvents are the events that were committed for endpoints that answer.
type sentEvents struct {
	Commits  []arrival   // of the streams that are sampled; At is when the commit had returned
	Counts   map[int]int // how many each stream had
	Elapsed  time.Duration
	CPU      time.Duration
	Resident int64
	Pruned   int
	Tenths   []int // how many were delivered after each tenth of the time
}

// add adds the events of another node.
func (s *sentEvents) add(o sentEvents) {
	if s.Counts == nil {
		s.Counts = make(map[int]int)
	}
	s.Commits = append(s.Commits, o.Commits...)
	for stream, n := range o.Counts {
		s.Counts[stream] += n
	}
	s.Elapsed = max(s.Elapsed, o.Elapsed)
	s.CPU += o.CPU
	s.Resident += o.Resident
	s.Pruned += o.Pruned
	for i, n := range o.Tenths {
		if i == len(s.Tenths) {
			s.Tenths = append(s.Tenths, 0)
		}
		s.Tenths[i] += n
	}
}

// events returns how many there are.
func (s *sentEvents) events() int {
	n := 0
	for _, count := range s.Counts {
		n += count
	}
	return n
}

// A sender commits events and has them delivered, as a server does.
type sender struct {
	job       deliveryJob
	store     store.Store
	deliverer *callback.Deliverer

	progress *progressFile

	mu          sync.Mutex
	next        int
	committed   int
	commits     []arrival
	counts      map[int]int
	outstanding int        // of all nodes, when it was last looked at
	room        *sync.Cond // fewer than maxOutstanding are
}

// deliverEvents is the process of the sender.
func deliverEvents(ctx context.Context, in io.Reader, out io.Writer) (err error) {
	s := &sender{counts: make(map[int]int)}
	if err := json.NewDecoder(in).Decode(&s.job); err != nil {
		return err
	}
	s.room = sync.NewCond(&s.mu)
	if s.progress, err = openProgress(s.job.Progress, s.job.Nodes); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.progress.close()) }()
	if s.store, err = openStore(ctx, s.job.Database, s.job.Node); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.store.Close()) }()
	guard, err := callback.NewGuard(callback.GuardConfig{Dev: true})
	if err != nil {
		return err
	}
	s.deliverer = callback.New(callback.Config{Store: s.store, Guard: guard, Log: slog.New(slog.DiscardHandler), EventHeaders: true})
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
	run, stop := context.WithCancel(ctx)
	defer stop()
	g, run := errgroup.WithContext(run)
	g.Go(func() error { return s.deliverer.Run(run) })
	g.Go(func() error { return s.retain(run) })
	sent, err := s.send(ctx)
	pprof.StopCPUProfile()
	stop()
	if err := errors.Join(err, g.Wait()); err != nil {
		return err
	}
	if s.job.Retain > 0 {
		left, err := countEvents(ctx, s.job.Database)
		if err != nil {
			return err
		}
		sent.Pruned = s.committed - left
	}
	return json.NewEncoder(out).Encode(sent)
}

// retain has old events deleted: a pruner looks for them when it starts, so that one
// is started whenever as many more are old as there may be.
func (s *sender) retain(ctx context.Context) error {
	for s.job.Retain > 0 && ctx.Err() == nil {
		timed, cancel := context.WithTimeout(ctx, s.job.Retain)
		err := callback.NewPruner(callback.PrunerConfig{Store: s.store, Keep: s.job.Retain, Log: slog.New(slog.DiscardHandler)}).Run(timed)
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

// countEvents counts the events of a database file that is open beside.
func countEvents(ctx context.Context, path string) (n int, err error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM events`).Scan(&n)
	return n, err
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
	for {
		select {
		case err := <-errs:
			return sent, err
		case <-look.C:
		case <-ctx.Done():
			return sent, ctx.Err()
		}
		all, err := s.compareNotes(done)
		if err != nil {
			return sent, err
		}
		if tenth := s.job.Time * time.Duration(len(sent.Tenths)+1) / 10; len(sent.Tenths) < 10 && time.Since(began) >= tenth {
			sent.Tenths = append(sent.Tenths, s.delivered())
		}
		if all.done && all.delivered >= all.committed {
			break
		}
		if time.Since(end) > time.Minute {
			return sent, fmt.Errorf("%d of %d events are delivered", all.delivered, all.committed)
		}
	}
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return sent, err
	}
	sent.Commits, sent.Counts = s.commits, s.counts
	sent.Elapsed, sent.CPU, sent.Resident = time.Since(began), ownCPU()-cpu, u.Maxrss<<10
	return sent, nil
}

// delivered returns how many events this node has delivered.
func (s *sender) delivered() int { return int(s.deliverer.Stats().Delivered) }

// compareNotes tells the other nodes how far this one is, and returns how far all
// are. done is closed once no more is committed.
func (s *sender) compareNotes(done <-chan struct{}) (all progress, err error) {
	own := progress{delivered: s.delivered()}
	select {
	case <-done:
		own.done = true
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	own.committed = s.committed
	if err := s.progress.set(s.job.Node, own); err != nil {
		return all, err
	}
	if all, err = s.progress.sum(); err == nil {
		s.outstanding = all.committed - all.delivered
		s.room.Broadcast()
	}
	return all, err
}

// commit commits the next event when it is its turn, and hands its delivery over. A
// stream is one node's.
func (s *sender) commit(ctx context.Context, began time.Time) error {
	s.mu.Lock()
	for s.job.Rate == 0 && s.outstanding >= maxOutstanding {
		s.room.Wait()
	}
	n := s.next*s.job.Nodes + s.job.Node
	s.next++
	s.mu.Unlock()
	if s.job.Rate > 0 {
		time.Sleep(time.Until(began.Add(time.Duration(n) * time.Second / time.Duration(s.job.Rate))))
		if s.job.Hanging && n/s.job.Nodes%2 == 0 {
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
	defer s.mu.Unlock()
	s.committed++
	s.outstanding++
	s.counts[stream]++
	if stream%s.job.Sample == 0 {
		s.commits = append(s.commits, arrival{Stream: stream, Seq: int(e.Seq), At: at})
	}
	return nil
}

// owe commits an event of a stream with its delivery, and hands that over.
func (s *sender) owe(ctx context.Context, stream int, url string) (live.Event, error) {
	var owed *store.Owing
	err := s.store.Update(ctx, func(tx store.Tx) error {
		now := time.Now()
		occurred := now
		if s.job.Retain > 0 {
			occurred = now.Add(-retriedFor)
		}
		id := live.NewEventID(occurred)
		owed = &store.Owing{
			Event: live.Event{
				ID: id, Type: live.EventRecordStarted, OccurredAt: occurred,
				Key: live.StreamKey{Domain: benchDomain, App: "live", Stream: fmt.Sprint("s", stream)},
			},
			Deliveries: []live.Delivery{{
				ID: id.DeliveryID(), URL: url, State: live.DeliveryPending, DueAt: now, LeasedUntil: now.Add(live.DeliveryLease),
			}},
		}
		return tx.Owe(ctx, owed)
	})
	if err != nil {
		return live.Event{}, err
	}
	s.deliverer.HandOver(owed.Deliveries...)
	return owed.Event, nil
}
