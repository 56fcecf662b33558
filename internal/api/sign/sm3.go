package sign

import (
	"encoding/binary"
	"hash"
	"math/bits"
)

// SM3 is the hash of GB/T 32905-2016. It is here because the standard library
// has none and the algorithm is shorter than the justification of a dependency.

const (
	sm3Size      = 32
	sm3BlockSize = 64
)

// sm3 is a hash.Hash; section numbers are those of the standard.
type sm3 struct {
	v       [8]uint32
	buf     [sm3BlockSize]byte
	pending int    // bytes in buf
	length  uint64 // bytes written
}

func newSM3() hash.Hash {
	h := new(sm3)
	h.Reset()
	return h
}

// Reset sets the initial value of 4.1.
func (h *sm3) Reset() {
	*h = sm3{v: [8]uint32{
		0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
		0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e,
	}}
}

func (h *sm3) Size() int      { return sm3Size }
func (h *sm3) BlockSize() int { return sm3BlockSize }

func (h *sm3) Write(p []byte) (int, error) {
	n := len(p)
	h.length += uint64(n)
	if h.pending > 0 {
		m := copy(h.buf[h.pending:], p)
		h.pending += m
		p = p[m:]
		if h.pending < sm3BlockSize {
			return n, nil
		}
		h.compress(h.buf[:])
		h.pending = 0
	}
	for len(p) >= sm3BlockSize {
		h.compress(p[:sm3BlockSize])
		p = p[sm3BlockSize:]
	}
	h.pending = copy(h.buf[:], p)
	return n, nil
}

// Sum pads a copy (5.2), so that writing can go on.
func (h *sm3) Sum(b []byte) []byte {
	d := *h
	padding := make([]byte, 1, 2*sm3BlockSize)
	padding[0] = 0x80
	for (d.pending+len(padding))%sm3BlockSize != sm3BlockSize-8 {
		padding = append(padding, 0)
	}
	d.Write(binary.BigEndian.AppendUint64(padding, h.length*8))
	for _, word := range d.v {
		b = binary.BigEndian.AppendUint32(b, word)
	}
	return b
}

// compress is the function CF of 5.3.3 with the message expansion of 5.3.2.
func (h *sm3) compress(block []byte) {
	var w [68]uint32
	for j := range 16 {
		w[j] = binary.BigEndian.Uint32(block[4*j:])
	}
	for j := 16; j < 68; j++ {
		x := w[j-16] ^ w[j-9] ^ bits.RotateLeft32(w[j-3], 15)
		p1 := x ^ bits.RotateLeft32(x, 15) ^ bits.RotateLeft32(x, 23)
		w[j] = p1 ^ bits.RotateLeft32(w[j-13], 7) ^ w[j-6]
	}
	a, b, c, d, e, f, g, k := h.v[0], h.v[1], h.v[2], h.v[3], h.v[4], h.v[5], h.v[6], h.v[7]
	for j := range 64 {
		t, ff, gg := uint32(0x79cc4519), a^b^c, e^f^g
		if j >= 16 {
			t, ff, gg = 0x7a879d8a, a&b|a&c|b&c, e&f|^e&g
		}
		a12 := bits.RotateLeft32(a, 12)
		ss1 := bits.RotateLeft32(a12+e+bits.RotateLeft32(t, j), 7)
		tt1 := ff + d + (ss1 ^ a12) + (w[j] ^ w[j+4])
		tt2 := gg + k + ss1 + w[j]
		a, b, c, d = tt1, a, bits.RotateLeft32(b, 9), c
		e, f, g, k = tt2^bits.RotateLeft32(tt2, 9)^bits.RotateLeft32(tt2, 17), e, bits.RotateLeft32(f, 19), g
	}
	for i, x := range [8]uint32{a, b, c, d, e, f, g, k} {
		h.v[i] ^= x
	}
}
