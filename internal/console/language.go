package console

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A language holds the texts of the console in it, by the English ones.
type language struct {
	Tag   string // of BCP 47, for the lang attribute
	Name  string // in itself
	texts map[string]string
}

var (
	english = &language{Tag: "en", Name: "English"}
	chinese = &language{Tag: "zh-CN", Name: "简体中文", texts: merge(chineseTexts...)}
)

// languages are those that a visitor can choose from.
var languages = []*language{english, chinese}

// merge joins the texts of the parts of the console.
func merge(parts ...map[string]string) map[string]string {
	all := make(map[string]string)
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}

// text returns an English text in the language, with args for its verbs. What has
// no translation stays English; a test sees to it that everything has one.
func (l *language) text(english string, args ...any) string {
	if translated, ok := l.texts[english]; ok {
		english = translated
	}
	if len(args) == 0 {
		return english
	}
	return fmt.Sprintf(english, args...)
}

const (
	languageCookie = "tallylight_language"
	themeCookie    = "tallylight_theme"
	// settingsAge is how long the choice of language and theme is kept, in
	// seconds.
	settingsAge = 365 * 24 * 60 * 60
)

// themes are those that a visitor can choose from; the empty one is that of his
// system.
var themes = []string{"", "light", "dark"}

// chooseLanguage returns the language that the visitor has chosen, or else the
// first that his browser accepts and the console has.
func chooseLanguage(chosen, accepted string) *language {
	if i := slices.IndexFunc(languages, func(l *language) bool { return l.Tag == chosen }); i >= 0 {
		return languages[i]
	}
	for tag := range strings.SplitSeq(accepted, ",") {
		tag, _, _ = strings.Cut(strings.TrimSpace(tag), ";")
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		switch primary {
		case "zh":
			return chinese
		case "en":
			return english
		}
	}
	return english
}

// settingsRoutes are those of what a browser remembers.
var settingsRoutes = []route{
	{pattern: "POST " + Root + "settings", open: true, handle: (*visit).saveSettings},
}

// saveSettings keeps the language and the theme that a form gives.
func (v *visit) saveSettings() error {
	if tag := v.r.PostFormValue("language"); slices.ContainsFunc(languages, func(l *language) bool { return l.Tag == tag }) {
		v.setSetting(languageCookie, tag)
	}
	if theme := v.r.PostFormValue("theme"); v.r.PostForm.Has("theme") && slices.Contains(themes, theme) {
		v.setSetting(themeCookie, theme)
	}
	return v.back()
}

func (v *visit) setSetting(name, value string) {
	cookie := v.cookie(name, value)
	cookie.MaxAge = settingsAge
	http.SetCookie(v.w, cookie)
}
