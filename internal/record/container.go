package record

import (
	"fmt"
	"io"
	"os"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mp4"
)

// A container turns units into the bytes of one file.
type container interface {
	// AppendHeader appends what the file begins with.
	AppendHeader(dst []byte) []byte
	// AppendUnits appends units whose timestamps begin near 0 in the file.
	AppendUnits(dst []byte, units []media.Unit) []byte
	// Finish completes the file once all of that was written to it.
	Finish(f media.File) (media.Summary, error)
}

// formats are the formats that can be recorded.
var formats = map[live.Format]struct {
	open func(media.Tracks) container
	// recover completes a file of which only the bytes are known: it drops a
	// torn end, and returns media.ErrNoMedia if nothing playable is left.
	recover func(media.File) (media.Summary, error)
}{
	live.FormatFLV: {
		open:    func(t media.Tracks) container { return flv.NewWriter(t) },
		recover: flv.Recover,
	},
	live.FormatMP4: {
		open:    func(t media.Tracks) container { return mp4.NewWriter(t) },
		recover: mp4.Recover,
	},
}

func newContainer(f live.Format, t trackSet) (container, error) {
	format, ok := formats[f]
	if !ok {
		return nil, fmt.Errorf("format %q cannot be recorded", f)
	}
	return format.open(media.Tracks(t)), nil
}

// recoverer returns how files of format f are recovered.
func recoverer(f live.Format) func(media.File) (media.Summary, error) {
	if format, ok := formats[f]; ok {
		return format.recover
	}
	return func(media.File) (media.Summary, error) {
		return media.Summary{}, fmt.Errorf("format %q cannot be recovered", f)
	}
}

// A spoolFile is a file that grows at its end and is finished in place.
type spoolFile interface {
	media.File
	io.Writer
	io.Closer
}

func createSpoolFile(path string) (spoolFile, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
}
