package conformance

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The key pair that servers are started with.
const (
	accessKeyID     = "conformance-access-key-id"
	accessKeySecret = "conformance-access-key-secret"
)

// binary is the server under test: built from this checkout, or the one that
// TEST_BINARY names.
var binary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if binary = os.Getenv("TEST_BINARY"); binary != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "tallylight-conformance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "tallylight")
	build := exec.Command("go", "build", "-o", binary, "./cmd/tallylight")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the server:", err)
		return 1
	}
	return m.Run()
}

// startServer starts a server for one test, with the settings in env, and
// returns the HOST:PORT of its API.
func startServer(t *testing.T, env ...string) string {
	t.Helper()
	return startServerOn(t, t.TempDir(), env...)
}

// startServerOn does so on a data folder that the test knows.
func startServerOn(t *testing.T, dir string, env ...string) string {
	t.Helper()
	server := exec.Command(binary, "serve", "--data", dir, "--dev", "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0")
	server.Env = append(os.Environ(), "TALLYLIGHT_ACCESS_KEY_ID="+accessKeyID, "TALLYLIGHT_ACCESS_KEY_SECRET="+accessKeySecret)
	server.Env = append(server.Env, env...)
	var log strings.Builder
	server.Stderr = &log
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	addr := make(chan string, 1)
	go func() { // ends with the server's standard output
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			if a, ok := httpAddr(lines.Text()); ok {
				addr <- a
			}
		}
		stopped <- server.Wait()
	}()
	t.Cleanup(func() {
		server.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-stopped:
			if err != nil {
				t.Errorf("server ended with %v\n%s", err, log.String())
			}
		case <-time.After(30 * time.Second):
			server.Process.Kill()
			<-stopped
			t.Errorf("server did not stop\n%s", log.String())
		}
	})
	select {
	case a := <-addr:
		return a
	case err := <-stopped:
		stopped <- err
		t.Fatalf("server ended with %v before it was ready\n%s", err, log.String())
	case <-time.After(30 * time.Second):
		t.Fatal("server is not ready after 30 seconds")
	}
	return ""
}

// httpAddr finds the API's address in a line "tallylight ready http=… …".
func httpAddr(line string) (string, bool) {
	rest, ready := strings.CutPrefix(line, "tallylight ready ")
	if !ready {
		return "", false
	}
	for _, field := range strings.Fields(rest) {
		if addr, ok := strings.CutPrefix(field, "http="); ok {
			return addr, true
		}
	}
	return "", false
}
