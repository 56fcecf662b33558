//go:build unix

// Package pgtest runs a private PostgreSQL server for tests, from Debian's package
// or whatever else has its programs in PATH: in a folder of its own, reached by a
// socket there, synced like a real one. A test binary has one server, which Main
// stops; a test that harms its server takes one with New.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

var (
	shared    = sync.OnceValues(start)
	started   atomic.Bool
	databases atomic.Int64
)

// Main runs the tests of a binary and then stops its server:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
func Main(m *testing.M) int {
	status := m.Run()
	if !started.Load() {
		return status
	}
	s, err := shared()
	if err == nil {
		err = s.remove()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return status
}

// Start returns the URL of a fresh database of the server that the tests of this
// binary share. The database is dropped with the test.
func Start(t testing.TB) string {
	t.Helper()
	return Shared(t).Database(t)
}

// Shared returns the server that the tests of this binary share.
func Shared(t testing.TB) *Server {
	t.Helper()
	started.Store(true)
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// New returns a server of the test's own, which stops with it.
func New(t testing.TB) *Server {
	t.Helper()
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Database makes a database, which is dropped with the test, and returns its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", databases.Add(1))
	s.execute(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { s.execute(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	return s.URL(name)
}

// URL returns the URL of a database of the server.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", Path: "/" + database}
	u.RawQuery = url.Values{"host": {s.dir}, "user": {superuser}}.Encode()
	return u.String()
}

// Socket is the path of the server's socket.
func (s *Server) Socket() string { return s.dir + "/.s.PGSQL.5432" }

func (s *Server) execute(t testing.TB, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // a cleanup, too
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}
