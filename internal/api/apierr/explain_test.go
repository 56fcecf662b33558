package apierr

import (
	"strings"
	"testing"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, code, meaning, of string
	}{
		{"a code of its own", "LockFail", "The domain exists already.", ""},
		{"a missing parameter", "MissingAppName", "The mandatory parameter {} is absent or empty.", "AppName"},
		{"a missing parameter with a text of its own", "MissingTemplate", "TranscodeRecordFormat comes without TranscodeTemplates.", ""},
		{"a parameter that cannot be used", "InvalidOrder", "The value of {} cannot be used.", "Order"},
		{"a malformed argument", "Invalidauth_key1.Malformed", "The value of the argument {} cannot be used.", "auth_key1"},
		{"a missing argument", "MissingParameterauth_type", "The argument {} of a function is absent or empty.", "auth_type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, ok := Explain(tt.code)
			if !ok || e.Meaning != tt.meaning || e.Name != tt.of {
				t.Errorf("got %q of %q, %t", e.Meaning, e.Name, ok)
			}
		})
	}
	for _, code := range []string{"", "Missing", "Invalid", "Nothing", "Invalid<b>.Malformed", "InvalidStream.Found"} {
		if e, ok := Explain(code); ok {
			t.Errorf("%q is explained: %q", code, e.Meaning)
		}
	}
}

func TestExplanationsAreComplete(t *testing.T) {
	t.Parallel()
	check := func(code string, e Explanation, made bool) {
		for _, text := range []string{e.Meaning, e.Cause, e.Remedy} {
			if !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q is no sentence", code, text)
			}
			if !made && strings.Contains(text, "{}") {
				t.Errorf("%s: %q waits for a name", code, text)
			}
		}
	}
	for code, e := range explanations {
		check(code, e, false)
	}
	for _, p := range patterns {
		check(p.prefix+p.suffix, p.Explanation, true)
	}
}
