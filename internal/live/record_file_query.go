package live

import "time"

// A RecordFileQuery selects record files. They come in the order of their
// StartTime, those of one time in the order of their ids; Newest turns that round.
type RecordFileQuery struct {
	Domain, App, Stream string          // "" for all
	State               RecordFileState // "" for all
	From, To            time.Time       // started at From or later, and before To; zero: no bound
	// After is the last file of the page before, of which StartTime and ID count;
	// nil begins with the first.
	After  *RecordFile
	Newest bool
	Limit  int
}
