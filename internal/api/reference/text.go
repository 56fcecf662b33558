package reference

import "strings"

// A Text is the same in two languages. The texts of messages on the wire, which
// are English always, are plain strings.
type Text struct {
	English string
	Chinese string // Simplified; empty where there is no translation
}

// In returns the text in the language, a tag such as "zh" or "en-GB". What is
// not Chinese, and what has no translation, is English.
func (t Text) In(language string) string {
	if t.Chinese != "" && (language == "zh" || strings.HasPrefix(language, "zh-")) {
		return t.Chinese
	}
	return t.English
}

// dictionaries hold the translations, by the English texts.
var dictionaries = []map[string]string{zhOperations, zhParameters, zhMembers, zhErrors, zhDifferences}

// Translate returns the text that reads so in English, with its translation if
// there is one.
func Translate(english string) Text {
	for _, dictionary := range dictionaries {
		if chinese, ok := dictionary[english]; ok {
			return Text{English: english, Chinese: chinese}
		}
	}
	return Text{English: english}
}

// With returns the text with name where it has {}.
func (t Text) With(name string) Text {
	return Text{
		English: strings.ReplaceAll(t.English, "{}", name),
		Chinese: strings.ReplaceAll(t.Chinese, "{}", name),
	}
}
