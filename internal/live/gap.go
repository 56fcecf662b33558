package live

import "time"

// MaxGaps bounds the gaps of a record file that are kept one by one.
const MaxGaps = 100

// A Gap is a span of time inside a record file in which nothing was recorded: the
// encoder was away, the server was not running, or the disk was too slow.
type Gap struct {
	From time.Time `json:"from"` // when the last frame before it came in
	To   time.Time `json:"to"`   // when recording went on, not before From
	// At is where in the media time of the file it went on: the position of the
	// first frame behind the gap.
	At time.Duration `json:"at_ns"`
}

// Lasted returns how long the gap is.
func (g Gap) Lasted() time.Duration { return g.To.Sub(g.From) }

// Gaps are those of a record file, in their order. The store keeps them as JSON.
type Gaps struct {
	List []Gap `json:"list,omitempty"` // the first MaxGaps
	More int   `json:"more,omitempty"` // how many came after them
}

// Add adds a gap behind the others. Its times are kept in microseconds, as other
// times are; one that would end before it began, because the clock was set back,
// has no length.
func (g *Gaps) Add(gap Gap) {
	if len(g.List) == MaxGaps {
		g.More++
		return
	}
	gap.From, gap.To = gap.From.UTC().Truncate(time.Microsecond), gap.To.UTC().Truncate(time.Microsecond)
	if gap.From.After(gap.To) {
		gap.From = gap.To
	}
	g.List = append(g.List, gap)
}
