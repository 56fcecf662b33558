package chaos

import (
	"os"
	"testing"
	"time"
)

func TestFilesWaitForABucketThatIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 5000, max(*encoders/4, 1))
	for range share(10) {
		w.wait(time.Second, 3*time.Second)
		w.takeBucket()
		w.figures.outages++
		w.wait(2*time.Second, 7*time.Second) // cycles end in it
		if w.rng.IntN(2) == 0 {
			w.server.kill()
			w.figures.kills++
			w.server.start()
			w.wait(0, 2*time.Second)
		}
		w.returnBucket()
		w.wait(time.Second, 4*time.Second)
		w.readFiles()
	}
	w.finish()
}

// takeBucket puts a file where the folder of the bucket is: nothing can be
// stored in it.
func (w *world) takeBucket() {
	w.t.Helper()
	if err := os.MkdirAll(w.bucket(), 0o755); err != nil {
		w.t.Fatal(err)
	}
	w.rename(w.bucket(), w.bucket()+".away")
	if err := os.WriteFile(w.bucket(), nil, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) returnBucket() {
	w.t.Helper()
	if err := os.Remove(w.bucket()); err != nil {
		w.t.Fatal(err)
	}
	w.rename(w.bucket()+".away", w.bucket())
}
