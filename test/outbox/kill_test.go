package outbox

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

// A receiver takes callbacks, refuses some, and notes what it took.
type receiver struct {
	mu      sync.Mutex
	random  *rand.Rand
	refuse  bool
	taken   map[string]int   // requests answered 200, by stream and number
	last    map[string]int64 // the highest number that came of each stream
	skipped []string         // what came although an earlier one had not
	news    chan struct{}    // has room for one: something was taken
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	var body struct{ Stream string }
	err := json.NewDecoder(q.Body).Decode(&body)
	seq, err2 := strconv.ParseInt(q.Header.Get("X-Live-Event-Seq"), 10, 64)
	if err != nil || err2 != nil {
		http.Error(w, "no callback", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if seq > r.last[body.Stream]+1 {
		r.skipped = append(r.skipped, fmt.Sprint(body.Stream, "/", seq))
	}
	r.last[body.Stream] = max(r.last[body.Stream], seq)
	if r.refuse && r.random.IntN(50) == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	r.taken[fmt.Sprint(body.Stream, "/", seq)]++
	select {
	case r.news <- struct{}{}:
	default:
	}
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.taken)
}

// TestKillsLoseNoEvent kills the process that commits and delivers again and again,
// the last time excepted, when it delivers what is left.
func TestKillsLoseNoEvent(t *testing.T) {
	t.Parallel()
	const kills, events = 20, 10_000
	r := &receiver{random: rand.New(rand.NewPCG(1, 2)), refuse: true,
		taken: make(map[string]int), last: make(map[string]int64), news: make(chan struct{}, 1)}
	server := httptest.NewServer(r)
	defer server.Close()
	path := filepath.Join(t.TempDir(), "store.db")

	acknowledged := make(map[live.EventID]bool)
	for range kills {
		p := start(t, path, server.URL)
		for range events / kills {
			p.order(t)
		}
		for range events / kills { // the rest of the deliveries is under way
			acknowledged[p.next(t)] = true
		}
		p.kill(t)
	}
	p := start(t, path, server.URL)
	defer p.kill(t)
	keys := committed(t, path)
	for r.count() < len(keys) {
		select {
		case <-r.news:
		case <-t.Context().Done():
			t.Fatalf("%d of %d events were taken", r.count(), len(keys))
		}
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make(map[live.EventID]bool)
	repeats := 0
	for key, id := range keys {
		if r.taken[key] == 0 {
			t.Errorf("event %s was not taken", key)
		}
		repeats += r.taken[key] - 1
		ids[id] = true
	}
	for id := range acknowledged {
		if !ids[id] {
			t.Errorf("event %s was acknowledged and is lost", id)
		}
	}
	if len(ids) != len(keys) || len(acknowledged) != events {
		t.Errorf("%d events have %d ids, %d were acknowledged", len(keys), len(ids), len(acknowledged))
	}
	if len(r.skipped) > 0 {
		t.Errorf("%d events came before an earlier one of their stream, %s first", len(r.skipped), r.skipped[0])
	}
	t.Logf("%d events, %d kills, %d taken again", len(keys), kills, repeats)
}

// committed returns the ids of all events by stream and number.
func committed(t *testing.T, path string) map[string]live.EventID {
	t.Helper()
	s, err := sqlite.Join(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	keys := make(map[string]live.EventID)
	err = s.View(t.Context(), func(r store.Reader) error {
		for i := range streams {
			name := fmt.Sprint("s", i)
			list, err := r.Events(t.Context(), live.StreamKey{Domain: "play.example.com", App: "live", Stream: name}, 0, 1<<20)
			if err != nil {
				return err
			}
			for _, e := range list {
				keys[fmt.Sprint(name, "/", e.Seq)] = e.ID
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// A process is one that commits and delivers.
type process struct {
	cmd    *exec.Cmd
	orders io.WriteCloser
	ids    *bufio.Scanner
}

func start(t *testing.T, path, url string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.cmd.Env = append(os.Environ(), roleVariable+"="+path, urlVariable+"="+url)
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

func (p *process) order(t *testing.T) {
	if _, err := io.WriteString(p.orders, "\n"); err != nil {
		t.Fatal(err)
	}
}

// next returns the id of the next event whose commit has returned.
func (p *process) next(t *testing.T) live.EventID {
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
