package live

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// Identifiers. Each sorts by the time at which it was made.
type (
	// A SessionID names one push, first to last frame.
	SessionID string
	// A RecordingID names what the rules made of one or more sessions.
	RecordingID string
	// A RecordFileID names one record file, from its opening on.
	RecordFileID string
	// An EventID names a fact worth telling. It stays the same however often
	// the event is delivered, so that a receiver can drop repeats.
	EventID string
	// A DeliveryID names an event owed to one endpoint.
	DeliveryID string
	// An AccountID names the owner of domains: decimal digits, as the vendor's.
	AccountID string
)

// NewSessionID returns a fresh SessionID for a push that starts at now.
func NewSessionID(now time.Time) SessionID { return SessionID("ses_" + newID(now)) }

// NewRecordingID returns a fresh RecordingID.
func NewRecordingID(now time.Time) RecordingID { return RecordingID("rec_" + newID(now)) }

// NewRecordFileID returns a fresh RecordFileID.
func NewRecordFileID(now time.Time) RecordFileID { return RecordFileID("file_" + newID(now)) }

// EventIDPrefix begins every EventID.
const EventIDPrefix = "evt_"

// EventID returns the id of the event that tells of the finished file: a file
// has one, however often the server tries to write it.
func (id RecordFileID) EventID() EventID { return EventID(EventIDPrefix + suffix(string(id))) }

// DeliveryID returns the id of the delivery by which the notify config of the
// event's domain is told, one for an event.
func (id EventID) DeliveryID() DeliveryID { return DeliveryID("dlv_" + suffix(string(id))) }

// EndpointDeliveryID returns the id of the delivery by which an endpoint is told of
// the event, one for an event.
func (id EventID) EndpointDeliveryID(e EndpointID) DeliveryID {
	return id.DeliveryID() + DeliveryID("_"+suffix(string(e)))
}

// EventIDsFrom returns an id that sorts behind those of the events before a time,
// to the millisecond, and not behind the others.
func EventIDsFrom(t time.Time) EventID {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(max(t.UnixMilli(), 0))<<16)
	return EventID(EventIDPrefix + crockford.EncodeToString(b[:]))
}

// suffix returns id without its prefix.
func suffix(id string) string { return id[strings.IndexByte(id, '_')+1:] }

// NewEventID returns a fresh EventID.
func NewEventID(now time.Time) EventID { return EventID(EventIDPrefix + newID(now)) }

// NewDeliveryID returns a fresh DeliveryID.
func NewDeliveryID(now time.Time) DeliveryID { return DeliveryID("dlv_" + newID(now)) }

// crockford is Crockford's base 32: it sorts as its bytes do.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// newID returns 26 characters: 48 bits of milliseconds, then 80 random bits.
func newID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	rand.Read(b[6:])
	return crockford.EncodeToString(b[:])
}
