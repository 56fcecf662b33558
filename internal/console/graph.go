package console

import (
	"fmt"
	"strings"

	"tallylight/internal/live"
)

// A graph is a line of the latest values of something, as SVG has it: 100 wide
// and 100 high, from zero to Top, ending at the right.
type graph struct {
	Line string // points of the line; empty: there are no values
	Area string // of what lies below it
	Top  int    // a round number, not below any value
	Now  int    // the latest value
	Most int
}

// newGraph draws the last of values, the oldest first; so many of them fill the
// width.
func newGraph(values []int, width int) graph {
	values = values[max(len(values)-width, 0):]
	if len(values) == 0 {
		return graph{}
	}
	g := graph{Now: values[len(values)-1]}
	for _, v := range values {
		g.Most = max(g.Most, v)
	}
	g.Top = roundUp(g.Most)
	step := 100 / float64(width-1)
	left := 100 - float64(len(values)-1)*step
	var line strings.Builder
	for i, v := range values {
		fmt.Fprintf(&line, "%.1f,%.1f ", left+float64(i)*step, 100-float64(v)*100/float64(g.Top))
	}
	g.Line = strings.TrimSpace(line.String())
	g.Area = fmt.Sprintf("%.1f,100 %s 100,100", left, g.Line)
	return g
}

// roundUp returns the least of 1, 2, 5, 10, 20, 50 … that is not below n.
func roundUp(n int) int {
	for unit := 1; ; unit *= 10 {
		for _, m := range []int{1, 2, 5} {
			if m*unit >= n {
				return m * unit
			}
		}
	}
}

// sparkWidth is how many rates fill a graph in a table: those of two minutes.
const sparkWidth = 24

func bitRates(rates []live.Rate, width int) graph {
	values := make([]int, len(rates))
	for i, r := range rates {
		values[i] = r.BitRate
	}
	return newGraph(values, width)
}

func frameRates(rates []live.Rate, width int) graph {
	values := make([]int, len(rates))
	for i, r := range rates {
		values[i] = r.FrameRate
	}
	return newGraph(values, width)
}
