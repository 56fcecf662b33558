//go:build !race

// The race detector makes sync.Pool forget at random, which allocates.

package rtmp

import "testing"

func TestReadingAPushAllocatesNothing(t *testing.T) {
	for _, size := range []int{128, 4096, 65536} {
		in, _ := pushBytes(size)
		c := newTestConn(t)
		feed := func() { feedAll(t, c, in) }
		feed() // the pools fill
		if n := testing.AllocsPerRun(50, feed); n > 0.5 {
			t.Errorf("chunk size %d: %v allocations for 60 messages, want none", size, n)
		}
	}
}
