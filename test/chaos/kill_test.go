package chaos

import (
	"testing"
	"time"
)

// The server is killed while it serves, while it starts, and while it ends.
func TestNothingIsLostWhenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1000, *encoders)
	for round := range *rounds {
		w.endServer()
		w.stayDown()
		w.server.start()
		w.readFiles()
		if (round+1)%25 == 0 {
			t.Logf("%d rounds, %d files, %d faults", round+1, len(w.contents), w.faults.count)
		}
	}
	w.wait(time.Second, 2*time.Second)
	w.finish()
}

// endServer ends the server in one of the ways in which servers end.
func (w *world) endServer() {
	w.t.Helper()
	const usual, starting, ending = 70, 80, 92 // percent, added up
	switch n := w.rng.IntN(100); {
	case n < usual:
		w.wait(300*time.Millisecond, 2500*time.Millisecond)
	case n < starting:
		w.wait(300*time.Millisecond, time.Second)
		w.server.kill()
		w.figures.kills++
		w.server.launch()
		w.wait(0, 250*time.Millisecond)
	case n < ending:
		w.wait(300*time.Millisecond, 2*time.Second)
		w.server.terminate()
		w.wait(0, 300*time.Millisecond)
	default:
		w.wait(300*time.Millisecond, 2*time.Second)
		w.server.stop()
		w.figures.stops++
		return
	}
	w.server.kill()
	w.figures.kills++
}

// stayDown waits before the next start: mostly shortly, seldom longer than the
// shorter DelayTime.
func (w *world) stayDown() {
	switch n := w.rng.IntN(100); {
	case n < 85:
		w.wait(0, 100*time.Millisecond)
	case n < 99:
		w.wait(100*time.Millisecond, 2*time.Second)
	default:
		w.wait(16*time.Second, 18*time.Second)
	}
}
