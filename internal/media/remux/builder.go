package remux

import (
	"errors"
	"fmt"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/mp4"
)

// A piece of a recording that is taken apart ends once it is as long or as large as
// this, whichever comes first.
const (
	pieceDuration = time.Second
	pieceSize     = 1 << 20 // bytes of the recording

	// maxPiece bounds a piece with what lies before and within it: frames have less
	// than 32 MiB.
	maxPiece = 64 << 20
)

// errChanged means that an object is not what was indexed.
var errChanged = errors.New("remux: recording is not what was indexed")

// A builder makes a File of the frames of a recording, in their order.
type builder struct {
	file  *File
	index *mp4.Index
	media int64 // bytes of the mdat's payload so far
	err   error

	described bool // the sound was heard

	// The piece at hand.
	open         bool
	piece        piece
	first        time.Duration // DTS
	video, audio []mp4.Sample
}

func newBuilder(l layout, tracks media.Tracks) *builder {
	return &builder{
		file:  &File{layout: l, tracks: tracks},
		index: mp4.NewIndex(tracks),
	}
}

// add adds a frame that lies in an object between two offsets. What lies between
// the frames of an object belongs to the piece at hand.
func (b *builder) add(kind media.Kind, s mp4.Sample, object int, from, to int64) {
	if b.open && (b.piece.object != object || b.piece.length >= pieceSize || s.DTS-b.first >= pieceDuration) {
		b.cut()
	}
	if !b.open {
		b.open, b.first = true, s.DTS
		b.piece = piece{object: object, offset: from}
	}
	b.piece.length = to - b.piece.offset
	if kind == media.Video {
		b.video = append(b.video, s)
	} else {
		b.audio = append(b.audio, s)
	}
}

// sound is told each frame of audio, or how it begins.
func (b *builder) sound(frame []byte) {
	if !b.described {
		b.described = true
		b.index.DescribeMP3(frame)
	}
}

// finish ends the last piece.
func (b *builder) finish() {
	if b.open {
		b.cut()
	}
}

// cut ends the piece at hand.
func (b *builder) cut() {
	if b.piece.length > maxPiece {
		b.err = fmt.Errorf("remux: %d bytes at %d of object %d hold too few frames", b.piece.length, b.piece.offset, b.piece.object)
	}
	b.piece.start = b.media
	b.media += b.chunk(media.Video, b.media, b.video)
	b.media += b.chunk(media.Audio, b.media, b.audio)
	b.file.pieces = append(b.file.pieces, b.piece)
	b.video, b.audio, b.open = b.video[:0], b.audio[:0], false
}

// chunk adds samples at an offset and returns their size.
func (b *builder) chunk(kind media.Kind, offset int64, samples []mp4.Sample) (size int64) {
	b.index.AddChunk(kind, offset, samples)
	for i := range samples {
		size += int64(samples[i].Size)
	}
	return size
}

// copy adds an object that is not taken apart, up to an offset.
func (b *builder) copy(object int, length int64) {
	b.file.pieces = append(b.file.pieces, piece{start: b.media, object: object, length: length})
	b.media += length
}

// build returns the File.
func (b *builder) build(objects int) (*File, error) {
	b.finish()
	if b.err != nil {
		return nil, b.err
	}
	f := b.file
	header, err := b.index.AppendHeader(nil, b.media)
	if err != nil {
		return nil, fmt.Errorf("remux: %w", err)
	}
	f.header, f.duration, f.objects = header, b.index.Duration(), objects
	f.size = int64(len(header)) + b.media
	for i := range f.pieces {
		f.pieces[i].start += int64(len(header))
	}
	return f, nil
}
