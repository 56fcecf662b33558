package wire

import (
	"net/http"
	"strconv"

	"tallylight/internal/live"
)

// Headers that tell what the compatible body does not. They are ours, and can be
// switched off for receivers behind a filter of headers.
const (
	HeaderEventSeq  = "X-Live-Event-Seq"  // counts the events of a stream, from 1
	HeaderAttempt   = "X-Live-Attempt"    // counts the attempts of a delivery, from 1
	HeaderEventType = "X-Live-Event-Type" // "file_created" for a body without event
)

// SetEventHeaders adds the headers that identify e and the attempt, the id of
// the event among them: it is the same on every attempt, so that a receiver can
// drop repeats.
func SetEventHeaders(h http.Header, e live.Event, attempt int) {
	h.Set(HeaderWebhookID, string(e.ID))
	h.Set(HeaderEventSeq, strconv.FormatInt(e.Seq, 10))
	h.Set(HeaderAttempt, strconv.Itoa(attempt))
	h.Set(HeaderEventType, string(e.Type))
}

// HeaderReplay marks, with the value 1, an attempt of a delivery that an operator
// has asked for once more.
const HeaderReplay = "X-Live-Replay"
