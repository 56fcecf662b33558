package apierr

import "strings"

// An Explanation tells the caller of an API what an error means, what usually
// causes it and what to do about it, in English.
type Explanation struct {
	Meaning string
	Cause   string
	Remedy  string
	// Name is the parameter or the argument that the code is made with, if it is;
	// it stands where the texts have {}.
	Name string
}

// Explain returns the explanation of a code. It reports false for a code that
// this package does not have.
func Explain(code string) (Explanation, bool) {
	if e, ok := explanations[code]; ok {
		return e, true
	}
	for _, p := range patterns {
		name, ok := strings.CutPrefix(code, p.prefix)
		if !ok {
			continue
		}
		if name, ok = strings.CutSuffix(name, p.suffix); ok && isName(name) {
			e := p.Explanation
			e.Name = name
			return e, true
		}
	}
	return Explanation{}, false
}

// isName reports whether s can be the name of a parameter or of an argument.
func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
	})
}
