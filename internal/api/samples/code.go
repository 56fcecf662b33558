package samples

import (
	"fmt"
	"strings"
)

// A code is a source file that grows line by line.
type code struct {
	b      strings.Builder
	indent string // of one level
	depth  int
}

// line adds a line at the present depth.
func (c *code) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if text != "" {
		c.b.WriteString(strings.Repeat(c.indent, c.depth))
	}
	c.b.WriteString(text)
	c.b.WriteByte('\n')
}

// block adds a line, what inner adds one level deeper, and a line.
func (c *code) block(first string, inner func(), last string) {
	c.line("%s", first)
	c.depth++
	inner()
	c.depth--
	c.line("%s", last)
}

func (c *code) String() string { return c.b.String() }

// lowerFirst returns a name as most languages write members: NotifyUrl is
// notifyUrl.
func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// snake returns a name as Python writes it: NotifyUrl is notify_url.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if 'A' <= r && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// itemType returns the type of the items of a list.
func (f *field) itemType() string { return strings.TrimPrefix(f.typ, "[]") }
