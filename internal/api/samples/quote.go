package samples

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// A quoting is how a language writes text between quotation marks. Backslash and
// the mark are escaped everywhere, and so is what cannot be seen: an invisible
// character could make code read otherwise than it is.
type quoting struct {
	mark byte
	also string // characters that need a backslash, too
	// char returns the escape of a character that is not \n, \r or \t.
	char func(rune) string
}

var (
	pythonQuoting = quoting{mark: '"', char: fixedWidth}
	csharpQuoting = quoting{mark: '"', char: fixedWidth}
	javaQuoting   = quoting{mark: '"', char: utf16Units}
	nodeQuoting   = quoting{mark: '\'', char: braced}
	phpQuoting    = quoting{mark: '"', also: "$", char: braced}
)

// fixedWidth is the escape of Python and C#.
func fixedWidth(r rune) string {
	if r > 0xffff {
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// utf16Units is the escape of Java, which is read before anything else: none may
// stand for a quotation mark, a backslash or the end of a line.
func utf16Units(r rune) (s string) {
	for _, unit := range utf16.AppendRune(nil, r) {
		s += fmt.Sprintf(`\u%04x`, unit)
	}
	return s
}

// braced is the escape of JavaScript and PHP.
func braced(r rune) string { return fmt.Sprintf(`\u{%x}`, r) }

// quote returns the literal of s, which is UTF-8.
func (q quoting) quote(s string) string {
	var b strings.Builder
	b.WriteByte(q.mark)
	for _, r := range s {
		switch {
		case r == rune(q.mark), r == '\\', strings.ContainsRune(q.also, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case !unicode.IsPrint(r):
			b.WriteString(q.char(r))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte(q.mark)
	return b.String()
}

// phpQuote returns the literal of s in PHP: the simpler one, which has no escapes
// but those of backslash and mark, where that will do.
func phpQuote(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return phpQuoting.quote(s)
	}
	return quoting{mark: '\''}.quote(s)
}

// quoteAll returns the literals of texts, separated by commas.
func quoteAll(quote func(string) string, texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = quote(text)
	}
	return strings.Join(quoted, ", ")
}

// shellQuote returns s as one word of a POSIX shell.
func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
