package remux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"tallylight/internal/media"
)

// Version changes with the bytes that are made of a recording, and with how a File
// is encoded.
const Version = 1

// encoded begins the bytes of an encoded File.
var encoded = fmt.Sprintf("tallylight-remux-%d\n", Version)

// ErrEncoding says that bytes are not those of a File, or no longer.
var ErrEncoding = errors.New("remux: not an encoded file")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendBinary appends the File in a form that Decode reads: the small members, then
// the pieces, each as distances from the one before, then the header, and a
// checksum of all that.
func (f *File) AppendBinary(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, encoded...)
	dst = append(dst, byte(f.layout))
	dst = appendTrack(dst, f.tracks.Video)
	dst = appendTrack(dst, f.tracks.Audio)
	for _, n := range []uint64{uint64(f.duration), uint64(f.size), uint64(f.objects), uint64(len(f.pieces))} {
		dst = binary.AppendUvarint(dst, n)
	}
	before := piece{start: int64(len(f.header))}
	for _, p := range f.pieces {
		for _, n := range []int64{p.start - before.start, int64(p.object - before.object), p.offset - (before.offset + before.length), p.length} {
			dst = binary.AppendVarint(dst, n)
		}
		before = p
	}
	dst = appendBytes(dst, f.header)
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

func appendBytes(dst, b []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}

// appendTrack appends a coding and its configuration; 0 stands for no track.
func appendTrack(dst []byte, t *media.Track) []byte {
	if t == nil {
		return append(dst, 0)
	}
	return appendBytes(append(dst, byte(t.Codec)), t.Config)
}

// Decode reads what AppendBinary wrote. If b is anything else the error is
// ErrEncoding. The File keeps parts of b.
func Decode(b []byte) (*File, error) {
	const sumSize = 4
	if len(b) < len(encoded)+sumSize || string(b[:len(encoded)]) != encoded {
		return nil, ErrEncoding
	}
	content, sum := b[:len(b)-sumSize], b[len(b)-sumSize:]
	if crc32.Checksum(content, castagnoli) != binary.BigEndian.Uint32(sum) {
		return nil, fmt.Errorf("%w: checksum", ErrEncoding)
	}
	d := decoder{b: content[len(encoded):]}
	f := d.file()
	if d.failed || len(d.b) > 0 {
		return nil, ErrEncoding
	}
	return f, nil
}

// A decoder reads values from b. After one that is not there it reads zeros.
type decoder struct {
	b      []byte
	failed bool
}

func (d *decoder) fail() {
	d.failed, d.b = true, nil
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	head := d.b[:n:n]
	d.b = d.b[n:]
	return head
}

func (d *decoder) byte() byte {
	if b := d.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) file() *File {
	f := &File{layout: layout(d.byte())}
	f.tracks.Video, f.tracks.Audio = d.track(), d.track()
	f.duration = time.Duration(d.uvarint())
	f.size, f.objects = int64(d.uvarint()), int(d.uvarint())
	count := d.uvarint()
	if f.layout < asIs || f.layout >= layouts || f.duration < 0 || f.size < 0 || f.objects < 0 || count == 0 || count > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	f.pieces = make([]piece, 0, count)
	var p piece
	for range count {
		end := p.offset + p.length
		p.start += d.varint()
		p.object += int(d.varint())
		p.offset = end + d.varint()
		p.length = d.varint()
		f.pieces = append(f.pieces, p)
	}
	f.header = d.bytes(d.uvarint())
	if !f.place() {
		d.fail()
	}
	return f
}

func (d *decoder) track() *media.Track {
	c := media.Codec(d.byte())
	if c == media.CodecUnknown {
		return nil
	}
	if c > media.Opus {
		d.fail()
		return nil
	}
	return &media.Track{Codec: c, Config: d.bytes(d.uvarint())}
}

// place moves the pieces behind the header, and reports whether they fill the file
// and lie in objects.
func (f *File) place() bool {
	last := int64(0)
	for i := range f.pieces {
		p := &f.pieces[i]
		p.start += int64(len(f.header))
		begins := i > 0 && p.start > last || i == 0 && p.start == int64(len(f.header))
		if !begins || p.start >= f.size || p.object < 0 || p.object >= f.objects || p.offset < 0 || p.length <= 0 {
			return false
		}
		if f.layout != asIs && p.length > maxPiece {
			return false
		}
		last = p.start
	}
	return true
}
