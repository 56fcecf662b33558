package remote

import "hash/crc64"

// Reversed polynomials of the CRC-64s of stores.
const (
	PolynomialECMA = crc64.ECMA         // OSS
	PolynomialNVMe = 0x9a6c9329ac4bc9b5 // S3
)

// A checksum computes CRC-64s, inverted before and after, of one polynomial.
type checksum struct {
	polynomial uint64
	table      *crc64.Table
}

func newChecksum(polynomial uint64) checksum {
	return checksum{polynomial: polynomial, table: crc64.MakeTable(polynomial)}
}

// A matrix is a linear map of 64 bits: column i is what bit i becomes.
type matrix [64]uint64

func (m *matrix) times(v uint64) uint64 {
	var sum uint64
	for i := 0; v != 0; i, v = i+1, v>>1 {
		if v&1 != 0 {
			sum ^= m[i]
		}
	}
	return sum
}

func (m *matrix) squared() *matrix {
	var square matrix
	for i := range m {
		square[i] = m.times(m[i])
	}
	return &square
}

// combine returns the CRC of a text followed by another of size bytes from the
// CRCs of both. Behind a text, every zero bit maps its CRC linearly; the map of
// size bytes is composed of powers of two of that one.
func (c checksum) combine(first, second uint64, size int64) uint64 {
	power := &matrix{0: c.polynomial}
	for i := 1; i < len(power); i++ {
		power[i] = 1 << (i - 1)
	}
	for range 3 { // from one bit to one byte
		power = power.squared()
	}
	for ; size > 0; size >>= 1 {
		if size&1 != 0 {
			first = power.times(first)
		}
		power = power.squared()
	}
	return first ^ second
}
