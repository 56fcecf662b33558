//go:build unix

package postgres

import (
	"net/url"
	"os"
	"testing"

	"tallylight/internal/store"
	"tallylight/internal/store/postgres/pgtest"
	"tallylight/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestStoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	const connections = 4 // fewer than there are goroutines, so that some wait
	storetest.Run(t, func(t *testing.T) storetest.Backend {
		server := pgtest.Shared(t)
		at := server.Database(t)
		s := openTest(t, at, Options{Connections: connections})
		return storetest.Backend{
			Store:   s,
			Updates: connections,
			Beside: func(t *testing.T) store.Store {
				return openTest(t, at, Options{Connections: connections, Node: "other"})
			},
			Node: func(t *testing.T, name string) store.Store {
				return openTest(t, at, Options{Connections: connections, Node: name})
			},
			Reopen: func(t *testing.T) store.Store {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				return openTest(t, at, Options{})
			},
			Crash: func(t *testing.T) store.Store {
				return openTest(t, server.Crash(t, databaseName(t, at)), Options{})
			},
		}
	})
}

// openTest opens a database; the store closes with the test.
func openTest(t testing.TB, at string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), at, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// databaseName returns the name of the database that a URL leads to.
func databaseName(t *testing.T, at string) string {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path[1:]
}
