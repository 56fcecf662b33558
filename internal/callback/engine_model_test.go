package callback

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"tallylight/internal/store"
	"tallylight/internal/store/sqlite"
)

// The scripts are the same in every run. -rapid.seed asks for others, -rapid.checks for
// more.
func init() {
	if err := flag.Set("rapid.seed", "1"); err != nil {
		panic(err)
	}
}

// enough is how many scripts bring everything about.
const enough = 20

// A modelBackend makes the stores of trials.
type modelBackend struct {
	nodes int // that share a store
	// share is how many scripts are drawn for one that is played: where stores are slow.
	share int
	// fresh makes an empty store, and returns how a node opens it and others join it.
	fresh func(t *testing.T) (open func(node string) (store.Store, error), join func() (store.Store, error))
}

// testEngineModel plays random scripts. Whatever happens to nodes, their stores and
// the receivers: what is owed is made again until it is taken, or given up as the
// schedule says; under one id, in order while in its burst, with attempts that count
// up without a gap; and none is made again whose outcome is recorded.
func testEngineModel(t *testing.T, b modelBackend) {
	var sum tally
	drawn, played, failed := 0, 0, false
	rapid.Check(t, func(rt *rapid.T) {
		s := scripts(b.nodes).Draw(rt, "script")
		if drawn++; drawn%b.share != 0 && !failed {
			return
		}
		played++
		open, join := b.fresh(t)
		var wrong string
		synctest.Test(t, func(*testing.T) {
			tr, err := newTrial(s, b.nodes, open, join)
			if err != nil {
				wrong = err.Error()
				return
			}
			tr.run()
			if tr.failed() {
				wrong = tr.story()
			}
			sum.add(tr.tally)
		})
		if wrong != "" {
			failed = true
			rt.Log(wrong)
			rt.Fatal("a rule is broken") // in the same words each time: rapid shrinks to the same error
		}
	})
	t.Logf("%+v", sum)
	never := sum.repeats == 0 || sum.deaths == 0 || sum.faults == 0 || sum.replayed == 0 || sum.pruned == 0 || sum.dead == 0
	if played >= enough && never {
		t.Error("some of it never happened: the test tests nothing")
	}
}

func (c *tally) add(o tally) {
	c.requests += o.requests
	c.repeats += o.repeats
	c.deaths += o.deaths
	c.faults += o.faults
	c.replayed += o.replayed
	c.pruned += o.pruned
	c.dead += o.dead
}

func TestEngineOnSQLiteAgreesWithAModel(t *testing.T) {
	t.Parallel()
	dir, run := t.TempDir(), 0
	testEngineModel(t, modelBackend{nodes: 1, share: 1, fresh: func(t *testing.T) (func(string) (store.Store, error), func() (store.Store, error)) {
		run++
		path := filepath.Join(dir, fmt.Sprint(run, ".db"))
		open := func(string) (store.Store, error) { return sqlite.Open(context.Background(), path, sqlite.Options{}) }
		join := func() (store.Store, error) { return sqlite.Join(context.Background(), path) }
		return open, join
	}})
}
