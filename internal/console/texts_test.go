package console

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// templateText finds the texts that templates translate.
var templateText = regexp.MustCompile(`\bt ("(?:[^"\\]|\\.)*")`)

// usedTexts returns every text that templates or code show, and where.
func usedTexts(t *testing.T) map[string]string {
	t.Helper()
	used := make(map[string]string)
	err := fs.WalkDir(templateFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(templateFiles, path)
		if err != nil {
			return err
		}
		for _, m := range templateText.FindAllStringSubmatch(string(content), -1) {
			text, err := strconv.Unquote(m[1])
			if err != nil {
				t.Errorf("%s: %s: %v", path, m[1], err)
			}
			used[text] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if i, ok := textArgument(call); ok && i < len(call.Args) {
				if text, ok := constantText(call.Args[i]); ok {
					used[text] = set.Position(call.Pos()).String()
				}
			}
			return true
		})
	}
	return used
}

// textArgument returns which argument of a call is a text for visitors.
func textArgument(call *ast.CallExpr) (int, bool) {
	name := ""
	switch fn := call.Fun.(type) {
	case *ast.Ident:
		name = fn.Name
	case *ast.SelectorExpr:
		name = fn.Sel.Name
	}
	switch name {
	case "t", "text", "say", "done", "notFound", "badRequest":
		return 0, true
	case "refused", "render", "watch", "outcome":
		return 1, true
	}
	return 0, false
}

// constantText returns the value of a literal, or of literals that are added.
func constantText(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		x, okX := constantText(e.X)
		y, okY := constantText(e.Y)
		return x + y, okX && okY && e.Op == token.ADD
	}
	return "", false
}

func TestEveryTextIsTranslated(t *testing.T) {
	t.Parallel()
	used := usedTexts(t)
	for text, where := range used {
		if _, ok := chinese.texts[text]; !ok && text != "" {
			t.Errorf("%s: %q has no Chinese text", where, text)
		}
	}
	if len(used) < 20 {
		t.Errorf("only %d texts were found", len(used))
	}
}

// verbs finds the verbs of a format, without the index of their argument.
var verbs = regexp.MustCompile(`%(?:\[\d+\])?[-+# 0-9.]*[a-zA-Z]`)

func TestTranslationsTakeTheSameArguments(t *testing.T) {
	t.Parallel()
	kinds := func(text string) (list []string) {
		for _, verb := range verbs.FindAllString(strings.ReplaceAll(text, "%%", ""), -1) {
			list = append(list, verb[len(verb)-1:])
		}
		slices.Sort(list)
		return list
	}
	for english, translated := range chinese.texts {
		if !slices.Equal(kinds(english), kinds(translated)) {
			t.Errorf("%q and %q take different arguments", english, translated)
		}
	}
}

func TestPartsDoNotTranslateTwiceDifferently(t *testing.T) {
	t.Parallel()
	seen := make(map[string]string)
	for _, part := range chineseTexts {
		for english, translated := range part {
			if before, ok := seen[english]; ok && before != translated {
				t.Errorf("%q is both %q and %q", english, before, translated)
			}
			seen[english] = translated
		}
	}
}

// assetName finds the assets that templates use.
var assetName = regexp.MustCompile(`asset "([^"]+)"`)

func TestEveryAssetOfTemplatesExists(t *testing.T) {
	t.Parallel()
	all := newAssets()
	entries, err := fs.ReadDir(templateFiles, "templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		content, err := templateFiles.ReadFile("templates/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range assetName.FindAllStringSubmatch(string(content), -1) {
			if _, ok := all[m[1]]; !ok {
				t.Errorf("%s uses %s, which does not exist", e.Name(), m[1])
			}
		}
		if strings.Contains(string(content), " style=") || strings.Contains(string(content), " onclick=") {
			t.Errorf("%s has an inline style or script, which the Content-Security-Policy forbids", e.Name())
		}
	}
}
