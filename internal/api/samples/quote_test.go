package samples

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

var quotings = map[string]quoting{
	"python": pythonQuoting, "csharp": csharpQuoting, "java": javaQuoting, "node": nodeQuoting, "php": phpQuoting,
}

func TestQuote(t *testing.T) {
	t.Parallel()
	const text = "a'b\"c\\d$e\nf\u202e\U000e0001录"
	for name, want := range map[string]string{
		"python": `"a'b\"c\\d$e\nf\u202e\U000e0001录"`,
		"csharp": `"a'b\"c\\d$e\nf\u202e\U000e0001录"`,
		"java":   `"a'b\"c\\d$e\nf\u202e\udb40\udc01录"`,
		"node":   `'a\'b"c\\d$e\nf\u{202e}\u{e0001}录'`,
		"php":    `"a'b\"c\\d\$e\nf\u{202e}\u{e0001}录"`,
	} {
		if got := quotings[name].quote(text); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// FuzzQuote reads the literals as their languages do.
func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "plain", "a'b\"c\\d$e{f}\n\r\t\a\x7f", "\\u0022", "\u202e\u2028😀\U000e0001", "录制\\", "\ufffd\ufeff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return // Write refuses it
		}
		for name, q := range quotings {
			literal := q.quote(text)
			if got, ok := unquote(literal, q); !ok || got != text {
				t.Errorf("%s: %q became %s, which reads %q", name, text, literal, got)
			}
		}
	})
}

// unquote reads a literal. It reports false for one that ends early or late, or
// that has an escape that is not the same in all languages.
func unquote(literal string, q quoting) (string, bool) {
	if len(literal) < 2 || literal[0] != q.mark {
		return "", false
	}
	var units []uint16 // of escapes, which may be halves of characters
	var b strings.Builder
	flush := func() {
		b.WriteString(string(utf16.Decode(units)))
		units = nil
	}
	for s := literal[1:]; s != ""; {
		c := s[0]
		if c == q.mark {
			flush()
			return b.String(), s == string(q.mark)
		}
		if c == '\n' || strings.IndexByte(q.also, c) >= 0 {
			return "", false
		}
		if c != '\\' {
			flush()
			b.WriteByte(c)
			s = s[1:]
			continue
		}
		if len(s) < 2 {
			return "", false
		}
		digits, rest := "", s[2:]
		switch e := s[1]; {
		case e == q.mark, e == '\\', strings.IndexByte(q.also, e) >= 0:
			flush()
			b.WriteByte(e)
			s = rest
			continue
		case strings.IndexByte("nrt", e) >= 0:
			flush()
			b.WriteByte(map[byte]byte{'n': '\n', 'r': '\r', 't': '\t'}[e])
			s = rest
			continue
		case e == 'u' && strings.HasPrefix(rest, "{"):
			digits, rest, _ = strings.Cut(rest[1:], "}")
		case e == 'u' && len(rest) >= 4:
			digits, rest = rest[:4], rest[4:]
		case e == 'U' && len(rest) >= 8:
			digits, rest = rest[:8], rest[8:]
		}
		r, err := strconv.ParseUint(digits, 16, 32)
		if err != nil {
			return "", false
		}
		if r <= 0xffff {
			units = append(units, uint16(r))
		} else {
			flush()
			b.WriteRune(rune(r))
		}
		s = rest
	}
	return "", false
}

func TestAShellReadsTheWordThatWasQuoted(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "plain", "it's", "$HOME `id` $(id) \\ \" ! *", "two\nlines", "录制", "-n"} {
		out, err := exec.Command("sh", "-c", "printf %s "+shellQuote(text)).Output()
		if err != nil || string(out) != text {
			t.Errorf("%q reads %q, %v", text, out, err)
		}
	}
}

func TestNamesOfMembers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, lower, snake string }{
		{"NotifyUrl", "notifyUrl", "notify_url"},
		{"OssObjectPrefix", "ossObjectPrefix", "oss_object_prefix"},
		{"Url", "url", "url"},
	} {
		if lowerFirst(tt.name) != tt.lower || snake(tt.name) != tt.snake {
			t.Errorf("%s: %s %s", tt.name, lowerFirst(tt.name), snake(tt.name))
		}
	}
}
