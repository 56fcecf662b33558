package live

import "time"

// PublishDelay is how long a push has to last before it is told of (spec
// recording-and-callbacks 4).
const PublishDelay = 2 * time.Second

// PublishDetail describes the push of an EventPublish or EventPublishDone. The
// Key of such an event has the ingest domain for its domain.
type PublishDetail struct {
	Session SessionID `json:"session"`
	IP      string    `json:"ip"`   // of the encoder
	Node    string    `json:"node"` // name of the machine that took the push
	Args    Args      `json:"args,omitempty"`
	Width   int       `json:"width,omitempty"` // of the pictures, 0 where unknown
	Height  int       `json:"height,omitempty"`
}

// A StreamsNotifyConfig says where pushes to an ingest domain are told of.
type StreamsNotifyConfig struct {
	Domain        string // ingest domain
	NotifyURL     string
	NotifyReqAuth bool
	NotifyAuthKey string // 16 to 64 letters and digits; "" where unset
}

// SignKey returns the key that the callbacks are signed with, or "" for none:
// these are signed only where that is asked for.
func (c StreamsNotifyConfig) SignKey() string {
	if !c.NotifyReqAuth {
		return ""
	}
	return c.NotifyAuthKey
}

// An AnnouncedPublish is a push whose EventPublish is written and whose
// EventPublishDone is owed.
type AnnouncedPublish struct {
	Key     StreamKey // with the ingest domain
	URL     string    // "" where only endpoints beside the notify config are told
	SignKey string
	Detail  PublishDetail
}
