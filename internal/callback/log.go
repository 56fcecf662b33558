package callback

// Keys of log attributes. Of a URL only the origin is logged: path and query can
// hold tokens.
const (
	keyApp        = "app"
	keyAttempt    = "attempt"
	keyDeliveryID = "delivery_id"
	keyDomain     = "domain"
	keyDueAt      = "due_at"
	keyElapsed    = "elapsed"
	keyErr        = "err"
	keyEventID    = "event_id"
	keyIgnored    = "ignored"
	keyOrigin     = "origin"
	keyRetryIn    = "retry_in"
	keyStack      = "stack"
	keyStatus     = "status"
	keyStream     = "stream"
)
