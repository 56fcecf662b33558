package console

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"strings"
)

//go:embed templates
var templateFiles embed.FS

// Templates that every page is made with: the frame around it and pieces that
// several pages use.
const (
	frameTemplate  = "frame.html"
	piecesTemplate = "pieces.html"
)

// regionPrefix begins the names of templates that make a region of a page, which
// watch keeps current. The rest is the id of the element that holds it.
const regionPrefix = "region:"

// pages are the templates of a language, by file name.
type pages map[*language]map[string]*template.Template

// newPages parses all templates in all languages.
func newPages(a assets) pages {
	all := make(pages)
	for _, l := range languages {
		all[l] = make(map[string]*template.Template)
		base := template.Must(template.New("").Funcs(functions(l, a)).
			ParseFS(templateFiles, "templates/"+frameTemplate, "templates/"+piecesTemplate))
		entries, err := fs.ReadDir(templateFiles, "templates")
		if err != nil {
			panic(err) // they are embedded
		}
		for _, e := range entries {
			if e.Name() == frameTemplate || e.Name() == piecesTemplate {
				continue
			}
			t := template.Must(template.Must(base.Clone()).ParseFS(templateFiles, "templates/"+e.Name()))
			all[l][e.Name()] = t
		}
	}
	return all
}

// render writes a page.
func (p pages) render(w io.Writer, l *language, name string, data *page) error {
	t := p[l][name]
	if t == nil {
		return fmt.Errorf("there is no template %s", name)
	}
	if err := t.ExecuteTemplate(w, frameTemplate, data); err != nil {
		return fmt.Errorf("make page %s: %w", name, err)
	}
	return nil
}

// regions returns the ids of a page's regions.
func (p pages) regions(l *language, name string) (ids []string) {
	t := p[l][name]
	if t == nil {
		return nil
	}
	for _, d := range t.Templates() {
		if id, ok := strings.CutPrefix(d.Name(), regionPrefix); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// renderRegion writes the content of one region.
func (p pages) renderRegion(w io.Writer, l *language, name, id string, data *page) error {
	if err := p[l][name].ExecuteTemplate(w, regionPrefix+id, data); err != nil {
		return fmt.Errorf("make region %s of %s: %w", id, name, err)
	}
	return nil
}
