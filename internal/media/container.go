package media

import (
	"errors"
	"io"
	"io/fs"
	"time"

	"tallylight/internal/live"
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

// StoredTracks returns the tracks of a record file as the store keeps them. Codings
// that are not known are left out.
func StoredTracks(rows []live.Track) Tracks {
	var t Tracks
	for _, row := range rows {
		for c := H264; c <= Opus; c++ {
			if row.Codec != c.String() {
				continue
			}
			track := &Track{Codec: c, Config: row.Config}
			if c <= AV1 {
				t.Video = track
			} else {
				t.Audio = track
			}
		}
	}
	return t
}

// A Summary is what a finished container file holds, or one segment of a
// recording that is cut into many.
type Summary struct {
	// Start is the timestamp that Duration counts from: 0 in a file, that of the
	// first frame in a segment.
	Start time.Duration
	// Duration runs from Start to the end of the last frame. A track's last frame
	// is taken to last as long as the one before it.
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

// Errors of reading a container file back.
var (
	// ErrNoMedia says that a file holds no frame that could be played.
	ErrNoMedia = errors.New("no media in file")
	// ErrFinished says that a file cannot grow any more: its finishing has begun,
	// so that it can only be recovered.
	ErrFinished = errors.New("file was finished already")
	// ErrOtherTracks says that a file was begun for other tracks than those that
	// it should go on with.
	ErrOtherTracks = errors.New("file has other tracks")
)
