package receiver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of the text; the first two count characters.
const (
	maxColumn = 48  // of streams, which later lines are aligned to
	maxText   = 300 // of one value
	maxNested = 16  // objects and lists in a body that is indented
)

// A printer writes a line for each callback.
type printer struct {
	out      io.Writer
	json     bool
	showBody bool

	streamWidth int // of the widest stream so far
}

// print writes c. A reader that went away is no reason to stop receiving, so
// errors of the writer are passed over.
func (p *printer) print(c Callback) {
	if p.json {
		line, err := json.Marshal(c)
		if err == nil {
			p.out.Write(append(line, '\n'))
		}
		return
	}
	io.WriteString(p.out, p.line(c)+"\n")
	if p.showBody && c.Body != nil {
		io.WriteString(p.out, indent(c.Body)+"\n")
	}
}

// line returns the columns: time, event, stream, place, signatures, answer, and
// what is particular to the event.
func (p *printer) line(c Callback) string {
	clock := c.Time.Format("15:04:05.000")
	if c.Event == "" {
		return fmt.Sprintf("%s  %-15s %s %s: %s  → %d", clock, "unknown", plain(c.Method), plain(c.Path), plain(c.Problem), c.Status)
	}
	stream := plain(c.Domain + "/" + c.App + "/" + c.Stream)
	p.streamWidth = max(p.streamWidth, min(utf8.RuneCountInString(stream), maxColumn))
	place := fmt.Sprintf("seq %-4s attempt %-3s", number(c.Seq), number(int64(c.Attempt)))
	line := fmt.Sprintf("%s  %-15s %-*s  %s vendor %-12s webhook %-12s → %d", clock, plain(string(c.Event)),
		p.streamWidth, stream, place, plain(string(c.VendorSignature)), plain(string(c.WebhookSignature)), c.Status)
	if c.URI != "" {
		line += "  " + plain(c.URI)
	}
	if c.Answer != nil {
		line += "  " + plain(c.Video) + "  " + plain(string(c.Answer))
	}
	return line
}

func number(n int64) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// plain returns text that anybody may have sent as a bounded piece of a line:
// without control characters, which a terminal would obey.
func plain(text string) string {
	text = strings.Map(printable, text)
	if utf8.RuneCountInString(text) > maxText {
		text = string([]rune(text)[:maxText]) + "…"
	}
	return text
}

func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return utf8.RuneError
}

// indent returns JSON on several lines, each moved in by two blanks. Callbacks are
// flat; what nests is left on one line, because deep nesting would fill screens.
func indent(body []byte) string {
	if bytes.Count(body, []byte("{"))+bytes.Count(body, []byte("[")) > maxNested {
		return "  " + plain(string(body))
	}
	var b bytes.Buffer
	b.WriteString("  ")
	if err := json.Indent(&b, body, "  ", "  "); err != nil {
		return "  " + plain(string(body))
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return printable(r)
	}, b.String())
}
