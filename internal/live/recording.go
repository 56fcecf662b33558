package live

import "time"

// A RecordingState is where a recording is in its life; docs/architecture.md
// has the drawing.
type RecordingState string

const (
	RecordingActive RecordingState = "recording" // a session feeds it
	RecordingPaused RecordingState = "paused"    // waits DelayTime for its encoder
	RecordingClosed RecordingState = "closed"    // all its files are finished or will be by the sealer
)

// A Recording is what a rule makes of one or more sessions of a stream.
type Recording struct {
	ID       RecordingID
	Key      StreamKey
	Session  SessionID // the latest
	State    RecordingState
	Config   RecordConfig // as it was when the recording started
	PushArgs Args         // parameters of the push URL that callbacks repeat
	SignKey  string       // of the notify config when the session was published
	// Manual says that a command started it although its rule would not have: it
	// ends with its push.
	Manual    bool
	StartedAt time.Time
	PausedAt  time.Time // zero unless paused
}

// A RecordFileState is where a record file is in its life.
type RecordFileState string

const (
	// FileOpen: the file grows in the spool.
	FileOpen RecordFileState = "open"
	// FileSealed: finished and synced in the spool; its object key is fixed.
	FileSealed RecordFileState = "sealed"
	// FileStored: the object is durable in its bucket, and announced.
	FileStored RecordFileState = "stored"
	// FileDiscarded: nothing playable had been written.
	FileDiscarded RecordFileState = "discarded"
	// FileDeleted: a retention rule, or an operator, had the object deleted.
	FileDeleted RecordFileState = "deleted"
)

// A Track is a coding of video or audio and its decoder configuration. The store
// keeps it as JSON.
type Track struct {
	Codec  string `json:"codec"` // h264, hevc, av1, aac, mp3 or opus
	Config []byte `json:"config,omitempty"`
}

// A RecordFile is one file of a recording.
type RecordFile struct {
	ID        RecordFileID
	Recording RecordingID
	Key       StreamKey
	Format    Format
	State     RecordFileState
	Bucket    string
	Sequence  int       // counts the files of one format in a recording, from 0
	StartTime time.Time // wall clock of the first frame
	Tracks    []Track   // what the file holds: video, audio, or both in this order
	Gaps      Gaps      // in which nothing was recorded, although the file went on

	// Known once sealed.
	ObjectKey string
	StopTime  time.Time     // wall clock of the last frame
	Duration  time.Duration // of the recorded media
	Size      int64         // bytes

	// SHA256 is the digest of the object in hex, of sliced formats that of the
	// index. It is made where somebody is told of it, and "" otherwise.
	SHA256 string
}
