package callback

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// A script is what befalls the engines of a trial. It is drawn as a whole before it
// is played, so that one that fails can be read, and shrinks to few steps.
type script struct {
	workers int
	tailOff bool
	steps   []step
}

// A step is a line of a script.
type step interface {
	fmt.Stringer
	play(t *trial)
}

// GoString is how rapid shows a script.
func (s script) GoString() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d workers, tail off %t", s.workers, s.tailOff)
	for _, st := range s.steps {
		fmt.Fprintf(&b, "\n\t%s", st)
	}
	return readable.Replace(b.String())
}

// readable shortens the receivers' names.
var readable = strings.NewReplacer("http://"+addressA, "A", "http://"+addressB, "B", addressA, "A", addressB, "B")

// Steps of a script.
type (
	// owe commits an event and owes it to URLs.
	owe struct {
		node   int
		stream string
		urls   []string
		silent bool // it is not handed over: its server died just before
	}
	// behave has the receiver at an address behave in another way.
	behave struct {
		address string
		manner  manner
	}
	// pass lets time pass.
	pass struct{ time.Duration }
	// strike lets some calls of a node's store pass; the next has a fate.
	strike struct {
		node, after int
		fate        fate
	}
	// kill ends a node at once; it stays down for a time.
	kill struct {
		node int
		down time.Duration
	}
	// stop ends a node in an orderly way and starts it again.
	stop struct{ node int }
	// leap has all nodes down while time passes.
	leap struct{ time.Duration }
	// replay has deliveries made once more.
	replay struct {
		node int
		what string // a state, or "" for all
		most int
	}
	// prune deletes what is delivered.
	prune struct{ node int }
)

func (s owe) String() string {
	how := ""
	if s.silent {
		how = ", without handing it over"
	}
	return fmt.Sprintf("node %d: owe an event of %s to %s%s", s.node, s.stream, strings.Join(s.urls, " "), how)
}
func (s behave) String() string { return fmt.Sprintf("%s %s", s.address, s.manner.name) }
func (s pass) String() string   { return fmt.Sprintf("%s pass", s.Duration) }
func (s strike) String() string {
	return fmt.Sprintf("node %d: its store works %d times, then %s", s.node, s.after, s.fate)
}
func (s kill) String() string {
	return fmt.Sprintf("node %d: killed, and down for %s", s.node, s.down)
}
func (s stop) String() string { return fmt.Sprintf("node %d: stopped and started", s.node) }
func (s leap) String() string { return fmt.Sprintf("all nodes are down for %s", s.Duration) }
func (s replay) String() string {
	return fmt.Sprintf("node %d: replay up to %d deliveries in state %q", s.node, s.most, s.what)
}
func (s prune) String() string { return fmt.Sprintf("node %d: prune", s.node) }

// A fate is what becomes of a call of the store.
type fate string

const (
	works        fate = "it works"
	unwritten    fate = "it fails, and nothing is written"
	written      fate = "it fails, yet all is written"
	killedBefore fate = "the node dies before it"
	killedAfter  fate = "the node dies after it, before it knows"
)

// A manner is how a receiver answers.
type manner struct {
	name       string
	status     func(attempt int) int // 0: it does not answer
	delay      time.Duration
	retryAfter time.Duration
	breaks     bool // it breaks the connection instead
	refuses    bool // nobody listens
}

const (
	// promptly is how soon a receiver answers: late enough for a node to die before.
	promptly = 30 * time.Millisecond
	// comeBack is what a receiver asks to wait: more than the first step of the tail.
	comeBack = 10 * time.Minute
)

func always(status int) func(int) int { return func(int) int { return status } }

// manners are those that scripts choose from. The first is how a receiver begins,
// and ends.
var manners = []manner{
	{name: "answers 200", status: always(http.StatusOK), delay: promptly},
	{name: "answers 204", status: always(http.StatusNoContent), delay: promptly},
	{name: "answers 200 after 3 s", status: always(http.StatusOK), delay: 3 * time.Second},
	{name: "answers 404", status: always(http.StatusNotFound), delay: promptly},
	{name: "answers 410", status: always(http.StatusGone), delay: promptly},
	{name: "answers 500", status: always(http.StatusInternalServerError), delay: promptly},
	{name: "answers 503 to all but every third attempt", delay: promptly, status: func(attempt int) int {
		if attempt%3 == 0 {
			return http.StatusOK
		}
		return http.StatusServiceUnavailable
	}},
	{name: "answers 429, come back in 10 minutes", status: always(http.StatusTooManyRequests), delay: promptly, retryAfter: comeBack},
	{name: "never answers", status: always(0), delay: time.Hour},
	{name: "breaks connections", status: always(0), delay: promptly, breaks: true},
	{name: "refuses connections", status: always(0), refuses: true},
}

// Where events are owed to: two URLs of one server, and another.
const (
	addressA = "93.184.216.34"
	addressB = "93.184.216.35"
)

var modelURLs = []string{"http://" + addressA + "/1", "http://" + addressA + "/2", "http://" + addressB + "/3"}

// scripts generates scripts for so many nodes.
func scripts(nodes int) *rapid.Generator[script] {
	// Slices of slices: rapid makes a slice of five or so, and could not shrink one that
	// has to be longer.
	chapters := rapid.SliceOfN(rapid.SliceOf(rapid.OneOf(stepGenerators(nodes)...)), 6, 6)
	return rapid.Custom(func(t *rapid.T) script {
		return script{
			workers: rapid.SampledFrom([]int{8, 2, 1}).Draw(t, "workers"),
			tailOff: rapid.SampledFrom([]bool{false, false, false, true}).Draw(t, "tail off"),
			steps:   slices.Concat(chapters.Draw(t, "steps")...),
		}
	})
}

// stepGenerators holds each kind of step as often as it shall come.
func stepGenerators(nodes int) []*rapid.Generator[step] {
	node := rapid.IntRange(0, nodes-1)
	times := func(list ...time.Duration) *rapid.Generator[time.Duration] { return rapid.SampledFrom(list) }
	short := times(10*time.Millisecond, 40*time.Millisecond, 500*time.Millisecond, 1100*time.Millisecond, 4*time.Second, 20*time.Second, 70*time.Second, 6*time.Minute)
	long := times(time.Second, time.Minute, 7*time.Minute, 3*time.Hour, 14*time.Hour, 80*time.Hour)
	kinds := []struct {
		weight int
		draw   func(t *rapid.T) step
	}{
		{8, func(t *rapid.T) step {
			return owe{
				node:   node.Draw(t, "node"),
				stream: rapid.SampledFrom([]string{"s", "t"}).Draw(t, "stream"),
				urls:   rapid.SliceOfNDistinct(rapid.SampledFrom(modelURLs), 1, 3, rapid.ID).Draw(t, "urls"),
				silent: rapid.IntRange(0, 9).Draw(t, "silent") == 9,
			}
		}},
		{5, func(t *rapid.T) step { return pass{short.Draw(t, "time")} }},
		{4, func(t *rapid.T) step {
			return behave{rapid.SampledFrom([]string{addressA, addressB}).Draw(t, "address"), rapid.SampledFrom(manners).Draw(t, "manner")}
		}},
		{4, func(t *rapid.T) step {
			return strike{node.Draw(t, "node"), rapid.IntRange(0, 4).Draw(t, "after"),
				rapid.SampledFrom([]fate{unwritten, written, killedBefore, killedAfter}).Draw(t, "fate")}
		}},
		{1, func(t *rapid.T) step { return kill{node.Draw(t, "node"), short.Draw(t, "down")} }},
		{1, func(t *rapid.T) step { return stop{node.Draw(t, "node")} }},
		{1, func(t *rapid.T) step { return leap{long.Draw(t, "time")} }},
		{2, func(t *rapid.T) step {
			return replay{node.Draw(t, "node"), rapid.SampledFrom([]string{"", "delivered", "dead", "pending"}).Draw(t, "what"), rapid.IntRange(1, 20).Draw(t, "most")}
		}},
		{1, func(t *rapid.T) step { return prune{node.Draw(t, "node")} }},
	}
	var list []*rapid.Generator[step]
	for _, k := range kinds {
		for range k.weight {
			list = append(list, rapid.Custom(k.draw))
		}
	}
	return list
}
