package console

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
)

// axeScript returns axe, fetched once at the version of the lock file.
var axeScript = sync.OnceValues(func() (string, error) {
	path := filepath.Join("axe", "node_modules", "axe-core", "axe.min.js")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		install := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
		install.Dir = "axe"
		install.Stdout, install.Stderr = os.Stderr, os.Stderr
		if err := install.Run(); err != nil {
			return "", fmt.Errorf("install axe (scripts/setup node installs npm): %w", err)
		}
	}
	script, err := os.ReadFile(path)
	return string(script), err
})

// A violation is a rule of accessibility that a page breaks.
type violation struct {
	ID, Impact, Help string
	Nodes            []string // what breaks it
}

func (v violation) String() string {
	return fmt.Sprintf("%s (%s): %s\n\t%s", v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n\t"))
}

// prepareAxe loads axe into the page.
func (b *tab) prepareAxe() {
	b.t.Helper()
	script, err := axeScript()
	if err != nil {
		b.t.Fatal(err)
	}
	b.do(chromedp.Evaluate[chromedp.Void](script))
}

// judge returns the serious and critical faults of the page as it stands, into
// which axe was loaded.
func (b *tab) judge() []violation {
	b.t.Helper()
	return eval[[]violation](b, `axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations
		.filter(({impact}) => impact === 'serious' || impact === 'critical')
		.map(({id, impact, help, nodes}) => ({ID: id, Impact: impact, Help: help,
			Nodes: nodes.slice(0, 4).map(({html, any}) => html.slice(0, 160) + ' ' + any.map(({message}) => message).join('; ')) })))`)
}
