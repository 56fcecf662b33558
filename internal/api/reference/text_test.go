package reference

import (
	"strings"
	"testing"
	"unicode"
)

func TestTextsAreEnglishUnlessChineseIsAskedFor(t *testing.T) {
	t.Parallel()
	both, alone := Text{"push", "推流"}, Text{English: "push"}
	for _, tt := range []struct {
		name, language, want string
		text                 Text
	}{
		{"Chinese", "zh", "推流", both},
		{"Chinese of a region", "zh-CN", "推流", both},
		{"English", "en", "push", both},
		{"another language", "zhx", "push", both},
		{"without a translation", "zh", "push", alone},
	} {
		if got := tt.text.In(tt.language); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestNamesAreFilledInBothLanguages(t *testing.T) {
	t.Parallel()
	if got, want := (Text{"send {}", "发送 {}"}).With("AppName"), (Text{"send AppName", "发送 AppName"}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTranslationsKeepNamesAndAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, dictionary := range dictionaries {
		for english, chinese := range dictionary {
			if seen[english] {
				t.Errorf("%q is translated twice", english)
			}
			seen[english] = true
			if chinese == "" || strings.TrimSpace(chinese) != chinese {
				t.Errorf("%q has the translation %q", english, chinese)
			}
			if strings.Count(english, "{") != strings.Count(chinese, "{") {
				t.Errorf("%q and %q do not have the same variables", english, chinese)
			}
			if strings.ContainsFunc(english, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("%q is no English", english)
			}
		}
	}
}
