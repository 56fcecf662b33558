// Package e2e runs the tallylight program as its users do: encoders push to it,
// signed calls configure it, an HTTP server takes its callbacks, and ffprobe,
// ffmpeg and a browser judge the files that it leaves.
//
// Every test has a server of its own, with a data folder of its own, on ports
// that the system picks.
package e2e

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const (
	// binaryVariable names the program to test; unset, it is built first.
	binaryVariable = "TEST_BINARY"
	// moduleRoot is seen from the folder that the tests run in.
	moduleRoot = "../.."
)

// tallylight is the path of the program under test.
var tallylight string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	flag.Parse()
	// Tests mostly wait, for streams in real time and for recordings that wait for
	// their encoder: more of them can run at a time than there are processors.
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		flag.Set("test.parallel", "12")
	}
	for _, program := range []string{"ffmpeg", "ffprobe", "chromium"} {
		if _, err := exec.LookPath(program); err != nil {
			fmt.Fprintf(os.Stderr, "%v: the end-to-end tests push and check with it; run scripts/setup ffmpeg chromium versitygw\n", err)
			return 1
		}
	}
	dir, err := os.MkdirTemp("", "tallylight-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	clips.dir = dir
	if tallylight, err = program(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// program returns the program under test, built into dir if none is given.
func program(dir string) (string, error) {
	if path := os.Getenv(binaryVariable); path != "" {
		_, err := os.Stat(path)
		return path, err
	}
	// Looking at the sources makes them a part of what the test cache compares:
	// without, a result would outlive a change of the program.
	for _, sources := range []string{"cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(moduleRoot, sources), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			return "", err
		}
	}
	path := filepath.Join(dir, "tallylight")
	build := exec.Command("go", "build", "-o", path, "./cmd/tallylight")
	build.Dir = moduleRoot
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", build, err, output)
	}
	return path, nil
}
