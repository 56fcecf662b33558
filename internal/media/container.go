package media

import (
	"errors"
	"io"
	"io/fs"
	"time"
)

// Tracks are the tracks of a container file, at most one of each kind; nil
// stands for none. They never change while the file grows.
type Tracks struct {
	Video *Track
	Audio *Track
}

// Of returns the track that u belongs to, or nil: for data, for a coding other
// than the track's, and where there is no track of the unit's kind.
func (t Tracks) Of(u *Unit) *Track {
	var track *Track
	switch u.Kind {
	case Video:
		track = t.Video
	case Audio:
		track = t.Audio
	}
	if track == nil || track.Codec != u.Codec {
		return nil
	}
	return track
}

// A Summary is what a finished container file holds.
type Summary struct {
	// Duration runs from timestamp 0 to the end of the last frame. A track's
	// last frame is taken to last as long as the one before it.
	Duration    time.Duration
	Size        int64 // of the file, in bytes
	VideoFrames int
	AudioFrames int
}

// A File is the file that a container is finished or recovered in. An *os.File
// that is open for reading and writing is one.
type File interface {
	io.ReaderAt
	io.WriterAt
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error
	Sync() error
}

// ErrNoMedia says that a container file holds no frame that could be played.
var ErrNoMedia = errors.New("no media in file")
