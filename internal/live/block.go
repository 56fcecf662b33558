package live

import "time"

const (
	// MaxBlocks bounds the streams of a domain that are forbidden at one time.
	MaxBlocks = 10_000
	// DefaultBlock is how long a stream is forbidden where nobody says: 6 months.
	DefaultBlock = 180 * 24 * time.Hour
)

// A Block forbids to push a stream.
type Block struct {
	Key       StreamKey
	Until     time.Time
	CreatedAt time.Time
}

// Holds reports whether the stream is forbidden at t.
func (b Block) Holds(t time.Time) bool { return t.Before(b.Until) }

// A BlockQuery selects blocks of a domain.
type BlockQuery struct {
	Domain        string
	At            time.Time // those that hold at that time
	Offset, Limit int
}
