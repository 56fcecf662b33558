package mpegts

import (
	"github.com/bluenviron/mediacommon/v2/pkg/bits"
)

const (
	adtsHeaderSize = 7

	// maxADTSBody is the largest AAC frame that ADTS can hold, in bytes.
	maxADTSBody = 1<<13 - 1 - adtsHeaderSize
)

// An adts is the header of AAC frames (ISO/IEC 14496-3 section 1.A.2.2) without
// their length.
type adts [adtsHeaderSize]byte

// newADTS reads an AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1). Of
// spectral band replication and parametric stereo, which decoders find in the
// frames, it takes what lies beneath. It returns false for what ADTS cannot
// name: object types beyond 4, and channel configurations beyond 7.
func newADTS(config []byte) (adts, bool) {
	r := bitReader{b: config}
	objectType := r.objectType()
	rateIndex := r.sampleRateIndex()
	channels := byte(r.read(4))
	const sbr, ps = 5, 29
	if objectType == sbr || objectType == ps {
		r.sampleRateIndex() // after replication
		objectType = r.objectType()
	}
	if r.err != nil || objectType < 1 || objectType > 4 || rateIndex > maxRateIndex || channels > 7 {
		return adts{}, false
	}
	return adts{
		0xff, 0xf1, // syncword, MPEG-4, no checksum
		byte(objectType-1)<<6 | rateIndex<<2 | channels>>2,
		channels << 6,
		0,
		0x1f, 0xfc, // buffer fullness of a variable rate; one frame
	}, true
}

// append appends the header of a frame of n bytes.
func (h adts) append(dst []byte, n int) []byte {
	n += adtsHeaderSize
	h[3] |= byte(n >> 11)
	h[4] = byte(n >> 3)
	h[5] |= byte(n << 5)
	return append(dst, h[:]...)
}

// A bitReader reads an AudioSpecificConfig. After an error it reads zeros.
type bitReader struct {
	b   []byte
	at  int
	err error
}

func (r *bitReader) read(n int) uint64 {
	if r.err != nil {
		return 0
	}
	var v uint64
	v, r.err = bits.ReadBits(r.b, &r.at, n)
	return v
}

// objectType reads a GetAudioObjectType.
func (r *bitReader) objectType() uint64 {
	if t := r.read(5); t != 31 {
		return t
	}
	return 32 + r.read(6)
}

const maxRateIndex = 12

// sampleRateIndex reads a samplingFrequencyIndex. For a rate that has none it
// returns the index whose tables decoders use (ISO/IEC 14496-3 table 4.82).
func (r *bitReader) sampleRateIndex() byte {
	const explicit = 15
	index := byte(r.read(4))
	if index != explicit {
		return index
	}
	rate := r.read(24)
	lowest := [...]uint64{92017, 75132, 55426, 46009, 37566, 27713, 23004, 18783, 13856, 11502, 9391}
	for i, l := range lowest {
		if rate >= l {
			return byte(i)
		}
	}
	return byte(len(lowest))
}
