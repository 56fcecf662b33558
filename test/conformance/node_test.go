package conformance

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// installNode fetches the client for Node at the versions of the lock file, once.
var installNode = sync.OnceValue(func() error {
	_, err := os.Stat(filepath.Join("node", "node_modules", "@alicloud", "pop-core"))
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
	install.Dir = "node"
	install.Stdout, install.Stderr = os.Stderr, os.Stderr
	return install.Run()
})

// nodeCaller calls by the RPC client for Node, one process for all calls.
func nodeCaller(t *testing.T, addr, method string) func(*testing.T, operation, params) result {
	t.Helper()
	if err := installNode(); err != nil {
		t.Fatalf("install the client for Node (scripts/setup node installs npm): %v", err)
	}
	node := exec.Command("node", "call.js", "http://"+addr, accessKeyID, accessKeySecret)
	node.Dir = "node"
	node.Stderr = os.Stderr
	stdin, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := node.Wait(); err != nil {
			t.Errorf("node ended with %v", err)
		}
	})
	calls, answers := json.NewEncoder(stdin), bufio.NewReader(stdout)
	return func(t *testing.T, op operation, p params) result {
		t.Helper()
		if err := calls.Encode(map[string]any{"action": op.action, "params": p, "method": method}); err != nil {
			t.Fatal(err)
		}
		line, err := answers.ReadBytes('\n')
		if err != nil {
			t.Fatalf("%s: node: %v", op.action, err)
		}
		var answer struct {
			Body          json.RawMessage
			Code, Message string
			Status        int
		}
		if err := json.Unmarshal(line, &answer); err != nil {
			t.Fatalf("%v\n%s", err, line)
		}
		if answer.Code != "" {
			return result{code: answer.Code, status: answer.Status, message: answer.Message}
		}
		return result{body: answer.Body, raw: answer.Body}
	}
}
