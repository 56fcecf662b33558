package live

// A StreamHead says how far the events of a stream have come.
type StreamHead struct {
	Key StreamKey
	Seq int64 // of its newest event
}
