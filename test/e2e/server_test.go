package e2e

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The access key of servers that a test gives one.
const (
	keyID     = "e2e-access-key-id"
	keySecret = "e2e-access-key-secret"
)

var keyEnviron = []string{"TALLYLIGHT_ACCESS_KEY_ID=" + keyID, "TALLYLIGHT_ACCESS_KEY_SECRET=" + keySecret}

// A server is a process that serves.
type server struct {
	*process
	data string // its data folder
	api  string // HOST:PORT of the API
	rtmp string // HOST:PORT for encoders
}

// serveArgs are the arguments that every server of the tests gets.
func serveArgs(data string, more ...string) []string {
	return append([]string{"serve", "--dev", "--data", data, "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0"}, more...)
}

// startServer starts a server on a data folder and waits until it is ready.
func startServer(t testing.TB, data string, args ...string) *server {
	t.Helper()
	return awaitReady(t, data, start(t, keyEnviron, tallylight, serveArgs(data, args...)...))
}

func awaitReady(t testing.TB, data string, p *process) *server {
	t.Helper()
	p.stdout.await(t, "the ready line", func() bool {
		return strings.Contains(p.stdout.String(), "\n") || p.hasExited()
	})
	s := &server{process: p, data: data}
	line := p.stdout.String()
	if _, err := fmt.Sscanf(line, "tallylight ready http=%s rtmp=%s\n", &s.api, &s.rtmp); err != nil {
		t.Fatalf("server printed %q instead of its ready line: %v", line, err)
	}
	return s
}

// pushURL returns where an encoder pushes a stream of app live to.
func (s *server) pushURL(stream string, args ...string) string {
	query := append([]string{"vhost=" + ingestDomain}, args...)
	return "rtmp://" + s.rtmp + "/live/" + stream + "?" + strings.Join(query, "&")
}

// awaitPushEnd returns when the server has taken all of a push.
func (s *server) awaitPushEnd(t testing.TB, stream string) {
	t.Helper()
	s.awaitLog(t, "publish ended", "stream="+stream)
}

// recordings returns the files of a stream of app live in its bucket, in the
// order of their sequence numbers, with which the tests' rule begins the names.
func (s *server) recordings(t testing.TB, stream, format string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.data, "records", bucket, "live", stream, "*."+format))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(paths, func(a, b string) int { return cmp.Compare(sequence(t, a), sequence(t, b)) })
	return paths
}

// recording returns the only file of a stream in a format.
func (s *server) recording(t testing.TB, stream, format string) string {
	t.Helper()
	paths := s.recordings(t, stream, format)
	if len(paths) != 1 {
		t.Fatalf("stream %s has the %s files %q, want one", stream, format, paths)
	}
	return paths[0]
}

func sequence(t testing.TB, path string) int {
	t.Helper()
	number, _, _ := strings.Cut(filepath.Base(path), "_")
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("%s does not begin with its sequence number", path)
	}
	return n
}
