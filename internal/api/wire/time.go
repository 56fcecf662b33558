package wire

import (
	"errors"
	"time"
)

// TimeLayout is how times travel: UTC, whole seconds.
const TimeLayout = "2006-01-02T15:04:05Z"

var errTime = errors.New("time is not of the form " + TimeLayout)

// ParseTime parses a time of TimeLayout. Fractions of a second, which
// time.Parse would let pass, are refused.
func ParseTime(s string) (time.Time, error) {
	if len(s) != len(TimeLayout) {
		return time.Time{}, errTime
	}
	t, err := time.Parse(TimeLayout, s)
	if err != nil {
		return time.Time{}, errTime
	}
	return t, nil
}

// FormatTime prints a time in TimeLayout, and the zero time as "".
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(TimeLayout)
}
