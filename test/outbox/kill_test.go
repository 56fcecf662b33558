//go:build unix

package outbox

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

var kills = flag.Int("kills", 10, "how often the process that commits and delivers is killed")

// eventsPerKill is how many events are acknowledged for each kill, in the middle.
const eventsPerKill = 500

// TestKillsLoseNoEvent kills the process that commits and delivers again and again,
// the last time excepted, when it delivers what is left. Only what was in flight, or
// whose outcome was not recorded, may be delivered again.
func TestKillsLoseNoEvent(t *testing.T) {
	t.Parallel()
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			killAgainAndAgain(t, b)
		})
	}
}

func killAgainAndAgain(t *testing.T, b backend) {
	r := startReceiver(t)
	database := b.database(t)
	random := rand.New(rand.NewPCG(3, 4))
	acknowledged := make(map[live.EventID]bool)
	excused, most := 0, 0
	for life := range *kills {
		p := start(t, database, r.url, life)
		p.order(t, 2*eventsPerKill)
		n := 1 + random.IntN(2*eventsPerKill)
		for range n {
			acknowledged[p.next(t)] = true
		}
		r.awaitRequests(t, life, n) // or what is left would grow from life to life
		p.kill(t)
		r.awaitEnd(t)
		left := b.afterKill(t, database)
		met := r.excuse(t, life, left)
		leave(t, left)
		excused, most = excused+met, max(most, met)
	}
	p := start(t, database, r.url, *kills)
	defer p.kill(t)
	rest := max(*kills*eventsPerKill-len(acknowledged), 0)
	p.order(t, rest)
	for range rest {
		acknowledged[p.next(t)] = true
	}
	s := join(t, database)
	defer leave(t, s)
	events := committed(t, s)
	r.awaitAll(t, maps.Clone(events))

	r.mu.Lock()
	defer r.mu.Unlock()
	again, lost := 0, 0
	for id := range events {
		e := r.events[id]
		again += e.taken - 1
		if e.taken-1 > e.excused {
			t.Errorf("event %s was taken %d times; at kills, %d of them were not recorded", id, e.taken, e.excused)
		}
	}
	for id := range acknowledged {
		if !events[id] {
			t.Errorf("event %s was acknowledged and is lost", id)
			lost++
		}
	}
	for id := range r.events {
		if !events[id] {
			t.Errorf("event %s was told of and is lost", id)
			lost++
		}
	}
	if len(r.skipped) > 0 {
		t.Errorf("%d events came before an earlier one of their stream, %s first", len(r.skipped), r.skipped[0])
	}
	if excused == 0 {
		t.Error("no kill met an attempt: the test tests nothing")
	}
	t.Logf("%d events, %d of them acknowledged; %d kills met %d attempts in flight or not recorded, %d at most; %d lost, %d taken again",
		len(events), len(acknowledged), *kills, excused, most, lost, again)
}

// committed returns the ids of all events. Those of a stream count up by one.
func committed(t *testing.T, s store.Store) map[live.EventID]bool {
	t.Helper()
	ids := make(map[live.EventID]bool)
	err := s.View(t.Context(), func(r store.Reader) error {
		for i := range streams {
			name := fmt.Sprint("s", i)
			list, err := r.Events(t.Context(), live.StreamKey{Domain: "play.example.com", App: "live", Stream: name}, 0, 1<<20)
			if err != nil {
				return err
			}
			for n, e := range list {
				if e.Seq != int64(n+1) || ids[e.ID] {
					t.Errorf("event %d of stream %s has the number %d, or an id that another has", n+1, name, e.Seq)
				}
				ids[e.ID] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// A process is one that commits and delivers.
type process struct {
	cmd    *exec.Cmd
	orders io.WriteCloser
	ids    *bufio.Scanner
}

// start starts the process; life tells its requests from those of the others.
func start(t *testing.T, database, url string, life int) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.cmd.Env = append(os.Environ(), roleVariable+"="+database, urlVariable+"="+url, lifeVariable+"="+strconv.Itoa(life))
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.orders, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.ids = bufio.NewScanner(out)
	return p
}

// order orders events.
func (p *process) order(t *testing.T, n int) {
	t.Helper()
	for range n {
		if _, err := io.WriteString(p.orders, "\n"); err != nil {
			t.Fatal(err)
		}
	}
}

// next returns the id of the next event whose commit has returned.
func (p *process) next(t *testing.T) live.EventID {
	t.Helper()
	if !p.ids.Scan() {
		t.Fatal("the process ended by itself: ", p.ids.Err())
	}
	return live.EventID(p.ids.Text())
}

func (p *process) kill(t *testing.T) {
	if err := p.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = p.cmd.Wait() // "signal: killed"
}
