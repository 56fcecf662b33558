package chaos

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
)

// The access key of the servers.
const (
	keyID     = "chaos-access-key-id"
	keySecret = "chaos-access-key-secret"
)

// patience bounds every wait for the server.
const patience = 90 * time.Second

// A server is the program under test, started again and again on one data folder
// and the same ports.
type server struct {
	t          testing.TB
	data       string
	http, rtmp string // HOST:PORT
	log        *os.File
	config     string // a file of settings; "": none

	cmd    *exec.Cmd
	ready  chan error // gets one value: nil once it serves
	exited chan struct{}

	mu   sync.Mutex
	ends []time.Time     // when the end of each run was begun; zero while it runs
	lags []time.Duration // how late the machine was at most during each run
}

func newServer(t testing.TB, dir string) *server {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(dir, "server.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, data: filepath.Join(dir, "data"), http: freeAddress(t), rtmp: freeAddress(t), log: log}
	t.Cleanup(func() {
		if s.cmd != nil {
			s.noteEnd()
			s.cmd.Process.Kill() // fails where it has ended
			<-s.exited
		}
		log.Close()
	})
	return s
}

// freeAddress returns a loopback address that nobody listens on, below the ports
// that the system gives to connections: an encoder that tries to come back while
// the server is down must not be given the server's own port.
func freeAddress(t testing.TB) string {
	t.Helper()
	const first, last = 10_000, 30_000
	for range 100 {
		n, err := rand.Int(rand.Reader, big.NewInt(last-first))
		if err != nil {
			t.Fatal(err)
		}
		addr := net.JoinHostPort("127.0.0.1", strconv.FormatInt(first+n.Int64(), 10))
		if ln, err := net.Listen("tcp", addr); err == nil {
			ln.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}

// launch starts the program and does not wait for it.
func (s *server) launch() {
	s.t.Helper()
	s.cmd = exec.Command(tallylight, "serve", "--dev", "--data", s.data, "--http", s.http, "--rtmp", s.rtmp)
	if s.config != "" {
		s.cmd.Args = append(s.cmd.Args, "--config", s.config)
	}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TALLYLIGHT_") {
			s.cmd.Env = append(s.cmd.Env, variable)
		}
	}
	s.cmd.Env = append(s.cmd.Env, "TALLYLIGHT_ACCESS_KEY_ID="+keyID, "TALLYLIGHT_ACCESS_KEY_SECRET="+keySecret)
	s.cmd.Stderr = struct{ io.Writer }{s.log} // by a pipe: a bound on the server's files is none on its log
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	s.ends, s.lags = append(s.ends, time.Time{}), append(s.lags, 0)
	s.mu.Unlock()
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	cmd, ready, exited, run := s.cmd, make(chan error, 1), make(chan struct{}), s.run()
	s.ready, s.exited = ready, exited
	go func() {
		defer close(exited)
		line, err := bufio.NewReader(stdout).ReadString('\n')
		if err == nil && !strings.HasPrefix(line, "tallylight ready ") {
			err = fmt.Errorf("the server printed %q", line)
		}
		ready <- err
		cmd.Wait()
		if s.endOf(run).IsZero() {
			s.t.Errorf("run %d of the server has ended by itself: %v", run, cmd.ProcessState)
		}
	}()
}

// start starts the program and waits until it serves.
func (s *server) start() {
	s.t.Helper()
	s.launch()
	select {
	case err := <-s.ready:
		if err != nil {
			<-s.exited
			s.t.Fatalf("the server does not start: %v, %v", err, s.cmd.ProcessState)
		}
	case <-time.After(patience):
		s.t.Fatalf("the server is not ready after %v", patience)
	}
}

// noteEnd notes that the run is about to be ended.
func (s *server) noteEnd() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if end := &s.ends[len(s.ends)-1]; end.IsZero() {
		*end = time.Now()
	}
}

// kill ends the run as kill -9 does.
func (s *server) kill() {
	s.noteEnd()
	s.cmd.Process.Kill() // fails where it has ended
	<-s.exited
}

// terminate asks the server to end, and does not wait for it.
func (s *server) terminate() {
	s.t.Helper()
	s.noteEnd()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Fatal(err)
	}
}

// stop ends the run in order.
func (s *server) stop() {
	s.t.Helper()
	s.terminate()
	select {
	case <-s.exited:
	case <-time.After(patience):
		s.t.Fatalf("the server has not ended %v after SIGTERM", patience)
	}
	if status := s.cmd.ProcessState.ExitCode(); status != 0 {
		s.t.Errorf("the server exits with status %d after SIGTERM, want 0", status)
	}
}

// run returns the number of the latest run.
func (s *server) run() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ends) - 1
}

// endOf returns when a run was ended.
func (s *server) endOf(run int) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ends[run]
}

// noteLag notes that something came late during a run, by the machine's fault.
func (s *server) noteLag(run int, by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lags[run] = max(s.lags[run], by)
}

// lagOf returns how late the machine was at most during a run.
func (s *server) lagOf(run int) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lags[run]
}

// limitFiles bounds the size of every file that the server writes, in bytes; -1
// removes the bound. It ends with the run.
func (s *server) limitFiles(size int64) {
	s.t.Helper()
	select {
	case <-s.exited:
		return
	default:
	}
	limit := "unlimited"
	if size >= 0 {
		limit = strconv.FormatInt(size, 10)
	}
	// The hard limit stays, so that the bound can be removed.
	cmd := exec.Command("prlimit", "--pid", strconv.Itoa(s.cmd.Process.Pid), "--fsize="+limit+":unlimited")
	if output, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", cmd, err, output)
	}
}

// must makes an API call as an SDK does, with parameters in pairs of name and
// value; it has to succeed.
func (s *server) must(action string, pairs ...string) {
	s.t.Helper()
	params := wire.Params{}.With("Action", action).With("Version", "2016-11-01").With("Format", "JSON")
	for i := 0; i < len(pairs); i += 2 {
		params = params.With(pairs[i], pairs[i+1])
	}
	query := url.Values{}
	for _, p := range sign.RPC(sign.Key{ID: keyID, Secret: keySecret}, http.MethodPost, params, rand.Text(), time.Now()) {
		query.Set(p.Name, p.Value)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.http+"/?"+query.Encode(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatalf("%s: %v", action, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !json.Valid(body) {
		s.t.Fatalf("%s answered %d %s, %v", action, resp.StatusCode, body, err)
	}
}
