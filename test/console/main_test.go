package console

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience bounds every wait. It is long enough for a machine that is busy.
const patience = 90 * time.Second

var (
	// binary is the server under test: the one that TEST_BINARY names, or built
	// from this checkout.
	binary string
	// chromium is the context of the browser that all tests share; each opens tabs
	// with cookies and a cache of its own.
	chromium context.Context
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	for _, program := range []string{"ffmpeg", "chromium", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			fmt.Fprintf(os.Stderr, "%v: run scripts/setup ffmpeg chromium node\n", err)
			return 1
		}
	}
	dir, err := os.MkdirTemp("", "tallylight-console-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := findBinary(dir); err != nil {
		fmt.Fprintln(os.Stderr, "build the server:", err)
		return 1
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"),
		chromedp.NoSandbox, // a container has none to offer
		chromedp.DisableGPU,
		chromedp.Flag("mute-audio", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(filepath.Join(dir, "chromium")))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	var end context.CancelFunc
	chromium, end = chromedp.NewContext(allocator)
	defer end()
	if err := chromedp.Do(chromium); err != nil {
		fmt.Fprintln(os.Stderr, "start chromium:", err)
		return 1
	}
	return m.Run()
}

// findBinary sets binary, and builds it into dir if none is given.
func findBinary(dir string) error {
	if binary = os.Getenv("TEST_BINARY"); binary != "" {
		return nil
	}
	binary = filepath.Join(dir, "tallylight")
	build := exec.Command("go", "build", "-o", binary, "./cmd/tallylight")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	return build.Run()
}
