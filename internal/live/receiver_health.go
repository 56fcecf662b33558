package live

import "time"

// A ReceiverHealth is what a server that delivers has learned of a receiver: of all
// URLs of one origin, which share the fate of their server. It is kept so that a
// restart goes on where the server was.
type ReceiverHealth struct {
	Origin string // as Origin returns it
	Node   string // whose knowledge it is, "" where there is but one; set by the store

	// Unanswered counts the attempts in a row that got no answer. While ProbeWait is
	// not zero, the receiver is only probed: next at ProbeAt, and ProbeWait, which
	// doubles, after that.
	Unanswered int
	ProbeWait  time.Duration
	ProbeAt    time.Time
	// Concurrency is how many attempts the receiver may have at a time, as far as is
	// learned.
	Concurrency int

	SucceededAt  time.Time // end of the last attempt that succeeded; zero: none is known
	FailedAt     time.Time // of the last one that failed; zero: none is known
	FailedStatus int       // its HTTP status, 0 if none came
	FailedErr    string    // why no status came, "" otherwise
}

// Probed reports whether the receiver is only probed.
func (h ReceiverHealth) Probed() bool { return h.ProbeWait > 0 }

// Fails reports whether the last attempt failed.
func (h ReceiverHealth) Fails() bool { return h.FailedAt.After(h.SucceededAt) }
