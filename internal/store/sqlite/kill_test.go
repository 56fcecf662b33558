package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// killedDatabase is the variable that tells a test binary which database to
// write to until it is killed.
const killedDatabase = "TALLYLIGHT_TEST_KILLED_DATABASE"

func TestMain(m *testing.M) {
	if path := os.Getenv(killedDatabase); path != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// killAfter is after how many acknowledged events a process is killed: enough for
// a log of more than a thousand pages, so that checkpoints happen too.
const killAfter = 1000

var killedKey = live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}

// writeUntilKilled adds events, each with its delivery, from several goroutines,
// and prints the ids of those that have been acknowledged.
func writeUntilKilled(path string) error {
	ctx := context.Background()
	s, err := Open(ctx, path, Options{})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for i := range 8 {
		go func() {
			for j := 0; ; j++ {
				id := fmt.Sprintf("%d_%d_%d", os.Getpid(), i, j)
				err := s.Update(ctx, func(tx store.Tx) error {
					e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID(id), Key: killedKey})
					if err != nil {
						return err
					}
					return tx.AddDelivery(ctx, live.Delivery{ID: live.DeliveryID(id), Event: e, State: live.DeliveryPending})
				})
				if err != nil {
					failed <- err
				}
				fmt.Println(id)
			}
		}()
	}
	return <-failed
}

func TestKilledProcessLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	acknowledged := make(map[string]bool)
	for range 3 { // each on what the killed one before has left
		clear(acknowledged)
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), killedDatabase+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			acknowledged[lines.Text()] = true
			if len(acknowledged) == killAfter {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // "signal: killed"
		if len(acknowledged) < killAfter {
			t.Fatal("the writing process ended by itself")
		}
		checkKilled(t, path, acknowledged)
	}
}

// checkKilled checks that every acknowledged event is there, and none without its
// delivery.
func checkKilled(t *testing.T, path string, acknowledged map[string]bool) {
	t.Helper()
	ctx := t.Context()
	s := openTest(t, path)
	there := make(map[string]bool)
	err := s.View(ctx, func(r store.Reader) error {
		list, err := r.Events(ctx, killedKey, 0, 1<<20)
		if err != nil {
			return err
		}
		for i, e := range list {
			there[string(e.ID)] = true
			if e.Seq != int64(i+1) {
				t.Errorf("event %d has number %d", i+1, e.Seq)
			}
			if _, err := r.Delivery(ctx, live.DeliveryID(e.ID)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id := range acknowledged {
		if !there[id] {
			t.Errorf("event %s was acknowledged and is lost", id)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
