package rtmp

import (
	"sync"

	"tallylight/internal/media"
)

const (
	// batchSize is how much one read takes from a socket, in bytes.
	batchSize = 64 << 10
	// batchMark is how many bytes wake the goroutine of a publishing socket
	// before its next poll: more than a stream in real time brings until then, so
	// that only a push that comes as fast as it can is read by its own pace.
	batchMark = 256 << 10
	// maxBatchUnits bounds the units that are handed on at once, those of an
	// aggregate message aside. Only messages of a few bytes reach it.
	maxBatchUnits = 512
)

// A batch is what one read of a socket needs. Connections take it from a pool
// for as long as there is something to read.
type batch struct {
	bytes [batchSize]byte
	units []media.Unit
}

var batches = sync.Pool{New: func() any { return new(batch) }}
