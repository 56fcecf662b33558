package live

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxTemplateLength bounds object name templates: they must be shorter, in
// bytes (spec recording-and-callbacks 3.3).
const MaxTemplateLength = 256

// DefaultZone is the zone of the times in object names: UTC+8, as the vendor's.
var DefaultZone = time.FixedZone("UTC+8", 8*60*60)

// ObjectName is what a template of a record file's name is filled with.
type ObjectName struct {
	App, Stream string
	Sequence    int
	Start, Stop time.Time
}

// Layouts of the times in object names.
const (
	plainTimeLayout   = "2006-01-02-15:04:05"
	escapedTimeLayout = "2006-01-02-15-04-05"
)

// ValidateObjectPrefix reports whether t can name record files: shorter than
// 256 bytes, known variables only, with a start and an end variable of the same
// kind, and nothing that could leave the bucket (spec 3.3).
func ValidateObjectPrefix(t string) error {
	seen, err := templateVariables(t, "AppName", "StreamName", "Sequence",
		"StartTime", "EndTime", "EscapedStartTime", "EscapedEndTime")
	if err != nil {
		return err
	}
	if !(seen["StartTime"] && seen["EndTime"]) && !(seen["EscapedStartTime"] && seen["EscapedEndTime"]) {
		return fmt.Errorf("object name template %q needs {EscapedStartTime} and {EscapedEndTime}, or {StartTime} and {EndTime}", t)
	}
	return nil
}

// ValidateSliceObjectPrefix does the same for the names of slices, which need
// {UnixTimestamp} and {Sequence}.
func ValidateSliceObjectPrefix(t string) error {
	seen, err := templateVariables(t, "AppName", "StreamName", "UnixTimestamp", "Sequence")
	if err != nil {
		return err
	}
	if !seen["UnixTimestamp"] || !seen["Sequence"] {
		return fmt.Errorf("slice name template %q needs {UnixTimestamp} and {Sequence}", t)
	}
	return nil
}

// templateVariables returns which of the known variables t uses.
func templateVariables(t string, known ...string) (map[string]bool, error) {
	if t == "" || len(t) >= MaxTemplateLength {
		return nil, fmt.Errorf("object name template has %d bytes, 1 to %d are allowed", len(t), MaxTemplateLength-1)
	}
	seen := make(map[string]bool)
	literal := t
	for _, name := range known {
		variable := "{" + name + "}"
		seen[name] = strings.Contains(t, variable)
		literal = strings.ReplaceAll(literal, variable, "x")
	}
	if i := strings.IndexAny(literal, "{}"); i >= 0 {
		return nil, fmt.Errorf("object name template %q has an unknown variable; known are {%s}", t, strings.Join(known, "}, {"))
	}
	if err := ValidateObjectKey(literal); err != nil {
		return nil, fmt.Errorf("object name template %q: %w", t, err)
	}
	return seen, nil
}

// ExpandObjectPrefix fills a template that ValidateObjectPrefix accepted. Times
// are printed in zone. Parts of more than 223 bytes, and names of more than 991, are
// shortened in their middle. The extension is the caller's to append.
func ExpandObjectPrefix(t string, n ObjectName, zone *time.Location) string {
	start, stop := n.Start.In(zone), n.Stop.In(zone)
	return fitObjectKey(strings.NewReplacer(
		"{AppName}", n.App,
		"{StreamName}", n.Stream,
		"{Sequence}", strconv.Itoa(n.Sequence),
		"{StartTime}", start.Format(plainTimeLayout),
		"{EndTime}", stop.Format(plainTimeLayout),
		"{EscapedStartTime}", start.Format(escapedTimeLayout),
		"{EscapedEndTime}", stop.Format(escapedTimeLayout),
	).Replace(t))
}

// ExpandSliceObjectPrefix fills a template that ValidateSliceObjectPrefix
// accepted with the begin of a slice and its number, shortened likewise. The extension
// is the caller's to append.
func ExpandSliceObjectPrefix(t string, key StreamKey, start time.Time, sequence int) string {
	return fitObjectKey(strings.NewReplacer(
		"{AppName}", key.App,
		"{StreamName}", key.Stream,
		"{UnixTimestamp}", strconv.FormatInt(start.Unix(), 10),
		"{Sequence}", strconv.Itoa(sequence),
	).Replace(t))
}

// Bounds of what templates expand to, in bytes: those of folders and of object stores,
// with room for a number, the kind of a slice and an extension.
const (
	maxExpandedPart = 255 - 32
	maxExpandedKey  = 1023 - 32
)

// fitObjectKey shortens what no bucket could store: encoders choose the names of
// streams, which may be long, and a template can repeat them.
func fitObjectKey(key string) string {
	parts := strings.Split(cutMiddle(key, maxExpandedKey), "/")
	for i := range parts {
		parts[i] = cutMiddle(parts[i], maxExpandedPart)
	}
	return strings.Join(parts, "/")
}

// cutMiddle shortens text to a length of bytes. A digest stands for all of it in place
// of its middle, so that what differs only there stays apart.
func cutMiddle(text string, length int) string {
	if len(text) <= length {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	mark := "~" + hex.EncodeToString(sum[:6]) + "~"
	keep := (length - len(mark)) / 2
	// Characters of several bytes that were cut in two go.
	return strings.ToValidUTF8(text[:keep], "") + mark + strings.ToValidUTF8(text[len(text)-keep:], "")
}

// ValidateObjectKey reports whether key stays inside its bucket: relative,
// slash-separated, at most 1023 bytes, no empty, "." or ".." part, no backslash
// and no control character.
func ValidateObjectKey(key string) error {
	if key == "" || len(key) > 1023 {
		return fmt.Errorf("object key has %d bytes, 1 to 1023 are allowed", len(key))
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part == "." || part == ".." {
			return fmt.Errorf("object key %q has the invalid part %q", key, part)
		}
	}
	for _, c := range []byte(key) {
		if c < 0x20 || c == 0x7f || c == '\\' {
			return fmt.Errorf("object key %q has the invalid character %q", key, c)
		}
	}
	return nil
}
