//go:build linux

package powercut

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

var (
	rounds = flag.Int("rounds", 20, "how many power cuts")
	seed   = flag.Uint64("seed", 1, "which ones")
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(envFolder); folder != "" {
		if err := work(folder, os.Getenv(envSynchronous)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestAPowerCutLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	f := cutOften(t, record(t, "FULL"))
	t.Logf("synchronous=FULL: %s", f)
	if f.acknowledged != lives*writers*updates {
		t.Errorf("%d Updates were recorded, want %d", f.acknowledged, lives*writers*updates)
	}
	if f.syncs == 0 || f.pending == 0 {
		t.Error("no cut met writes that were not synced: the simulation is none")
	}
	for _, failure := range f.failures {
		t.Error(failure)
	}
}

// TestWithoutSyncedCommitsThereIsLoss is the control.
func TestWithoutSyncedCommitsThereIsLoss(t *testing.T) {
	t.Parallel()
	f := cutOften(t, record(t, "NORMAL"))
	t.Logf("synchronous=NORMAL, the control: %s", f)
	if f.losing == 0 {
		t.Error("nothing was lost: the simulation does not show what a power cut does")
	}
	if len(f.failures) != f.losing {
		t.Errorf("beside losses: %v", f.failures)
	}
}

// figures are what came of many power cuts.
type figures struct {
	rounds       int
	acknowledged int // Updates in the whole run
	syncs        int
	pending      int // cuts that met writes which were not synced
	losing       int // cuts that lost acknowledged Updates
	lost         int // Updates lost, at most in one cut
	failures     []string
}

func (f figures) String() string {
	return fmt.Sprintf("%d power cuts in a run of %d acknowledged updates and %d syncs; %d met writes that were not synced; %d lost acknowledged updates, up to %d",
		f.rounds, f.acknowledged, f.syncs, f.pending, f.losing, f.lost)
}

// cutOften cuts the power at random ops, and looks at what is left.
func cutOften(t *testing.T, ops []op) figures {
	t.Helper()
	f := figures{rounds: *rounds}
	for _, o := range ops {
		switch o.kind {
		case opAck:
			f.acknowledged++
		case opSync:
			f.syncs++
		}
	}
	random := rand.New(rand.NewPCG(*seed, 0))
	cuts := make([]int, *rounds)
	for i := range cuts {
		cuts[i] = random.IntN(len(ops) + 1)
	}
	slices.Sort(cuts)
	d, acknowledged, done := newDisk(), map[string]bool{}, 0
	for _, cut := range cuts {
		for ; done < cut; done++ {
			if o := ops[done]; o.kind == opAck {
				acknowledged[string(o.data)] = true
			} else if o.name != ackName && !strings.HasSuffix(o.name, "-shm") {
				d.apply(done, o)
			}
		}
		for _, file := range d.files {
			if len(file.pending) > 0 {
				f.pending++
				break
			}
		}
		lost, err := inspect(t, d.cut(random), acknowledged)
		if lost > 0 {
			f.losing++
			f.lost = max(f.lost, lost)
		}
		if err != nil {
			f.failures = append(f.failures, fmt.Sprintf("power cut after op %d of %d: %v", cut, len(ops), err))
		}
	}
	return f
}

// inspect opens the store on what is left, and returns how many acknowledged
// Updates it lacks. Losing some is an error, as is all that does not fit together.
func inspect(t *testing.T, left map[string][]byte, acknowledged map[string]bool) (lost int, err error) {
	t.Helper()
	folder, err := os.MkdirTemp(t.TempDir(), "cut")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	for name, content := range left {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	s, err := sqlite.Open(ctx, filepath.Join(folder, databaseName), sqlite.Options{})
	if err != nil {
		return 0, err
	}
	there := map[string]bool{}
	err = s.View(ctx, func(r store.Reader) error {
		list, err := r.Events(ctx, key, 0, 1<<20)
		if err != nil {
			return err
		}
		for i, e := range list {
			there[string(e.ID)] = true
			if e.Seq != int64(i+1) {
				return fmt.Errorf("event %d has number %d", i+1, e.Seq)
			}
			if _, err := r.Delivery(ctx, live.DeliveryID(e.ID)); err != nil {
				return err
			}
		}
		return nil
	})
	if closed := s.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return 0, err
	}
	for id := range acknowledged {
		if !there[id] {
			lost++
		}
	}
	if lost > 0 {
		return lost, fmt.Errorf("%d of %d acknowledged updates are lost", lost, len(acknowledged))
	}
	return 0, nil
}
