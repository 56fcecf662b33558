package callback

// Keys of log attributes. Of a URL only the origin is logged: path and query can
// hold tokens.
const (
	keyApp        = "app"
	keyAttempt    = "attempt"
	keyDeliveries = "deliveries"
	keyDeliveryID = "delivery_id"
	keyDomain     = "domain"
	keyDueAt      = "due_at"
	keyElapsed    = "elapsed"
	keyErr        = "err"
	keyEventID    = "event_id"
	keyEvents     = "events"
	keyIgnored    = "ignored"
	keyOrigin     = "origin"
	keyReplay     = "replay"
	keyRetryIn    = "retry_in"
	keyStack      = "stack"
	keyStatus     = "status"
	keyStream     = "stream"
)
