package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tallylight/internal/blob/s3test"
)

// A world is a server, encoders that push to it, and a receiver that it tells.
type world struct {
	faults
	dir      string
	store    *s3test.Server // of the bucket; nil: it is a folder of the server
	rng      *rand.Rand     // of the plan of faults
	clip     *clip
	server   *server
	receiver *receiver
	ledger   ledger

	stopEncoders context.CancelFunc
	pushing      sync.WaitGroup

	contents []content // of the announced files, in the order of the announcements
	outages  []outage
	figures  figures
}

// An outage is a time in which frames may be lost although the server ran and
// the encoder pushed.
type outage struct{ from, to time.Time }

// newWorld starts a server, has everything recorded, and lets encoders push. The
// folder of a world in which something went wrong is kept.
func newWorld(t testing.TB, salt uint64, encoders int) *world {
	t.Helper()
	return newWorldWith(t, nil, salt, encoders)
}

// newWorldWith does the same with a bucket of an object store.
func newWorldWith(t testing.TB, store *s3test.Server, salt uint64, encoders int) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "tallylight-world-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log and files are kept in %s", dir)
			return
		}
		os.RemoveAll(dir)
	})
	w := &world{
		faults: faults{t: t},
		dir:    dir,
		store:  store,
		rng:    rand.New(rand.NewPCG(*seed, salt)),
		clip:   theClip(t),
		server: newServer(t, dir),
	}
	w.receiver = newReceiver(t, rand.New(rand.NewPCG(*seed, salt^1)), w.fault)
	if store != nil {
		store.CreateBucket(t, bucketName)
		w.server.config = w.writeConfig()
	}
	w.server.start()
	w.server.configure(w.receiver.URL)
	ctx, cancel := context.WithCancel(context.Background())
	w.stopEncoders = cancel
	t.Cleanup(func() {
		cancel()
		w.pushing.Wait()
	})
	for i := range encoders {
		e := &encoder{world: w, number: i, rng: rand.New(rand.NewPCG(*seed, salt+uint64(i)+2))}
		w.pushing.Go(func() { e.run(ctx) })
	}
	return w
}

// writeConfig writes the settings by which the bucket is in the object store, and
// returns their path.
func (w *world) writeConfig() string {
	w.t.Helper()
	path := filepath.Join(w.dir, "config.yaml")
	text := fmt.Sprintf("storage:\n  buckets:\n    %s:\n      s3: {endpoint: %q, region: %s, access_key_id: %q, access_key_secret: %q, path_style: true, part_size: 5MiB}\n",
		bucketName, w.store.URL, s3test.Region, s3test.AccessKeyID, s3test.AccessKeySecret)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// wait lets a drawn time pass.
func (w *world) wait(shortest, longest time.Duration) {
	time.Sleep(between(w.rng, shortest, longest))
}

// lose notes that frames from a time on may be lost until another.
func (w *world) lose(from, to time.Time) {
	w.outages = append(w.outages, outage{from, to})
}

// bucket is the folder of the bucket.
func (w *world) bucket() string {
	if w.store != nil {
		return filepath.Join(w.store.Dir, bucketName)
	}
	return filepath.Join(w.server.data, "records", bucketName)
}

// readFiles reads the files that were announced since the last call.
func (w *world) readFiles() {
	for _, key := range w.receiver.filesAfter(len(w.contents)) {
		c, err := readContent(w.clip, filepath.Join(w.bucket(), filepath.FromSlash(key)), rounding)
		if err != nil {
			w.fault("announced file: %v", err)
		}
		w.contents = append(w.contents, c)
	}
}

// finish ends the pushes and the server, and checks everything.
func (w *world) finish() {
	w.t.Helper()
	w.stopEncoders()
	w.pushing.Wait()
	w.server.stop()
	events := w.checkStore()
	w.server.start() // to deliver what the end has left; it has nothing else to do
	w.receiver.await(w.t, events)
	w.server.stop()
	if again := w.checkStore(); len(again) != len(events) {
		w.fault("a start with nothing to do made %d events", len(again)-len(events))
	}
	w.readFiles()
	w.checkFiles()
	w.checkFrames()
	w.figures.log(w)
}
