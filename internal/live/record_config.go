package live

import (
	"fmt"
	"time"
)

// Any stands in a record config for every app or every stream.
const Any = "*"

// A Format is a container that a recording can be written in.
type Format string

const (
	FormatM3U8 Format = "m3u8"
	FormatFLV  Format = "flv"
	FormatMP4  Format = "mp4"
	FormatCMAF Format = "cmaf"
)

// Extension returns what object names of the format end in, dot included.
func (f Format) Extension() string {
	if f == FormatCMAF {
		return ".mpd" // its playlists are named after it
	}
	return "." + string(f)
}

// Limits of a record config (spec recording-and-callbacks 8.4).
const (
	MinCycleDuration = 5 * time.Second
	MaxCycleDuration = 6 * time.Hour

	MinSliceDuration     = 5 * time.Second
	MaxSliceDuration     = 30 * time.Second
	DefaultSliceDuration = 30 * time.Second

	MinDelayTime     = 15 * time.Second
	MaxDelayTime     = 6 * time.Hour
	DefaultDelayTime = 3 * time.Minute

	// MaxRecordWindow is what a longer StartTime to EndTime is cut to.
	MaxRecordWindow = 7 * 24 * time.Hour
)

// DefaultCycleDuration returns the cycle of a format whose rule names none: 6
// hours for m3u8 and cmaf, 1 hour for flv and mp4.
func DefaultCycleDuration(f Format) time.Duration {
	switch f {
	case FormatM3U8, FormatCMAF:
		return 6 * time.Hour
	default:
		return time.Hour
	}
}

// OnDemand says who decides whether a matching push is recorded.
type OnDemand int

const (
	OnDemandAutomatic OnDemand = 0 // every matching push
	OnDemandCallback  OnDemand = 1 // the operator's server, asked per push
	OnDemandPushArgs  OnDemand = 2 // the push URL's record_config parameter
	OnDemandManual    OnDemand = 7 // RealTimeRecordCommand only
)

// A RecordFormat is one container of a record config.
type RecordFormat struct {
	Format            Format
	CycleDuration     time.Duration
	SliceDuration     time.Duration // m3u8 and cmaf
	ObjectPrefix      string        // template of a file's name, without extension
	SliceObjectPrefix string        // template of a slice's name; m3u8 and cmaf
}

// A RecordConfig is a rule: which pushes are recorded, in which formats, where
// to. At most one exists for a triple of domain, app and stream.
type RecordConfig struct {
	Domain      string
	App         string // or Any
	Stream      string // or Any
	OSSEndpoint string // a label that is kept and shown
	OSSBucket   string
	OnDemand    OnDemand
	DelayTime   time.Duration // how long an interrupted recording waits for its encoder
	StartTime   time.Time     // zero: no window
	EndTime     time.Time
	Formats     []RecordFormat
	CreatedAt   time.Time
}

// Key returns the triple that names the rule.
func (c RecordConfig) Key() StreamKey { return StreamKey{c.Domain, c.App, c.Stream} }

// MatchKeys returns the triples of the rules that can apply to a stream, the
// most specific first. The first that exists applies whole; rules are not
// merged (spec 3.6).
func MatchKeys(k StreamKey) []StreamKey {
	return []StreamKey{k, {k.Domain, k.App, Any}, {k.Domain, Any, k.Stream}, {k.Domain, Any, Any}}
}

// A RecordConfigQuery selects record configs of a domain. Empty App and Stream
// select all; others are compared exactly.
type RecordConfigQuery struct {
	Domain, App, Stream string
	Descending          bool // newest first
	Offset, Limit       int
}

// InWindow reports whether the rule holds at t.
func (c RecordConfig) InWindow(t time.Time) bool {
	return (c.StartTime.IsZero() || !t.Before(c.StartTime)) && (c.EndTime.IsZero() || t.Before(c.EndTime))
}

// ValidateBucketName reports whether name is a bucket name of OSS: 3 to 63
// lower-case letters, digits and hyphens, neither starting nor ending with one.
func ValidateBucketName(name string) error {
	if len(name) < 3 || len(name) > 63 || name[0] == '-' || name[len(name)-1] == '-' {
		return fmt.Errorf("bucket name %q needs 3 to 63 characters and no hyphen at its ends", name)
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return fmt.Errorf("bucket name %q may hold lower-case letters, digits and hyphens only", name)
		}
	}
	return nil
}
