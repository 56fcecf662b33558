// Package chaos runs the tallylight program through what a recorder must
// survive: it is killed again and again while encoders push, break off and come
// back, its disk is full, its bucket is away, its clock jumps and the last block of
// its files is torn.
//
// Each frame that the encoders send bears its number, so that every one of them
// can be found again in the record files, and what is missing can be held against
// what the documentation promises. What happens when follows from a seed: the
// same seed makes the same plan, though not the same interleaving.
//
//	go test ./test/chaos                           a short run
//	go test ./test/chaos -v -seed 7 -rounds 300    a long one; also make chaos
package chaos

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

var (
	seed     = flag.Uint64("seed", 1, "what the plan of faults follows from")
	rounds   = flag.Int("rounds", 10, "how often the server is ended; other faults come in a share of it")
	encoders = flag.Int("encoders", 24, "how many push at a time")
)

// tallylight is the path of the program under test.
var tallylight string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	flag.Parse()
	// Tests mostly wait for streams in real time: more of them can run at a time
	// than there are processors.
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		flag.Set("test.parallel", "12")
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		fmt.Fprintf(os.Stderr, "%v: the media of the tests is made and checked with it; run scripts/setup ffmpeg\n", err)
		return 1
	}
	dir, err := os.MkdirTemp("", "tallylight-chaos-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
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
