//go:build linux

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tallylight/internal/store"
	"tallylight/internal/store/postgres"
	"tallylight/internal/store/postgres/pgtest"
	"tallylight/internal/store/sqlite"
)

// Names of databases on the command line.
const (
	databaseSQLite   = "sqlite"
	databasePostgres = "postgres"
	databaseBoth     = "both"
)

const (
	// maxNodes have connections enough in a PostgreSQL as pgtest starts it.
	maxNodes = 8
	// minSustain leaves retention something to delete.
	minSustain = 10 * time.Second
)

// A database keeps the events of a benchmark of deliveries.
type database struct {
	kind   string
	nodes  int            // senders that share it
	server *pgtest.Server // nil: it is a file
}

// startDatabases starts those that the options ask for; stop ends them.
func startDatabases(o options) (list []*database, stop func() error, err error) {
	stop = func() error { return nil }
	if o.database != databasePostgres {
		list = append(list, &database{kind: databaseSQLite, nodes: 1})
	}
	if o.database != databaseSQLite {
		server, err := pgtest.Run()
		if err != nil {
			return nil, stop, err
		}
		list = append(list, &database{kind: databasePostgres, nodes: o.nodes, server: server})
		stop = server.Stop
	}
	return list, stop, nil
}

func (b *database) String() string {
	switch {
	case b.server == nil:
		return "SQLite"
	case b.nodes == 1:
		return "PostgreSQL"
	}
	return fmt.Sprintf("PostgreSQL, %d nodes", b.nodes)
}

// fresh makes an empty one, a file in a folder or what has a URL.
func (b *database) fresh(ctx context.Context, dir string) (string, error) {
	if b.server == nil {
		return filepath.Join(dir, "tallylight.db"), nil
	}
	return b.server.Create(ctx)
}

// cpu returns the processor time of the database's own processes.
func (b *database) cpu() (time.Duration, error) {
	if b.server == nil {
		return 0, nil
	}
	return familyCPU(b.server.Process())
}

func isURL(database string) bool { return strings.HasPrefix(database, "postgres:") }

// openStore opens a database as one node of a server does.
func openStore(ctx context.Context, database string, node int) (store.Store, error) {
	if isURL(database) {
		return postgres.Open(ctx, database, postgres.Options{Node: fmt.Sprint("node", node)})
	}
	return sqlite.Open(ctx, database, sqlite.Options{})
}

// familyCPU returns the processor time of a process, of its children, and of those
// that have ended.
func familyCPU(pid int) (time.Duration, error) {
	pids, err := family(pid)
	if err != nil {
		return 0, err
	}
	sum, err := endedChildrenCPU(readText(fmt.Sprintf("/proc/%d/stat", pid)))
	if err != nil {
		return 0, fmt.Errorf("CPU of the children of process %d: %w", pid, err)
	}
	for _, id := range pids {
		if cpu, err := cpuClock(id); err == nil {
			sum += cpu
		} else if id == pid {
			return 0, err
		} // else it has ended meanwhile
	}
	return sum, nil
}

// endedChildrenCPU reads from a /proc/PID/stat what the children had used for which
// the process has waited: cutime and cstime of proc_pid_stat(5), the 14th and 15th
// field behind the name, which stands in parentheses and may have any in it.
func endedChildrenCPU(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 15 {
		return 0, fmt.Errorf("%q is no line of /proc/PID/stat", stat)
	}
	var sum time.Duration
	for _, field := range fields[13:15] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(ticks) * tick
	}
	return sum, nil
}
