package remote

import (
	"hash/crc64"
	"testing"

	"pgregory.net/rapid"
)

func TestKnownChecksums(t *testing.T) {
	t.Parallel()
	// The check values of CRC-64/XZ and CRC-64/NVME in the catalogue of CRCs.
	for polynomial, want := range map[uint64]uint64{
		PolynomialECMA: 0x995dc9bbdf1939fa,
		PolynomialNVMe: 0xae8b14860a799888,
	} {
		if got := crc64.Checksum([]byte("123456789"), newChecksum(polynomial).table); got != want {
			t.Errorf("polynomial %#x: checksum = %#x, want %#x", polynomial, got, want)
		}
	}
}

func TestChecksumsOfPartsCombineToThatOfTheWhole(t *testing.T) {
	t.Parallel()
	for _, polynomial := range []uint64{PolynomialECMA, PolynomialNVMe} {
		c := newChecksum(polynomial)
		rapid.Check(t, func(t *rapid.T) {
			first, second := rapid.SliceOf(rapid.Byte()).Draw(t, "first"), rapid.SliceOf(rapid.Byte()).Draw(t, "second")
			got := c.combine(crc64.Checksum(first, c.table), crc64.Checksum(second, c.table), int64(len(second)))
			if want := crc64.Checksum(append(first, second...), c.table); got != want {
				t.Fatalf("combine = %#x, want %#x", got, want)
			}
		})
	}
}
