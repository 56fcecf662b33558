//go:build unix

package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// superuser is the database's own, whom it trusts on its socket.
const superuser = "tallylight"

// startTimeout bounds how long a server may take to answer, with the recovery
// after a crash.
const startTimeout = 2 * time.Minute

// A Server is a PostgreSQL server of its own.
type Server struct {
	bin   string     // folder of the programs
	owner *owner     // nil: whoever runs the test
	dir   string     // data/, log, the socket
	cmd   *exec.Cmd  // the running server
	exit  chan error // its end
}

// An owner is whom the server runs as if the test runs as root, which PostgreSQL
// refuses.
type owner struct{ uid, gid int }

// start makes a server and runs it.
func start() (_ *Server, err error) {
	s := &Server{}
	if s.bin, err = programs(); err != nil {
		return nil, err
	}
	if s.owner, err = unprivileged(); err != nil {
		return nil, err
	}
	if s.dir, err = s.folder(); err != nil {
		return nil, err
	}
	// A collation that differs from the order of bytes shows which of our columns
	// depend on it.
	init := s.command(filepath.Join(s.bin, "initdb"), "-D", s.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions",
		"--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en")
	if out, err := init.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), os.RemoveAll(s.dir))
	}
	return s, s.run()
}

// programs returns the folder of PostgreSQL's programs.
func programs() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // Debian's place for them
	if err != nil || len(found) == 0 {
		return "", errors.New("no PostgreSQL here: run scripts/setup postgresql")
	}
	return filepath.Dir(slices.Max(found)), nil
}

func unprivileged() (*owner, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf("user to run PostgreSQL as: %w", err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	return &owner{uid, gid}, errors.Join(err1, err2)
}

// folder makes a folder of the owner's.
func (s *Server) folder() (string, error) {
	dir, err := os.MkdirTemp("", "pg") // short, as the path of a socket must be
	if err == nil && s.owner != nil {
		err = os.Chown(dir, s.owner.uid, s.owner.gid)
	}
	return dir, err
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// command returns a command that runs as the owner, in a process group of its own:
// an interrupt on the terminal is for the test, which stops the server.
func (s *Server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if s.owner != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(s.owner.uid), Gid: uint32(s.owner.gid)}
	}
	endWithParent(cmd.SysProcAttr)
	return cmd
}

// run starts the server and waits until it answers.
func (s *Server) run() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s.cmd = s.command(filepath.Join(s.bin, "postgres"), "-D", s.data(), "-k", s.dir, "-c", "listen_addresses=", "-c", "fsync=on",
		"-c", "synchronous_commit=on", "-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "deadlock_timeout=50ms")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.exit = make(chan error, 1)
	go func(cmd *exec.Cmd, exit chan error) { exit <- cmd.Wait() }(s.cmd, s.exit)
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.exit:
			return s.failed(err)
		case <-ctx.Done():
			return errors.Join(s.failed(err), s.stop())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) failed(err error) error {
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return fmt.Errorf("start PostgreSQL: %w\n%s", err, log)
}

// stop ends the server at once, as a crash would.
func (s *Server) stop() error {
	if s.exit == nil {
		return nil // it never ran
	}
	if err := s.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	<-s.exit
	return nil
}

func (s *Server) remove() error { return errors.Join(s.stop(), os.RemoveAll(s.dir)) }

// Restart stops the server in an orderly way, which throws its clients off, and
// starts it again.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-s.exit
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

// Kill ends the server and every process of it with SIGKILL, and starts it again.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGKILL)
	<-s.exit
	if err := s.run(); err != nil {
		t.Fatal(err)
	}
}

// Crash returns the URL of a database in a server that begins with what this one
// had written at this moment, and recovers from it. It stops with the test.
func (s *Server) Crash(t testing.TB, database string) string {
	t.Helper()
	twin := &Server{bin: s.bin, owner: s.owner}
	var err error
	if twin.dir, err = s.folder(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := twin.remove(); err != nil {
			t.Error(err)
		}
	})
	s.signal(t, syscall.SIGSTOP)
	out, err := s.command("cp", "-a", s.data(), twin.data()).CombinedOutput()
	s.signal(t, syscall.SIGCONT)
	if err == nil {
		err = os.Remove(filepath.Join(twin.data(), "postmaster.pid"))
	}
	if err != nil {
		t.Fatalf("copy the database: %v\n%s", err, out)
	}
	if err := twin.run(); err != nil {
		t.Fatal(err)
	}
	return twin.URL(database)
}

// signal sends a signal to all processes of the server: the first one and those
// that it has started. It is stopped meanwhile, so that it starts no more.
func (s *Server) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	first := s.cmd.Process.Pid
	send := func(pid int, sig syscall.Signal) {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatalf("signal PostgreSQL: %v", err)
		}
	}
	send(first, syscall.SIGSTOP)
	listed, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	if err != nil {
		t.Fatalf("list processes: %v", err)
	}
	for line := range bytes.Lines(listed) {
		var pid, parent int
		if _, err := fmt.Sscan(strings.TrimSpace(string(line)), &pid, &parent); err == nil && parent == first {
			send(pid, sig)
		}
	}
	send(first, sig)
}
