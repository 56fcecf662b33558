package callback

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A discardStore owes nothing and keeps nothing: what is measured with it is the
// engine alone.
type discardStore struct {
	released atomic.Int64 // deliveries that the engine left to the table
}

// A discardTx implements the methods that the deliverer uses.
type discardTx struct {
	store.Tx
	s *discardStore
}

func (s *discardStore) Update(_ context.Context, fn func(store.Tx) error) error {
	return fn(discardTx{s: s})
}

func (s *discardStore) View(_ context.Context, fn func(store.Reader) error) error {
	return fn(discardTx{s: s})
}

func (discardTx) FinishAttempts(context.Context, []store.FinishedAttempt) (bool, error) {
	return false, nil
}

func (discardTx) ClaimDeliveries(context.Context, time.Time, time.Time, int, int, []string) ([]live.Delivery, error) {
	return nil, nil
}

func (discardTx) NextDue(context.Context, int, []string) (time.Time, bool, error) {
	return time.Time{}, false, nil
}

func (tx discardTx) ReleaseDeliveries(_ context.Context, ids []live.DeliveryID) error {
	tx.s.released.Add(int64(len(ids)))
	return nil
}

func (discardTx) ReleaseClaims(context.Context) error                          { return nil }
func (discardTx) PutReceiverHealth(context.Context, live.ReceiverHealth) error { return nil }

func (discardTx) OwnReceiverHealth(context.Context) ([]live.ReceiverHealth, error) { return nil, nil }
func (discardTx) WebhookSecrets(context.Context) ([]live.WebhookSecret, error)     { return nil, nil }

// serveInstantly answers 200 on every loopback address, with as little effort as can
// be, until the benchmark ends, and returns its port.
func serveInstantly(b *testing.B) (port int) {
	b.Helper()
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go answerInstantly(conn)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// answerInstantly answers the callbacks of benchDelivery that come on a connection.
func answerInstantly(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 2<<10)
	for {
		for {
			line, err := r.ReadSlice('\n')
			if err != nil {
				return
			}
			if len(line) == len("\r\n") {
				break
			}
		}
		if _, err := r.Discard(len(benchBody)); err != nil {
			return
		}
		if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
			return
		}
	}
}

const benchBody = `{"domain":"play.example.com","app":"live","stream":"show","event":"record_started"}`

// benchDelivery returns a delivery whose request has benchBody.
func benchDelivery(i int, url string) live.Delivery {
	now := time.Now()
	return live.Delivery{
		ID: live.NewDeliveryID(now), URL: url, SignKey: "testkeyyourkey12", State: live.DeliveryPending, DueAt: now, LeasedUntil: now.Add(live.DeliveryLease),
		Event: live.Event{
			ID: live.NewEventID(now), Type: live.EventRecordStarted, Seq: int64(i), OccurredAt: now,
			Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"},
		},
	}
}

func benchDeliverer(b *testing.B) *Deliverer {
	g, err := NewGuard(GuardConfig{Dev: true})
	if err != nil {
		b.Fatal(err)
	}
	return New(Config{Store: new(discardStore), Guard: g, Log: slog.New(slog.DiscardHandler), EventHeaders: true})
}

func BenchmarkRequest(b *testing.B) {
	s := benchDeliverer(b).sender
	dv := benchDelivery(1, "http://receiver.example.com:8080/hook")
	a := live.Attempt{Delivery: dv.ID, Number: 1, StartedAt: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.newRequest(context.Background(), dv, a); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAttempt(b *testing.B) {
	s := benchDeliverer(b).sender
	defer s.transport.CloseIdleConnections()
	dv := benchDelivery(1, fmt.Sprintf("http://127.0.0.1:%d/hook", serveInstantly(b)))
	b.ReportAllocs()
	for b.Loop() {
		if a := s.send(context.Background(), dv, burstTimeout); a.Status != http.StatusOK {
			b.Fatal(a.Err)
		}
	}
}

// BenchmarkDeliver delivers to 100 receivers what is handed over, a thousand
// deliveries at a time.
func BenchmarkDeliver(b *testing.B) {
	d := benchDeliverer(b)
	port := serveInstantly(b)
	deliver(b, d, d.Run, func(i int) string { return fmt.Sprintf("http://127.0.1.%d:%d/hook", i%100+1, port) })
}

// BenchmarkDispatch is BenchmarkDeliver without the requests.
func BenchmarkDispatch(b *testing.B) {
	d := benchDeliverer(b)
	ended := make(chan outcome, d.workers)
	start := func(c *claim) {
		o := outcome{claim: c, attempt: live.Attempt{Delivery: c.ID, Number: 1, Status: http.StatusOK}}
		c.Delivery = d.outcome(c.Delivery, o.attempt)
		ended <- o
	}
	run := func(ctx context.Context) error {
		return newDispatcher(d, start, ended).run(ctx, context.WithoutCancel(ctx))
	}
	deliver(b, d, run, func(i int) string { return fmt.Sprintf("http://127.0.1.%d/hook", i%100+1) })
}

// deliver hands deliveries over while run runs, with no more than a thousand of them
// under way.
func deliver(b *testing.B, d *Deliverer, run func(context.Context) error, url func(i int) string) {
	const batch, most = 50, 1000
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- run(ctx) }()
	done := func() int { return int(d.Stats().Attempts + d.store.(*discardStore).released.Load()) }
	handed := 0
	handOver := func(n int) {
		owed := make([]live.Delivery, n)
		for i := range owed {
			owed[i] = benchDelivery(handed, url(handed))
			handed++
		}
		d.HandOver(owed...)
	}
	waitUntil := func(most int) {
		for handed-done() > most {
			time.Sleep(100 * time.Microsecond)
		}
	}
	handOver(batch)
	waitUntil(0)
	b.ReportAllocs()
	b.ResetTimer()
	for left := b.N; left > 0; left -= batch {
		handOver(min(left, batch))
		waitUntil(most)
	}
	waitUntil(0)
	b.StopTimer()
	stop()
	if err := <-ran; err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(d.store.(*discardStore).released.Load())/float64(b.N), "released/op")
}
