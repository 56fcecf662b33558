package media

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// blockSize is the memory that an Arena cuts small bodies from; a stream holds
// the blocks of its unwritten units, so the size bounds what is wasted a stream.
const blockSize = 64 << 10

// maxPooled bounds the size of the bodies that are pooled, in bytes.
const maxPooled = 16 << 20

// A Block is a pooled piece of memory that unit bodies are cut from. It goes
// back to its pool with the last of them.
type Block struct {
	mem  []byte
	used int
	refs atomic.Int32
}

// pools[i] holds blocks of blockSize<<i bytes.
var pools [9]sync.Pool

func newBlock(size int) *Block {
	class := sizeClass(size)
	if class < 0 {
		b := &Block{mem: make([]byte, size)}
		b.refs.Store(1)
		return b
	}
	b, ok := pools[class].Get().(*Block)
	if !ok {
		b = &Block{mem: make([]byte, blockSize<<class)}
	}
	b.used = 0
	b.refs.Store(1)
	return b
}

// sizeClass returns the pool whose blocks hold size bytes, or -1.
func sizeClass(size int) int {
	if size > maxPooled {
		return -1
	}
	if size <= blockSize {
		return 0
	}
	return bits.Len(uint(size-1) / blockSize)
}

func (b *Block) release() {
	switch n := b.refs.Add(-1); {
	case n == 0:
		if class := sizeClass(len(b.mem)); class >= 0 {
			pools[class].Put(b)
		}
	case n < 0:
		panic("media: body released more often than retained")
	}
}

// An Arena cuts bodies from blocks. It serves one goroutine; its bodies may be
// released by any.
type Arena struct {
	current *Block
}

// Body returns a unit that holds one body of n bytes for the caller to fill. The
// unit has one hold, the caller's.
func (a *Arena) Body(n int) Unit {
	if n > blockSize/2 { // a block of its own
		b := newBlock(n)
		return Unit{Body: b.mem[:n:n], block: b}
	}
	if a.current == nil || len(a.current.mem)-a.current.used < n {
		a.Close()
		a.current = newBlock(blockSize)
	}
	b := a.current
	body := b.mem[b.used : b.used+n : b.used+n]
	b.used += n
	b.refs.Add(1)
	return Unit{Body: body, block: b}
}

// Close gives back the block that the arena cuts from. Bodies stay valid.
func (a *Arena) Close() {
	if a.current != nil {
		a.current.release()
		a.current = nil
	}
}

// Shrink releases the rest of the current block if every body cut from it has
// been released, so that an idle stream holds no memory.
func (a *Arena) Shrink() {
	if a.current != nil && a.current.refs.Load() == 1 {
		a.Close()
	}
}
