package mpegts

import "time"

const (
	// timescale is the rate of PTS, DTS and the base of PCR (section 2.4.2.2).
	timescale = 90000

	// clockMask keeps the 33 bits that a timestamp has; it wraps every 26.5 h.
	clockMask = 1<<33 - 1

	// clockStart is the timestamp of what lies at 0 in the recording: ten
	// seconds, so that frames shown before 0 do not wrap.
	clockStart = 10 * timescale

	// decodingDelay is from the arrival of a frame, which PCR tells, to its DTS.
	// It is the time that the bytes of a large key frame get.
	decodingDelay = timescale * 7 / 10

	// maxLead bounds how much earlier than at its DTS video can be decoded.
	maxLead = timescale / 2
)

// ticks rounds d to the timescale.
func ticks(d time.Duration) int64 {
	const unit = int64(time.Second) / 10000 // d*9/unit is d in ticks
	n := int64(d)*9 + unit/2
	if n < 0 {
		n -= unit - 1 // divide downwards
	}
	return n / unit
}

// duration is the inverse of ticks, for n from 0.
func duration(n int64) time.Duration {
	seconds, rest := n/timescale, n%timescale
	return time.Duration(seconds)*time.Second + time.Duration(rest)*time.Second/timescale
}

// timestamp returns what stands in the stream for a time of the recording.
func timestamp(n int64) uint64 { return uint64(n+clockStart) & clockMask }

// unwrap returns the time nearest to last that a timestamp can stand for, both in
// ticks.
func unwrap(timestamp uint64, last int64) int64 {
	const bits = 33
	d := int64(timestamp-uint64(last)) << (64 - bits) >> (64 - bits)
	return last + d
}

// appendTimestamp appends a PTS or DTS (section 2.4.3.6), which marker tells
// apart.
func appendTimestamp(dst []byte, marker byte, t uint64) []byte {
	return append(dst, marker<<4|byte(t>>29)&0x0e|1, byte(t>>22), byte(t>>14)|1, byte(t>>7), byte(t<<1)|1)
}

// parseTimestamp reads what appendTimestamp wrote.
func parseTimestamp(b []byte) uint64 {
	return uint64(b[0]&0x0e)<<29 | uint64(b[1])<<22 | uint64(b[2]>>1)<<15 | uint64(b[3])<<7 | uint64(b[4]>>1)
}
