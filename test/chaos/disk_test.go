package chaos

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// recoveryTime is how long a recording that failed may take to go on once there
// is space: it begins anew ten seconds after its failure, at a key frame.
const recoveryTime = 13 * time.Second

// A limit on the size of files fails writes of media and of the database half-way,
// as a full disk does, without the rights that a small file system of one's own
// would need.
func TestADiskThatRefusesWritesLosesNothingElse(t *testing.T) {
	t.Parallel()
	for i, tt := range []struct {
		name       string
		begin, end func(w *world)
	}{
		{"it is full", (*world).fillDisk, (*world).freeDisk},
		{"it is read-only", (*world).lockDisk, (*world).unlockDisk},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 2000+1000*uint64(i), max(*encoders/4, 1))
			for range share(10) {
				w.wait(time.Second, 3*time.Second)
				begun := time.Now()
				tt.begin(w)
				w.wait(500*time.Millisecond, 4*time.Second)
				killed := w.rng.IntN(3) == 0
				if killed {
					w.server.kill()
					w.figures.kills++
				}
				tt.end(w)
				if killed {
					w.server.start()
				}
				w.figures.outages++
				w.lose(begun.Add(-lossBound), time.Now().Add(recoveryTime))
				w.wait(recoveryTime+time.Second, recoveryTime+4*time.Second)
				w.readFiles()
			}
			w.finish()
		})
	}
}

// share returns how many rounds of a kind there are among the rounds: one in n,
// at least one.
func share(n int) int { return max(*rounds/n, 1) }

func (w *world) fillDisk() { w.server.limitFiles(16<<10 + w.rng.Int64N(2<<20)) }
func (w *world) freeDisk() { w.server.limitFiles(-1) }

// lockDisk has no byte written any more, and no file created.
func (w *world) lockDisk() {
	w.server.limitFiles(0)
	w.rename(w.spool(), w.spool()+".away")
}

func (w *world) unlockDisk() {
	w.rename(w.spool()+".away", w.spool())
	w.server.limitFiles(-1)
}

// spool is the folder of the files that are being written.
func (w *world) spool() string { return filepath.Join(w.server.data, "spool") }

func (w *world) rename(from, to string) {
	w.t.Helper()
	if err := os.Rename(from, to); err != nil {
		w.t.Fatal(err)
	}
}
