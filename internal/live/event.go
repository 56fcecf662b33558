package live

import "time"

// An EventType names what happened, in the vendor's words where it has one.
type EventType string

const (
	EventRecordStarted EventType = "record_started"
	EventRecordPaused  EventType = "record_paused"
	EventRecordResumed EventType = "record_resumed"
	EventRecordError   EventType = "record_error"
	// EventFileCreated is told by a body without an event member; the name is
	// the one under which the callback log lists it.
	EventFileCreated EventType = "file_created"

	// EventPublish and EventPublishDone tell of a push, under the domain that it
	// named: an ingest domain, or a streaming domain itself. Only streaming domains
	// have the others.
	EventPublish     EventType = "publish"
	EventPublishDone EventType = "publish_done"
)

// An Event is a fact worth telling. It is written in the transaction that makes
// it true and never changes.
type Event struct {
	ID         EventID
	Type       EventType
	Key        StreamKey
	Seq        int64 // counts the events of a stream from 1; set by the store
	Recording  RecordingID
	OccurredAt time.Time
	Detail     EventDetail
}

// EventDetail is what an event says beyond its type; members that do not apply
// are zero. The store keeps it as JSON, so that members can be added freely.
type EventDetail struct {
	File    *FileDetail    `json:"file,omitempty"`
	Error   *ErrorDetail   `json:"error,omitempty"`
	Publish *PublishDetail `json:"publish,omitempty"`
}

// FileDetail describes the file of an EventFileCreated.
type FileDetail struct {
	ID        RecordFileID  `json:"id"`
	Format    Format        `json:"format"`
	Bucket    string        `json:"bucket"`
	ObjectKey string        `json:"object_key"`
	StartTime time.Time     `json:"start_time"`
	StopTime  time.Time     `json:"stop_time"`
	Duration  time.Duration `json:"duration_ns"`
	Size      int64         `json:"size"`
	PushArgs  Args          `json:"push_args,omitempty"`

	// What the vendor's callback does not tell.
	Endpoint string   `json:"endpoint,omitempty"` // OssEndpoint of the record config
	Codecs   []string `json:"codecs,omitempty"`   // of video and audio
	Width    int      `json:"width,omitempty"`    // of the pictures, 0 where unknown
	Height   int      `json:"height,omitempty"`
	SHA256   string   `json:"sha256,omitempty"` // as RecordFile.SHA256
	Gaps     Gaps     `json:"gaps,omitzero"`
}

// ErrorDetail says why a recording failed; spec recording-and-callbacks 1.2
// lists the codes.
type ErrorDetail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Errors that an EventRecordError can tell of.
var (
	ErrorBucketNotFound = ErrorDetail{Code: "BucketNotFound", Message: "Bucket not found"}
	ErrorStorageDenied  = ErrorDetail{Code: "UserDisable", Message: "Unauthorized access to OSS by user"}
	ErrorStreamFormat   = ErrorDetail{Code: "StreamFormatError", Message: "video stream format error"}
	// ErrorSegmenter stands for failures inside the recorder, a full disk among
	// them; the log says which.
	ErrorSegmenter = ErrorDetail{Code: "TsSegmenterFail", Message: "ts segmenter error"}
)

// A DeliveryState is where a delivery is in its life.
type DeliveryState string

const (
	DeliveryPending   DeliveryState = "pending"   // due now or later
	DeliveryDelivered DeliveryState = "delivered" // acknowledged by a 2xx
	DeliveryDead      DeliveryState = "dead"      // schedule exhausted; kept for replay
)

// A Delivery is an event owed to an endpoint.
type Delivery struct {
	ID       DeliveryID
	Event    Event
	URL      string
	SignKey  string // "" for unsigned
	State    DeliveryState
	Attempts int       // made so far, of those since the last replay
	DueAt    time.Time // of the next attempt

	Endpoint EndpointID // "" for the URL of a notify config
	Rich     bool       // as Endpoint.Rich

	// ReplayedAt is when an operator last asked for it once more, which starts its
	// schedule anew; zero: never. Earlier counts the attempts before that.
	ReplayedAt time.Time
	Earlier    int

	// LeasedUntil is set where a delivery is handed to the server that owes it:
	// until then no other makes an attempt. Whoever looks a delivery up finds the
	// zero time.
	LeasedUntil time.Time
}

// NextAttempt returns the number of the next attempt.
func (d Delivery) NextAttempt() int { return d.Earlier + d.Attempts + 1 }

// Replayed reports whether what is attempted now is a replay.
func (d Delivery) Replayed() bool { return !d.ReplayedAt.IsZero() }

// ScheduledFrom returns when the schedule of the attempts began.
func (d Delivery) ScheduledFrom() time.Time {
	if d.Replayed() {
		return d.ReplayedAt
	}
	return d.Event.OccurredAt
}

// DeliveryLease is for how long a server takes a delivery before it has to make
// the attempt, or to leave it to whoever comes next.
const DeliveryLease = time.Minute

// An Attempt is one HTTP try of a delivery.
type Attempt struct {
	Delivery  DeliveryID
	Number    int // from 1
	StartedAt time.Time
	Elapsed   time.Duration
	Address   string // that was dialled, "" if none
	Status    int    // HTTP status, 0 if none came
	Err       string // why no status came, "" otherwise
	Replay    bool   // an operator had asked for it
	Response  string // the first bytes of the answer

	// RetryAfter is how long the answer asked to wait with the next attempt. The
	// store does not keep it.
	RetryAfter time.Duration
}
