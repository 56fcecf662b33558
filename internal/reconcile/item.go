package reconcile

import (
	"time"

	"tallylight/internal/live"
)

// A Kind says what an item is about.
type Kind string

const (
	KindFile   Kind = "file"   // a record file that the store knows
	KindEvent  Kind = "event"  // a file event without a record file
	KindObject Kind = "object" // an object that the store does not know
	KindSpool  Kind = "spool"  // a file of the spool that the store does not know
	KindBucket Kind = "bucket" // a bucket that cannot be listed
)

// An Item is one thing that was looked at. It is well if nothing is missing; what
// is only worth knowing is in its notes.
type Item struct {
	Kind    Kind     `json:"kind"`
	Missing []string `json:"missing,omitempty"` // what is missing where
	Notes   []string `json:"notes,omitempty"`

	File      live.RecordFileID    `json:"file,omitempty"`
	State     live.RecordFileState `json:"state,omitempty"`
	Domain    string               `json:"domain,omitempty"`
	App       string               `json:"app,omitempty"`
	Stream    string               `json:"stream,omitempty"`
	StartTime time.Time            `json:"start_time,omitzero"`
	Bucket    string               `json:"bucket,omitempty"`
	Object    string               `json:"object,omitempty"` // its key, or the name of the spool file
	Size      int64                `json:"size,omitempty"`   // bytes
	Slices    int                  `json:"slices,omitempty"` // how many the file lists

	Event    live.EventID       `json:"event,omitempty"`
	Delivery live.DeliveryState `json:"delivery,omitempty"` // "": nobody was to be told
}

func fileItem(f live.RecordFile) Item {
	return Item{
		Kind: KindFile, File: f.ID, State: f.State, Domain: f.Key.Domain, App: f.Key.App, Stream: f.Key.Stream,
		StartTime: f.StartTime, Bucket: f.Bucket, Object: f.ObjectKey, Size: f.Size,
	}
}

// A Summary counts what was looked at.
type Summary struct {
	Files, Events, Objects, Spooled int // all of them
	Missing                         int // items of which something is missing
	Notes                           int // items with notes, but nothing missing
}
