//go:build unix

package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// asCommand has the test binary be the command, for tests that need a process.
const asCommand = "TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestSignalsEndTheServerInOrder(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]syscall.Signal{
		"an end that is asked for": syscall.SIGTERM,
		"an interrupt":             syscall.SIGINT,
		"the end of its terminal":  syscall.SIGHUP,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", "--data", t.TempDir(), "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0")
			cmd.Env = append(os.Environ(), asCommand+"=1")
			var log bytes.Buffer
			cmd.Stderr = &log
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || !strings.HasPrefix(line, "tallylight ready") {
				t.Fatalf("%q, %v", line, err)
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil || !strings.Contains(log.String(), "server stopped") {
				t.Errorf("%v\n%s", err, log.String())
			}
		})
	}
}
