// Package remux presents recordings as progressive MP4 files that exist nowhere: a
// player that reads one, from any offset on, is given a moov box that was made of an
// index, and behind it the frames, which are read from the recording in that moment.
// Nothing is written and nothing is coded anew.
//
// [FLV], [TS], [MP4] and [CMAF] index the objects of a recording once and return a
// [File]; it is small and can be kept, see [File.AppendBinary]. [File.Open] reads
// the file from the same objects.
//
// Of FLV and MPEG-TS, frames are taken out of the recording in pieces of about a
// second: the mdat box has first the pictures of a piece, then its sound, so that
// two chunks describe it and reading on reads the recording on. MP4 is not taken
// apart: its bytes are the payload of the mdat as they are, headers of fragments
// among them, and the tables point past those.
package remux

import (
	"io"
	"slices"
	"time"

	"tallylight/internal/media"
)

// An Object is one object of a recording: all of it, or one slice.
type Object struct {
	io.ReaderAt
	Size int64 // bytes
}

// A layout says how the bytes of a piece become those of the mdat box.
type layout uint8

const (
	asIs    layout = iota + 1
	tags           // FLV
	packets        // MPEG-TS
	layouts        // behind the last one
)

// A File is a progressive MP4 file and what of the recording its bytes are made of.
// It does not change. A recording of an hour with 30 pictures a second takes about
// 4 MiB, most of them the tables of its moov box.
type File struct {
	layout   layout
	tracks   media.Tracks // that packets are read with
	duration time.Duration
	header   []byte // up to the payload of the mdat box
	pieces   []piece
	size     int64
	objects  int
}

// A piece is a run of bytes of an object.
type piece struct {
	start  int64 // of what is made of them, in the File
	object int
	offset int64 // in the object
	length int64
}

// Size returns the size of the file in bytes.
func (f *File) Size() int64 { return f.size }

// Duration returns how long it lasts, from 0 to the end of the last frame.
func (f *File) Duration() time.Duration { return f.duration }

// Memory returns how many bytes of memory the File takes.
func (f *File) Memory() int64 {
	const pieceSize = 32
	return int64(cap(f.header)) + pieceSize*int64(cap(f.pieces))
}

// pieceAt returns the number of the piece that an offset behind the header lies in.
func (f *File) pieceAt(offset int64) int {
	i, found := slices.BinarySearchFunc(f.pieces, offset, func(p piece, at int64) int {
		switch {
		case p.start < at:
			return -1
		case p.start > at:
			return 1
		}
		return 0
	})
	if found {
		return i
	}
	return i - 1
}

// end returns where a piece ends in the file.
func (f *File) end(i int) int64 {
	if i+1 < len(f.pieces) {
		return f.pieces[i+1].start
	}
	return f.size
}
