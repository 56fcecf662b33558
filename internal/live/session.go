package live

import "time"

// A SessionInfo is a session that is live and what has come in of it so far.
type SessionInfo struct {
	Session
	Bytes       int64 // of coded media, without the protocol's own
	VideoFrames int64
	AudioFrames int64
	Dropped     int64 // frames that were not recorded because the disk was too slow
	// VideoCodec and AudioCodec are short names such as h264 and aac, those of
	// the latest frame; "" before the first.
	VideoCodec string
	AudioCodec string
	// Width and Height are those of the pictures, in pixels, as the decoder
	// configuration tells them; 0 where it does not.
	Width, Height int
	// The rates are those of the last seconds, 0 before they are known.
	FrameRate int // frames a second
	VideoRate int // kbit/s
	AudioRate int // kbit/s
}

// A PastSession is a session that was published, or still is.
type PastSession struct {
	Session           // without Args
	EndedAt time.Time // zero while it is live
}

// A SessionOrder is an order of past sessions. Those that it finds equal are in
// the order in which they were published.
type SessionOrder string

const (
	PublishTimeAscending  SessionOrder = "publish_time_asc"
	PublishTimeDescending SessionOrder = "publish_time_desc"
	StreamNameAscending   SessionOrder = "stream_name_asc"
	StreamNameDescending  SessionOrder = "stream_name_desc"
)

// A SessionQuery selects past sessions of a streaming domain.
type SessionQuery struct {
	Domain        string
	App           string    // "" for all
	Stream        string    // "" for all
	Fuzzy         bool      // Stream is a part of the name
	From, To      time.Time // published at From or later, and before To
	Order         SessionOrder
	Offset, Limit int
}

// SessionRetention is how long ended sessions are remembered.
const SessionRetention = 90 * 24 * time.Hour
