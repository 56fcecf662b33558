package chaos

import (
	"testing"
	"time"

	"tallylight/internal/blob/s3test"
)

// The server is killed amid uploads to an object store.
func TestNothingIsLostOnTheWayToAnObjectStore(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, s3test.Start(t), 7000, max(*encoders/4, 1))
	for range share(6) {
		w.endServer()
		w.stayDown()
		w.server.start()
		w.readFiles()
	}
	w.wait(time.Second, 2*time.Second)
	w.finish()
}
