//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func TestThoseWhoComeMeanwhileAreWrittenTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var groups []string
		goOn := make(chan error)
		j := newJoint(func(list []*store.Owing) error {
			group := ""
			for _, o := range list {
				group += string(o.Event.ID) + " "
			}
			groups = append(groups, group)
			return <-goOn
		})
		go j.run()
		answers := make(map[string]error)
		write := func(id, stream string) {
			go func() {
				err := j.write(t.Context(), []*store.Owing{{Event: live.Event{ID: live.EventID(id), Key: live.StreamKey{Stream: stream}}}})
				answers[id] = err
			}()
			synctest.Wait()
		}
		write("1", "a")
		write("2", "b")
		write("3", "b") // behind 2, to have a later number
		write("4", "c")
		write("5", "b")
		for _, err := range []error{store.ErrUncertain, errors.New("exists"), nil, nil} {
			goOn <- err
			synctest.Wait()
		}
		if got, want := fmt.Sprintf("%q", groups), `["1 " "2 4 " "3 " "5 "]`; got != want {
			t.Errorf("written together: %s, want %s", got, want)
		}
		for id, want := range map[string]error{"1": store.ErrUncertain, "2": errApart, "3": nil, "4": errApart, "5": nil} {
			if got, ok := answers[id]; !ok || !errors.Is(got, want) {
				t.Errorf("%s was told %v, want %v", id, got, want)
			}
		}
		j.stop()
	})
}
