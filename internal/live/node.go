package live

import "time"

// NodeLease is how long a node counts as running after it has said so. One that
// says nothing for so long is taken for dead: its streams are free for others.
const NodeLease = 10 * time.Second

// A Node is one of the servers that share a database.
type Node struct {
	Name string // made up once, kept in its data folder
	Host string // name of its machine, for people
	// Place is the same for two processes only if both are on one data folder
	// since one start of the machine; "" where that cannot be told.
	Place       string
	Run         string // of the process: fresh with each
	LeasedUntil time.Time
}

// An Unwanted session is one that is live although it should be no more.
type Unwanted struct {
	Session SessionID
	Reason  error // ErrStreamForbidden, ErrDomainStopped or ErrDomainNotFound
}

// An OrderID names an Order.
type OrderID string

// NewOrderID returns a fresh OrderID.
func NewOrderID(now time.Time) OrderID { return OrderID("ord_" + newID(now)) }

// An Order is a command on a recording that another node has.
type Order struct {
	ID        OrderID
	Node      string // that carries it out
	Key       StreamKey
	Command   RecordCommand
	ExpiresAt time.Time // it is not begun after that
}
