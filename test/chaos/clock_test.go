package chaos

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/record"
)

// The clock of the machine is set back and forth, by less than a frame and by more
// than a day, while streams are recorded, while encoders are away and while the
// server is down. Like that of the torn block, the test is not parallel to others.
func TestAClockThatJumpsLosesNothing(t *testing.T) {
	for n := range uint64(max(share(10), 4)) {
		t.Run(fmt.Sprintf("plan %d", n), func(t *testing.T) {
			t.Parallel()
			dir := stationFolder(t)
			synctest.Test(t, func(t *testing.T) { jumpAbout(t, dir, rand.New(rand.NewPCG(*seed, 7000+n))) })
		})
	}
}

// jumps are how far the clock is moved.
var jumps = []time.Duration{
	30 * time.Millisecond, -30 * time.Millisecond, 700 * time.Millisecond, -700 * time.Millisecond,
	20 * time.Second, -20 * time.Second, time.Hour, -time.Hour, 25 * time.Hour, -25 * time.Hour,
}

// jumpAbout has two streams pushed with interruptions, and the recorder started
// anew now and then.
func jumpAbout(t *testing.T, dir string, rng *rand.Rand) {
	var offset time.Duration
	now := func() time.Time { return time.Now().Round(0).Add(offset) } // without its monotonic part
	s := openStation(t, dir, now)
	defer s.close()
	// The product's clock has a monotonic part, by which it measures how long a
	// frame has been on its way; this one has none, and may shift one.
	s.jitter = 100 * time.Millisecond
	s.start()
	const steps = 60
	names := []string{"one", "two"}
	pushes := make([]*jumpedPush, len(names))
	sent := make(map[string]map[pushID]time.Duration)
	for range steps {
		switch i := rng.IntN(len(names)); rng.IntN(4) {
		case 0:
			offset += jumps[rng.IntN(len(jumps))]
		case 1:
			if pushes[i] != nil {
				pushes[i].session.Close(nil)
				pushes[i] = nil
			}
		case 2:
			if pushes[i] == nil {
				if sent[names[i]] == nil {
					sent[names[i]] = make(map[pushID]time.Duration)
				}
				id := pushID{uint32(8 * i), uint32(len(sent[names[i]]))}
				pushes[i] = &jumpedPush{id: id, session: s.open(names[i])}
			}
		case 3:
			if rng.IntN(5) == 0 {
				for i, p := range pushes {
					if p != nil {
						p.session.Close(nil)
						pushes[i] = nil
					}
				}
				s.stop()
				offset += jumps[rng.IntN(len(jumps))]
				s.start()
			}
		}
		for range rng.IntN(20) {
			for i, p := range pushes {
				if p == nil {
					continue
				}
				p.session.Write(s.clip.units(p.id, p.sent, p.sent+200*time.Millisecond))
				p.sent += 200 * time.Millisecond
				sent[names[i]][p.id] = p.sent
			}
			time.Sleep(200 * time.Millisecond)
		}
	}
	for _, p := range pushes {
		if p != nil {
			p.session.Close(nil)
		}
	}
	s.stop()
	found := s.files(names...)
	for name, pushes := range sent {
		s.checkAllFound(name, pushes, found[stationKey(name)])
	}
	s.checkFinished()
}

// A recording that waited for its encoder when the server died goes on waiting for
// DelayTime and no longer, whatever the clock says at the next start.
func TestAClockSetBackWhileTheServerIsDownHoldsUpNoFile(t *testing.T) {
	dir := stationFolder(t)
	synctest.Test(t, func(t *testing.T) {
		s := openStation(t, filepath.Join(dir, "before"), time.Now)
		s.start()
		session := s.open("show")
		session.Write(s.clip.units(pushID{}, 0, 2*time.Second))
		session.Close(nil)
		time.Sleep(5 * time.Second)
		s.copyTo(filepath.Join(dir, "after")) // what a kill leaves
		s.stop()
		s.close()

		now := func() time.Time { return time.Now().Round(0).Add(-25 * time.Hour) }
		s = openStation(t, filepath.Join(dir, "after"), now)
		defer s.close()
		s.start()
		defer s.stop()
		time.Sleep(s.rule.DelayTime + 5*time.Second)
		s.checkFinished()
		s.checkAllFound("show", map[pushID]time.Duration{{}: 2 * time.Second}, s.files("show")[stationKey("show")])
	})
}

// A jumpedPush is a push that goes on.
type jumpedPush struct {
	id      pushID
	session *record.Session
	sent    time.Duration
}

// checkAllFound fails unless all frames of the pushes are in files of each
// format, once. pushes are told by how far they went.
func (s *station) checkAllFound(name string, pushes map[pushID]time.Duration, files []content) {
	s.t.Helper()
	type place struct {
		push   pushID
		kind   media.Kind
		format live.Format
	}
	found := make(map[place]int)
	for _, c := range files {
		for _, spans := range c.spans {
			for _, sp := range spans {
				found[place{sp.push, sp.kind, c.format}] += int(sp.end - sp.first)
			}
		}
	}
	for push, until := range pushes {
		for _, kind := range kinds {
			want := count(s.clip.units(push, 0, until), kind)
			for _, format := range stationFormats {
				if got := found[place{push, kind, format}]; got != want {
					s.fault("%s: %d %s frames of push %d in %s, want %d", name, got, kindNames[slot(kind)], push.push, format, want)
				}
			}
		}
	}
}
