package callback

// Keys of log attributes. Of a URL only the origin is logged: path and query can
// hold tokens.
const (
	keyAttempt    = "attempt"
	keyDeliveryID = "delivery_id"
	keyDueAt      = "due_at"
	keyElapsed    = "elapsed"
	keyErr        = "err"
	keyEventID    = "event_id"
	keyOrigin     = "origin"
	keyRetryIn    = "retry_in"
	keyStack      = "stack"
	keyStatus     = "status"
)
