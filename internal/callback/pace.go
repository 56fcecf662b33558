package callback

// How many attempts an origin may have at a time: it begins with the first, gains
// one with every prompt answer that finds them all in use, and loses half with
// every one that fails for want of an answer.
const (
	firstCap = 8
	minCap   = 1
)

// A pace adapts how many attempts an origin may have at a time.
type pace struct {
	cap   int
	most  int
	start int
}

func newPace(most int) pace {
	start := min(firstCap, most)
	return pace{cap: start, most: most, start: start}
}

// faster is told of a prompt answer; inUse attempts ran when it came.
func (p *pace) faster(inUse int) {
	if inUse >= p.cap {
		p.cap = min(p.cap+1, p.most)
	} else if p.cap < p.start {
		p.cap++ // what is used no more is not proven bad either
	}
}

// slower is told of an attempt that got no answer, or one that asks for less.
func (p *pace) slower() { p.cap = max(p.cap/2, minCap) }

// fresh reports whether a new pace would do as well.
func (p *pace) fresh() bool { return p.cap >= p.start }

// restore goes on with what was learned.
func (p *pace) restore(learned int) {
	if learned > 0 {
		p.cap = min(max(learned, minCap), p.most)
	}
}
