package media

import (
	"bytes"
	"sync"
	"testing"
)

func TestArenaBodiesDoNotOverlap(t *testing.T) {
	var a Arena
	var units []Unit
	for i, n := range []int{0, 1, 100, blockSize / 2, blockSize/2 + 1, blockSize, blockSize + 1, 3 * blockSize, maxPooled + 1, 7} {
		u := a.Body(n)
		if len(u.Body) != n || cap(u.Body) != n {
			t.Fatalf("Body(%d) has len %d, cap %d", n, len(u.Body), cap(u.Body))
		}
		for j := range u.Body {
			u.Body[j] = byte(i)
		}
		units = append(units, u)
	}
	a.Close()
	for i := range units {
		if got := bytes.Count(units[i].Body, []byte{byte(i)}); got != len(units[i].Body) {
			t.Errorf("body %d was overwritten", i)
		}
		units[i].Release()
	}
}

func TestReleaseTooOftenPanics(t *testing.T) {
	var a Arena
	u := a.Body(blockSize)
	again := u
	u.Release()
	defer func() {
		if recover() == nil {
			t.Error("second Release of one hold did not panic")
		}
	}()
	again.Release()
}

func TestBodyOutlivesArenaWhileRetained(t *testing.T) {
	var a Arena
	u := a.Body(3)
	copy(u.Body, "abc")
	kept := u
	kept.Retain()
	u.Release()
	a.Close()
	var wg sync.WaitGroup
	for range 4 { // new bodies must not reuse the memory
		wg.Go(func() {
			var other Arena
			v := other.Body(blockSize)
			clear(v.Body)
			v.Release()
			other.Close()
		})
	}
	wg.Wait()
	if string(kept.Body) != "abc" {
		t.Errorf("retained body = %q, want abc", kept.Body)
	}
	kept.Release()
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	var a Arena
	for range 100 {
		u := a.Body(8000)
		u.Release()
	}
	if n := testing.AllocsPerRun(1000, func() {
		u := a.Body(8000)
		u.Release()
		large := a.Body(100_000)
		large.Release()
	}); n > 0.1 {
		t.Errorf("%v allocations a body, want none", n)
	}
}
