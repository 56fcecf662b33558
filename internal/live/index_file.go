package live

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"
)

const (
	// SliceRetention is how far back an index file can reach: 3 months (spec
	// recording-and-callbacks 3.5).
	SliceRetention = 90 * 24 * time.Hour
	// IndexFileRetention is how long index files are known: 6 months.
	IndexFileRetention = 180 * 24 * time.Hour
)

// A Slice is one stored object of an m3u8 or cmaf recording: MPEG-TS, or a
// fragment of one track, or the init segment that such fragments need.
type Slice struct {
	Key       StreamKey
	Recording RecordingID
	File      RecordFileID // whose index lists it
	Format    Format
	Kind      SliceKind
	Sequence  int           // counts the slices of one format in a recording, from 0
	Offset    time.Duration // of its first frame from the begin of the file
	// Discontinuity says that its timestamps do not go on from the slice before.
	Discontinuity bool
	Bucket        string
	Endpoint      string // of the record config
	ObjectKey     string
	StartTime     time.Time // wall clock of the first frame
	Duration      time.Duration
	Size          int64 // bytes
	Width         int   // of the pictures, 0 where unknown
	Height        int
	StoredAt      time.Time // when the object was durable
}

// A SliceKind says what a slice holds.
type SliceKind string

const (
	SliceMuxed     SliceKind = ""      // every track: MPEG-TS
	SliceVideo     SliceKind = "video" // of cmaf
	SliceAudio     SliceKind = "audio"
	SliceVideoInit SliceKind = "video_init"
	SliceAudioInit SliceKind = "audio_init"
)

// IsInit reports whether slices of the kind are init segments, which hold no media.
func (k SliceKind) IsInit() bool { return k == SliceVideoInit || k == SliceAudioInit }

// Init returns the kind of the init segments that slices of the kind need; for
// MPEG-TS, which needs none, a kind that no slice has.
func (k SliceKind) Init() SliceKind { return k + "_init" }

// EndTime returns when the slice ends.
func (s Slice) EndTime() time.Time { return s.StartTime.Add(s.Duration) }

// A SliceQuery selects the m3u8 slices of a stream.
type SliceQuery struct {
	Key      StreamKey
	From, To time.Time // stored at From or later, and before To
	Limit    int
}

// An IndexFileID names an index file: a random UUID in lower case.
type IndexFileID string

// NewIndexFileID returns a fresh IndexFileID.
func NewIndexFileID() IndexFileID {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40 // version 4
	b[8] = b[8]&0x3f | 0x80 // variant of RFC 9562
	h := hex.EncodeToString(b[:])
	return IndexFileID(strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-"))
}

// An IndexFile is a stored m3u8 object that was made of slices on demand.
type IndexFile struct {
	ID        IndexFileID
	Key       StreamKey
	Bucket    string
	Endpoint  string
	ObjectKey string
	StartTime time.Time // of the first slice
	EndTime   time.Time // of the last slice
	Duration  time.Duration
	Width     int // of the pictures, 0 where unknown
	Height    int
	CreatedAt time.Time
}

// An IndexFileQuery selects index files of a stream.
type IndexFileQuery struct {
	Key           StreamKey
	From, To      time.Time // created at From or later, and before To
	Descending    bool      // newest first
	Offset, Limit int
}

// A RecordContent is what a recording has stored in one format in a window of
// time.
type RecordContent struct {
	Recording RecordingID
	Format    Format
	Config    RecordConfig // as it was when the recording started
	Bucket    string
	StartTime time.Time     // of the first file
	EndTime   time.Time     // of the last file
	Duration  time.Duration // of all files together
}

// A RecordContentQuery selects what was recorded of a stream.
type RecordContentQuery struct {
	Key      StreamKey
	From, To time.Time // files that end after From and begin before To
	Limit    int
}

// ValidateIndexObject reports whether t can name an index file: shorter than 256
// bytes, with known variables only, and nothing that could leave the bucket. The
// extension belongs to it.
func ValidateIndexObject(t string) error {
	_, err := templateVariables(t, "AppName", "StreamName", "Date", "Hour", "Minute", "Second")
	return err
}

// ExpandIndexObject fills a template that ValidateIndexObject accepted. The time
// at is printed in zone. Too long names are shortened as those of record files.
func ExpandIndexObject(t string, key StreamKey, at time.Time, zone *time.Location) string {
	at = at.In(zone)
	return fitObjectKey(strings.NewReplacer(
		"{AppName}", key.App,
		"{StreamName}", key.Stream,
		"{Date}", at.Format("2006-01-02"),
		"{Hour}", at.Format("15"),
		"{Minute}", at.Format("04"),
		"{Second}", at.Format("05"),
	).Replace(t))
}
