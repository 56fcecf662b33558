//go:build linux

package powercut

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	_ "unsafe" // for go:linkname

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

// Variables that make the test binary the process that writes.
const (
	envFolder      = "TALLYLIGHT_POWERCUT_FOLDER"
	envSynchronous = "TALLYLIGHT_POWERCUT_SYNCHRONOUS"
)

// Files in the folder.
const (
	databaseName = "store.db"
	ackName      = "acknowledged" // one id a line, in the order of the acknowledgements
)

// What the process does: so many Updates from so many goroutines, then an orderly
// close, and all that once more. It is enough for several checkpoints, the
// migrations at the beginning, and a log that is removed and made again.
const (
	writers = 8
	updates = 100 // of each, between opening and closing
	lives   = 2
)

var key = live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}

// writerPragmas are the settings of the store's connection that writes. There is
// no option to weaken them, and none is wanted, but for the control.
//
//go:linkname writerPragmas tallylight/internal/store/sqlite.writerPragmas
var writerPragmas []string

// setSynchronous replaces FULL.
func setSynchronous(mode string) error {
	i := slices.Index(writerPragmas, "synchronous = FULL")
	if i < 0 {
		return errors.New("the store does not set synchronous = FULL")
	}
	writerPragmas[i] = "synchronous = " + mode
	return nil
}

// work is what the process does.
func work(folder, synchronous string) error {
	if err := setSynchronous(synchronous); err != nil {
		return err
	}
	acks, err := os.OpenFile(filepath.Join(folder, ackName), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	for life := range lives {
		if err := write(filepath.Join(folder, databaseName), acks, life); err != nil {
			return err
		}
	}
	return acks.Close()
}

// write adds events, each with its delivery.
func write(path string, acks *os.File, life int) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := 0; i < updates && errs[w] == nil; i++ {
				id := fmt.Sprintf("%d_%d_%d", life, w, i)
				err := s.Update(ctx, func(tx store.Tx) error {
					e, err := tx.AddEvent(ctx, live.Event{ID: live.EventID(id), Type: live.EventRecordStarted, Key: key})
					if err != nil {
						return err
					}
					return tx.AddDelivery(ctx, live.Delivery{ID: live.DeliveryID(id), Event: e, URL: "http://cb.example.com/", State: live.DeliveryPending})
				})
				if err == nil {
					_, err = acks.WriteString(id + "\n")
				}
				errs[w] = err
			}
		})
	}
	wg.Wait()
	return errors.Join(append(errs, s.Close())...)
}
