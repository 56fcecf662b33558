package live

import (
	"fmt"
	"slices"
	"time"
)

// MaxEndpoints bounds the further endpoints of a domain: an event is owed to all
// of them in the transaction that makes it true.
const MaxEndpoints = 16

// EndpointIDPrefix begins every EndpointID, and no domain name.
const EndpointIDPrefix = "end_"

// An EndpointID names an endpoint that is told beside the notify config's URL.
type EndpointID string

// NewEndpointID returns a fresh EndpointID.
func NewEndpointID(now time.Time) EndpointID { return EndpointID(EndpointIDPrefix + newID(now)) }

// An Endpoint is a URL that is told of a domain's events beside the one that the
// notify config names.
type Endpoint struct {
	ID     EndpointID
	Domain string
	URL    string
	Events []EventType // that it is told of; nil: all
	// Rich has it told more than the vendor documents, always by POST.
	Rich      bool
	CreatedAt time.Time
}

// Wants reports whether the endpoint is told of events of type t.
func (e Endpoint) Wants(t EventType) bool { return e.Events == nil || slices.Contains(e.Events, t) }

// EventTypes returns every type of event, those of recordings first.
func EventTypes() []EventType {
	return []EventType{
		EventRecordStarted, EventRecordPaused, EventRecordResumed, EventRecordError, EventFileCreated,
		EventPublish, EventPublishDone,
	}
}

// OfPushes reports whether events of the type tell of pushes, not of recordings.
func (t EventType) OfPushes() bool { return t == EventPublish || t == EventPublishDone }

// ParseEventType returns the type of that name.
func ParseEventType(name string) (EventType, error) {
	if t := EventType(name); slices.Contains(EventTypes(), t) {
		return t, nil
	}
	return "", fmt.Errorf("%q is no type of event: choose among %v", name, EventTypes())
}
