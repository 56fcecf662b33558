package live

import "time"

// A Question asks the operator's server whether a push is to be recorded: one for
// each push whose rule has OnDemandCallback (spec recording-and-callbacks 2.2).
type Question struct {
	Key        StreamKey
	URL        string // OnDemandUrl of the notify config
	SignKey    string // of the notify config; "" for unsigned
	VideoKbps  int    // kbit/s, 0 where unknown
	VideoCodec string // h264, h265 or av1; "" without video
}

// An OnDemandAnswer is what the operator's server decided about one push.
type OnDemandAnswer struct {
	NeedRecord bool
	// Cycles replace the CycleDuration of formats, within MinCycleDuration and
	// MaxCycleDuration.
	Cycles map[Format]time.Duration
	// Formats leave only those of the rule's formats that they name: nil leaves
	// all, an empty list none.
	Formats []Format
}
