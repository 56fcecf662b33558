package live

import "time"

// A ParkedEndpoint is a URL at which no attempts are made until an operator resumes
// it: what is owed to it stays pending, however long that takes.
type ParkedEndpoint struct {
	URL      string
	ParkedAt time.Time
	// Delivery is the one whose answer had the URL parked, Status the answer's HTTP
	// status; "" and 0 if an operator parked it.
	Delivery DeliveryID
	Status   int
}

// A Backlog is how many deliveries to a URL are not delivered.
type Backlog struct {
	URL     string
	Pending int
	Dead    int
}
