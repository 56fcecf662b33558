package remux

import (
	"fmt"
	"io"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mp4"
	"tallylight/internal/media/mpegts"
)

const (
	// readSize is how much of an object is read at once, in bytes.
	readSize = 2048 * mpegts.PacketSize

	// margin is left before the first frame for such of the other track that are
	// decoded earlier. Only what is needed of it stays.
	margin = time.Minute
)

// TS indexes MPEG-TS slices of a recording with the given tracks, which lie on one
// timeline. It reads them once. The file begins with the first frame.
func TS(slices []Object, tracks media.Tracks) (*File, error) {
	b := newBuilder(packets, tracks)
	demuxer := mpegts.NewDemuxer(tracks)
	buf := make([]byte, readSize)
	var (
		origin  time.Duration
		started bool
	)
	for i, object := range slices {
		demuxer.BeginSlice()
		from := int64(0)
		add := func(f mpegts.Frame) error {
			if !started {
				started, origin = true, f.DTS-margin
			}
			if f.Kind == media.Audio {
				b.sound(f.Body)
			}
			b.add(f.Kind, mp4.Sample{DTS: f.DTS - origin, Composition: f.Composition, Size: len(f.Body), Key: f.Key}, i, from, f.End)
			from = f.End
			return nil
		}
		for at := int64(0); at < object.Size; at += readSize {
			part := buf[:min(readSize, object.Size-at)]
			if n, err := object.ReadAt(part, at); n < len(part) {
				return nil, fmt.Errorf("index slice %d: %w", i, noEOF(err))
			}
			if err := demuxer.Read(part, add); err != nil {
				return nil, fmt.Errorf("index slice %d: %w", i, err)
			}
		}
	}
	b.finish()
	b.index.Rebase()
	return b.build(len(slices))
}

// noEOF turns the end of an object inside what is read into the unexpected end.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
