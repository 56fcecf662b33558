package remux

import (
	"fmt"
	"io"
	"sync"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mpegts"
)

// Open returns the bytes of the file, which are read from the objects that it was
// made of, in their order. Reading on reads each object on, in pieces of about a
// second or 1 MiB, of which one is kept in memory twice over; reading at any offset
// begins with the piece that the offset lies in.
func (f *File) Open(objects []Object) (*io.SectionReader, error) {
	if len(objects) != f.objects {
		return nil, fmt.Errorf("%w: %d objects, not %d", errChanged, len(objects), f.objects)
	}
	r := &reader{file: f, objects: objects, demuxer: mpegts.NewDemuxer(f.tracks), loaded: -1}
	return io.NewSectionReader(r, 0, f.size), nil
}

// A reader makes the bytes of a File.
type reader struct {
	file    *File
	objects []Object
	demuxer *mpegts.Demuxer

	mu      sync.Mutex
	loaded  int    // the piece that content was made of, -1 for none
	source  []byte // of the recording
	content []byte
	audio   []byte // at the end of content
}

// ReadAt implements io.ReaderAt.
func (r *reader) ReadAt(p []byte, offset int64) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) {
		at := offset + int64(n)
		if at >= r.file.size {
			return n, io.EOF
		}
		var m int
		if at < int64(len(r.file.header)) {
			m = copy(p[n:], r.file.header[at:])
		} else if m, err = r.readPiece(p[n:], at); err != nil {
			return n, err
		}
		n += m
	}
	return n, nil
}

// readPiece reads up to the end of a piece.
func (r *reader) readPiece(p []byte, at int64) (int, error) {
	i := r.file.pieceAt(at)
	from := at - r.file.pieces[i].start
	p = p[:min(int64(len(p)), r.file.end(i)-at)]
	if r.file.layout == asIs {
		return len(p), r.readObject(r.file.pieces[i], p, from)
	}
	if r.loaded != i {
		if err := r.load(i); err != nil {
			return 0, err
		}
	}
	return copy(p, r.content[from:]), nil
}

// readObject reads bytes of a piece.
func (r *reader) readObject(from piece, p []byte, offset int64) error {
	if n, err := r.objects[from.object].ReadAt(p, from.offset+offset); n < len(p) {
		if err == io.EOF {
			err = fmt.Errorf("%w: it is shorter", errChanged)
		}
		return fmt.Errorf("read object %d of recording: %w", from.object, err)
	}
	return nil
}

// load takes the frames out of a piece.
func (r *reader) load(i int) (err error) {
	r.loaded = -1
	from := r.file.pieces[i]
	if int64(cap(r.source)) < from.length {
		r.source = make([]byte, from.length)
	}
	r.source = r.source[:from.length]
	if err := r.readObject(from, r.source, 0); err != nil {
		return err
	}
	r.content, r.audio = r.content[:0], r.audio[:0]
	if r.file.layout == tags {
		r.content, r.audio, err = flv.AppendFrames(r.content, r.audio, r.source)
	} else {
		err = r.demux(from.offset == 0)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errChanged, err)
	}
	r.content = append(r.content, r.audio...)
	if int64(len(r.content)) != r.file.end(i)-from.start {
		return fmt.Errorf("%w: frames of other sizes", errChanged)
	}
	r.loaded = i
	return nil
}

// demux takes the frames out of packets. With a slice begin its tables.
func (r *reader) demux(sliceBegins bool) error {
	r.demuxer.BeginFrame()
	if sliceBegins {
		r.demuxer.BeginSlice()
	}
	return r.demuxer.Read(r.source, func(f mpegts.Frame) error {
		if f.Kind == media.Video {
			r.content = append(r.content, f.Body...)
		} else {
			r.audio = append(r.audio, f.Body...)
		}
		return nil
	})
}
