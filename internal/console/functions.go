package console

import (
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"tallylight/internal/api/reference"
	"tallylight/internal/live"
)

// functions are what templates can call.
func functions(l *language, a assets) template.FuncMap {
	return template.FuncMap{
		"t":         l.text,
		"asset":     a.address,
		"languages": func() []*language { return languages },
		"time":      timeElement,
		"bytes":     formatBytes,
		"duration":  formatDuration,
		"bitrate":   formatBitrate,
		"headers":   headerLines,
		"millis":    millis,
		"short":     func(text string) string { return shortText([]byte(text)) },
		"status":    http.StatusText,
		"origin":    live.Origin,
		"in":        func(text reference.Text) string { return text.In(l.Tag) },
		"dict":      dict,
		"list":      func(items ...any) []any { return items },
		"join":      strings.Join,
	}
}

// dict makes a map of names and values, for templates that take several.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: %d names and values", len(pairs))
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: name %v is no string", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// timeElement shows a moment in UTC; the page's script changes that to the
// visitor's zone. The zero time is a dash.
func timeElement(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	return template.HTML(`<time datetime="` + t.Format("2006-01-02T15:04:05.000Z") + `">` + t.Format("2006-01-02 15:04:05") + ` UTC</time>`)
}

// formatBytes shows a size with three digits, in units of 1,000.
func formatBytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	units := []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	f, i := float64(n)/1000, 0
	for f >= 999.5 && i < len(units)-1 {
		f /= 1000
		i++
	}
	switch {
	case f < 9.995:
		return fmt.Sprintf("%.2f %s", f, units[i])
	case f < 99.95:
		return fmt.Sprintf("%.1f %s", f, units[i])
	}
	return fmt.Sprintf("%.0f %s", f, units[i])
}

// formatBitrate shows a rate that is given in kbit/s.
func formatBitrate(kbit int) string {
	if kbit < 1000 {
		return fmt.Sprintf("%d kbit/s", kbit)
	}
	return fmt.Sprintf("%.2f Mbit/s", float64(kbit)/1000)
}

// formatDuration shows hours, minutes and seconds, as players do.
func formatDuration(d time.Duration) string {
	if d < time.Second && d > 0 {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	s := int64(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
