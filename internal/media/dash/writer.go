package dash

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"time"
)

// A writer writes XML, two spaces a level. Elements are opened, given their
// attributes, and then closed or begun and later ended.
type writer struct {
	b     []byte
	depth int
}

func (w *writer) raw(text ...string) {
	for _, s := range text {
		w.b = append(w.b, s...)
	}
}

func (w *writer) open(name string) {
	for range w.depth {
		w.raw("  ")
	}
	w.raw("<", name)
}

// close ends an element that holds nothing.
func (w *writer) close() { w.raw("/>\n") }

// begin begins the contents of the element that is open.
func (w *writer) begin() {
	w.raw(">\n")
	w.depth++
}

func (w *writer) end(name string) {
	w.depth--
	for range w.depth {
		w.raw("  ")
	}
	w.raw("</", name, ">\n")
}

func (w *writer) attribute(name, value string) {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(value)) // a Buffer takes everything
	w.raw(" ", name, `="`, escaped.String(), `"`)
}

func (w *writer) number(name string, n int64) { w.attribute(name, strconv.FormatInt(n, 10)) }

// duration writes a duration as XML Schema has it, to the thousandth of a
// second.
func (w *writer) duration(name string, d time.Duration) {
	w.attribute(name, "PT"+strconv.FormatFloat(d.Seconds(), 'f', 3, 64)+"S")
}
