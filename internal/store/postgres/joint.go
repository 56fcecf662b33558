package postgres

import (
	"context"
	"errors"
	"slices"

	"tallylight/internal/live"
	"tallylight/internal/store"
	"tallylight/internal/store/sqlstore"
)

// maxJoint is how many Updates are written together at most.
const maxJoint = 256

// jointPatience bounds how long a group waits for a stream that a transaction of another
// server has, perhaps one that hangs: the others of the group have no part in it.
const jointPatience = `SET LOCAL lock_timeout = '500ms'`

// errApart is what an Update is told that has to be run in a transaction of its own:
// nothing of it is written.
var errApart = errors.New("store: not to be written together with others")

// A tx is the Tx of an Update. For as long as the Update has done nothing but owe, and
// may join others, it keeps what is owed instead of writing it.
type tx struct {
	*sqlstore.Tx
	session *session
	join    bool
	owed    []*store.Owing
}

func newTx(s *session, node string, join bool) *tx {
	t := &tx{Tx: sqlstore.NewTx(s, dialect, node), session: s, join: join}
	s.first = t.writeOwed
	return t
}

// Owe implements store.Tx.
func (t *tx) Owe(ctx context.Context, o *store.Owing) error {
	if t.session.err != nil || t.session.first == nil || !t.join || !joinable(o) {
		return t.Tx.Owe(ctx, o)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	t.owed = append(t.owed, o)
	return nil
}

// joinable reports whether no delivery must wait for another of the same event.
func joinable(o *store.Owing) bool {
	urls := make(map[string]bool, len(o.Deliveries))
	for _, d := range o.Deliveries {
		urls[d.URL] = true
	}
	return len(urls) == len(o.Deliveries)
}

// writeOwed writes what was kept, before the first other statement of the Update.
func (t *tx) writeOwed(ctx context.Context) error {
	owed := t.owed
	t.owed = nil
	for _, o := range owed {
		if err := t.Tx.Owe(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// A joint writes what Updates owe that do nothing else, many by one transaction: the
// ways to the database and the end of a transaction cost more than the rest of it.
// While some are written, those who come gather.
type joint struct {
	together func([]*store.Owing) error // writes events of different streams

	joining chan *joining
	quit    chan struct{} // closed to end run
	done    chan struct{} // closed when run has ended
}

// A joining is an Update that waits.
type joining struct {
	owed   []*store.Owing
	answer chan error
}

func newJoint(together func([]*store.Owing) error) *joint {
	return &joint{together: together, joining: make(chan *joining), quit: make(chan struct{}), done: make(chan struct{})}
}

// stop ends run, once nobody writes any more.
func (j *joint) stop() {
	close(j.quit)
	<-j.done
}

// write writes what an Update owes. It fails with errApart where the Update has to be
// run again, and otherwise as a commit does.
func (j *joint) write(ctx context.Context, owed []*store.Owing) error {
	w := &joining{owed: owed, answer: make(chan error, 1)}
	select {
	case j.joining <- w:
		return <-w.answer
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run writes what comes until stop.
func (j *joint) run() {
	defer close(j.done)
	var waiting []*joining
	for {
		if len(waiting) == 0 {
			select {
			case w := <-j.joining:
				waiting = append(waiting, w)
			case <-j.quit:
				return
			}
		}
		waiting = j.gather(waiting)
		var group []*joining
		group, waiting = split(waiting)
		err := j.together(owedBy(group))
		if err != nil && (code(err) == lockNotAvailable || !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrUncertain)) {
			err = errApart // one of them is the reason, and it will be told
		}
		for _, w := range group {
			w.answer <- err
		}
	}
}

// gather adds those who are there, up to maxJoint.
func (j *joint) gather(waiting []*joining) []*joining {
	for len(waiting) < maxJoint {
		select {
		case w := <-j.joining:
			waiting = append(waiting, w)
		default:
			return waiting
		}
	}
	return waiting
}

// split takes out of waiting those whose streams are no others' that came before: the
// events of a stream are written one after the other. The first is always among them.
func split(waiting []*joining) (group, rest []*joining) {
	taken := make(map[live.StreamKey]bool, len(waiting))
	for i, w := range waiting {
		free := true
		for _, o := range w.owed {
			free = free && !taken[o.Event.Key]
			taken[o.Event.Key] = true
		}
		if free || i == 0 {
			group = append(group, w)
		} else {
			rest = append(rest, w)
		}
	}
	return group, rest
}

func owedBy(group []*joining) (all []*store.Owing) {
	for _, w := range group {
		all = append(all, w.owed...)
	}
	return all
}

// oweTogether writes events in one transaction, and completes them once it is written.
func (s *Store) oweTogether(list []*store.Owing) error {
	ctx := context.Background()
	written := make([]*store.Owing, len(list))
	_, err := s.update(ctx, func(t store.Tx) error {
		if _, err := t.(*tx).session.Exec(ctx, jointPatience); err != nil {
			return err
		}
		for i, o := range list {
			written[i] = &store.Owing{Event: o.Event, Deliveries: slices.Clone(o.Deliveries)}
		}
		return t.(*tx).OweTogether(ctx, written)
	}, false)
	if err != nil {
		return err
	}
	for i, o := range list {
		o.Event = written[i].Event
		copy(o.Deliveries, written[i].Deliveries)
	}
	return nil
}
