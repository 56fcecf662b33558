// Package architecture tests that the folders keep the shape that
// docs/architecture.md draws.
package architecture

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "tallylight/"

// layers holds the packages below internal, the lowest first. A package may
// import what stands in a lower layer, and its own sub-packages.
var layers = [][]string{
	{"live"},
	{"media", "durable", "config"},
	{"store", "blob"},
	{"api", "ingest", "record", "callback", "announce", "reconcile", "upload", "retention", "playback", "identity", "node"},
	{"receiver", "forward", "console"},
}

func layerOf(pkg string) int {
	top, _, _ := strings.Cut(strings.TrimPrefix(pkg, module+"internal/"), "/")
	for i, layer := range layers {
		for _, name := range layer {
			if name == top {
				return i
			}
		}
	}
	return -1
}

func topOf(pkg string) string {
	top, _, _ := strings.Cut(strings.TrimPrefix(pkg, module+"internal/"), "/")
	return top
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		files++
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		pkg := module + filepath.ToSlash(rel)
		if layerOf(pkg) < 0 {
			t.Errorf("%s is in no layer: place it in the list of this test and in docs/architecture.md", pkg)
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if !strings.HasPrefix(imported, module) {
				continue
			}
			if strings.HasSuffix(path, "_test.go") && layerOf(imported) <= layerOf(pkg) {
				continue // a test may use a sibling as its peer
			}
			if topOf(imported) != topOf(pkg) && layerOf(imported) >= layerOf(pkg) {
				t.Errorf("%s imports %s, which does not stand below it", path, imported)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Errorf("only %d files found below internal: is the test run in its folder?", files)
	}
}
