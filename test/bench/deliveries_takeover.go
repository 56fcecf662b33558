//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// takeoverTimeout bounds the wait for a request.
const takeoverTimeout = live.DeliveryLease + time.Minute

// measureTakeovers times the first redelivery after SIGKILL: on SQLite by the same
// server, from its start; on PostgreSQL by another one, from the kill.
func (d *deliveries) measureTakeovers(ctx context.Context, o options, dir string, b *database) error {
	times := make([]time.Duration, o.restarts)
	run := func(ctx context.Context, i int) (err error) {
		t := takeover{o: o, receiver: &silentReceiver{requests: make(chan silentRequest, 16)}}
		if t.dir, err = os.MkdirTemp(dir, "restart-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(t.dir)) }()
		if t.database, err = b.fresh(ctx, t.dir); err != nil {
			return err
		}
		close, err := t.receiver.listen()
		if err != nil {
			return err
		}
		defer close()
		times[i], err = t.measure(ctx, b.server != nil)
		return err
	}
	if b.server == nil {
		fmt.Fprintf(os.Stderr, "callbacks on %s: %d restarts\n", b, o.restarts)
		for i := range times { // one by one: a start is work
			if err := run(ctx, i); err != nil {
				return err
			}
		}
		d.Restart = newTakeoverRow(times)
		return nil
	}
	fmt.Fprintf(os.Stderr, "callbacks on %s: %d nodes die, and others wait for the end of their leases\n", b, o.restarts)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(10)
	for i := range times { // side by side: it is waiting
		g.Go(func() error { return run(ctx, i) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	d.OtherNode = newTakeoverRow(times)
	return nil
}

// A takeover is one event, owed to a receiver that does not answer, on a database
// whose server is killed amid the attempt.
type takeover struct {
	o        options
	dir      string
	database string
	receiver *silentReceiver
}

func (t *takeover) measure(ctx context.Context, byAnother bool) (took time.Duration, err error) {
	if err := t.owe(ctx); err != nil {
		return 0, err
	}
	var servers [2]*process
	defer func() {
		for _, p := range servers {
			if p != nil {
				p.cmd.Process.Kill()
				<-p.done
				p.log.Close()
			}
		}
	}()
	if servers[0], err = t.serve(ctx, 0); err != nil {
		return 0, err
	}
	first, err := t.receiver.next(ctx)
	if err != nil {
		return 0, err
	}
	if !byAnother {
		if err := kill(servers[0]); err != nil {
			return 0, err
		}
		began := time.Now()
		if servers[0], err = t.serve(ctx, 0); err != nil {
			return 0, err
		}
		again, err := t.receiver.next(ctx)
		return again.at.Sub(began), err
	}
	if servers[1], err = t.serve(ctx, 1); err != nil {
		return 0, err
	}
	// Attempts that nobody answers go on; the next one shows who makes them now.
	if first, err = t.receiver.next(ctx); err != nil {
		return 0, err
	}
	holder := 0
	if first.userAgent == userAgentOf(1) {
		holder = 1
	}
	if err := kill(servers[holder]); err != nil {
		return 0, err
	}
	servers[holder] = nil
	died := time.Now()
	again, err := t.receiver.next(ctx)
	if err == nil && again.userAgent == first.userAgent {
		err = errors.New("a server that was killed goes on")
	}
	return again.at.Sub(died), err
}

// owe commits an event that no server has leased.
func (t *takeover) owe(ctx context.Context) (err error) {
	st, err := openStore(ctx, t.database, -1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return st.Update(ctx, func(tx store.Tx) error {
		now := time.Now()
		e, err := tx.AddEvent(ctx, live.Event{
			ID: live.NewEventID(now), Type: live.EventRecordStarted, OccurredAt: now,
			Key: live.StreamKey{Domain: benchDomain, App: "live", Stream: "s0"},
		})
		if err != nil {
			return err
		}
		return tx.AddDelivery(ctx, live.Delivery{ID: e.ID.DeliveryID(), Event: e, URL: t.receiver.url, State: live.DeliveryPending, DueAt: now})
	})
}

func userAgentOf(node int) string { return fmt.Sprint("node", node) }

// serve starts a server; node tells those apart that share the database.
func (t *takeover) serve(ctx context.Context, node int) (*process, error) {
	data := t.dir // where the database is, if it is a file
	args := []string{"serve", "--dev", "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0"}
	if isURL(t.database) {
		data = filepath.Join(t.dir, userAgentOf(node))
		args = append(args, "--database", t.database)
	}
	cmd := pinned(ctx, "", t.o.binary, append(args, "--data", data)...)
	cmd.Env = append(os.Environ(), "TALLYLIGHT_LOG_LEVEL=warn", "TALLYLIGHT_CALLBACKS_USER_AGENT="+userAgentOf(node),
		"TALLYLIGHT_ACCESS_KEY_ID=bench", "TALLYLIGHT_ACCESS_KEY_SECRET=benchmark-secret")
	p, _, err := startAndScan(cmd, filepath.Join(t.dir, fmt.Sprintf("log-%d-%d", node, time.Now().UnixNano())))
	return p, err
}

// kill ends a process with SIGKILL.
func kill(p *process) error {
	if err := p.cmd.Process.Kill(); err != nil {
		return err
	}
	<-p.done // "signal: killed"
	p.log.Close()
	return nil
}

// A silentReceiver takes requests and does not answer.
type silentReceiver struct {
	url      string
	requests chan silentRequest
}

type silentRequest struct {
	at        time.Time
	userAgent string
}

func (r *silentReceiver) listen() (close func() error, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r.url = fmt.Sprintf("http://%s/callbacks", ln.Addr())
	server := &http.Server{Handler: r}
	go server.Serve(ln)
	return server.Close, nil
}

func (r *silentReceiver) ServeHTTP(_ http.ResponseWriter, q *http.Request) {
	now := time.Now()
	_, _ = io.Copy(io.Discard, q.Body) // only then the end of the connection is seen
	r.requests <- silentRequest{now, q.UserAgent()}
	<-q.Context().Done()
}

// next returns the next request.
func (r *silentReceiver) next(ctx context.Context) (silentRequest, error) {
	select {
	case q := <-r.requests:
		return q, nil
	case <-time.After(takeoverTimeout):
		return silentRequest{}, fmt.Errorf("no request within %s", takeoverTimeout)
	case <-ctx.Done():
		return silentRequest{}, ctx.Err()
	}
}
