package live

import "time"

// NotifyRecordsKept is how far back the log of callbacks can be asked (spec
// recording-and-callbacks 1.5).
const NotifyRecordsKept = 7 * 24 * time.Hour

// A NotifyResult is how an attempt ended, in the words of the log of callbacks.
type NotifyResult string

const (
	NotifySuccess NotifyResult = "success"
	NotifyFailed  NotifyResult = "failed"
)

// A NotifyRecord is one entry of the log of callbacks: an attempt and what it
// was to deliver.
type NotifyRecord struct {
	Delivery Delivery // as it is now
	Attempt  Attempt
}

// Result returns how the attempt ended: any status from 200 to 299 is a success.
func (a Attempt) Result() NotifyResult {
	if a.Status >= 200 && a.Status <= 299 {
		return NotifySuccess
	}
	return NotifyFailed
}

// A NotifyRecordQuery selects attempts to tell of events of a domain. Empty App,
// Stream and Result select all.
type NotifyRecordQuery struct {
	Domain, App, Stream string
	From, To            time.Time // started in [From, To)
	Result              NotifyResult
	Offset, Limit       int
}
