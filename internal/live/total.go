package live

// A StoredTotal is what stored record files of a domain amount to.
type StoredTotal struct {
	Domain string
	Files  int
	Size   int64 // bytes
}

// An UndeliveredTotal is how many deliveries of a domain's events are not
// delivered.
type UndeliveredTotal struct {
	Domain  string
	Pending int
	Dead    int
}
