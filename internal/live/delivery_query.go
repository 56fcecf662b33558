package live

import "time"

// A Replay says what became of deliveries that were to be made once more.
type Replay struct {
	Replayed int // how many are
	Left     int // how many are on their way anyway
	// Last is the last that was looked at; nil once all that were selected have been.
	Last *Delivery
}

// A DeliveryQuery selects deliveries. They come by the ids of their events, and those
// of an event by their own: to the millisecond the order in which the events
// occurred, except that of a file stands where the file was opened.
type DeliveryQuery struct {
	// ID is a DeliveryID, or an EventID for all deliveries of that event; "" for
	// all.
	ID                  string
	Domain, App, Stream string        // of the event; "" for all
	State               DeliveryState // "" for all
	Origin              string        // Origin of the URL; "" for all
	From, To            time.Time     // the event occurred at From or later, and before To; zero: no bound
	After               *Delivery     // the last of the page before; nil begins with the first
	Limit               int
}
