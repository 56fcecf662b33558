//go:build unix

package outbox

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/postgres/pgtest"
)

// roleVariable tells the test binary that it is a process to be killed: its value
// is the database, a file or a URL. The receiver's URL is in urlVariable, and
// lifeVariable has what tells this process from those before and after it.
const (
	roleVariable = "TALLYLIGHT_TEST_OUTBOX_DATABASE"
	urlVariable  = "TALLYLIGHT_TEST_OUTBOX_URL"
	lifeVariable = "TALLYLIGHT_TEST_OUTBOX_LIFE"
)

func TestMain(m *testing.M) {
	if database := os.Getenv(roleVariable); database != "" {
		if err := commitAndDeliver(database, os.Getenv(urlVariable), os.Getenv(lifeVariable), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(pgtest.Main(m))
}

// streams is how many streams there are, each with a goroutine that commits its
// events.
const streams = 40

// commitAndDeliver delivers, and commits events until in ends; then it goes on
// delivering until it is killed. It writes the id of each event whose commit has
// returned.
func commitAndDeliver(database, url, life string, in io.Reader, out io.Writer) error {
	ctx := context.Background()
	s, err := open(ctx, database)
	if err != nil {
		return err
	}
	guard, err := callback.NewGuard(callback.GuardConfig{Dev: true})
	if err != nil {
		return err
	}
	d := callback.New(callback.Config{Store: s, Guard: guard, Log: slog.New(slog.DiscardHandler), EventHeaders: true, UserAgent: life})
	go d.Run(ctx)

	orders := make(chan struct{})
	go func() { // a line orders an event
		defer close(orders)
		for lines := bufio.NewScanner(in); lines.Scan(); {
			orders <- struct{}{}
		}
	}()
	var writing sync.Mutex
	var writers sync.WaitGroup
	errs := make(chan error, streams)
	for i := range streams {
		writers.Go(func() {
			for range orders {
				id, err := owe(ctx, s, d, fmt.Sprint("s", i), url)
				if err != nil {
					errs <- err
					return
				}
				writing.Lock()
				fmt.Fprintln(out, id)
				writing.Unlock()
			}
		})
	}
	writers.Wait()
	select {
	case err := <-errs:
		return err
	case <-ctx.Done():
		return nil
	}
}

func owe(ctx context.Context, s store.Store, d *callback.Deliverer, stream, url string) (live.EventID, error) {
	now := time.Now()
	id := live.NewEventID(now)
	var owed *store.Owing
	err := s.Update(ctx, func(tx store.Tx) error {
		owed = &store.Owing{
			Event: live.Event{ID: id, Type: live.EventRecordStarted, OccurredAt: now,
				Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: stream}},
			Deliveries: []live.Delivery{{ID: id.DeliveryID(), URL: url, State: live.DeliveryPending, DueAt: now, LeasedUntil: now.Add(live.DeliveryLease)}},
		}
		return tx.Owe(ctx, owed)
	})
	if err == nil {
		d.HandOver(owed.Deliveries...)
	}
	return id, err
}
