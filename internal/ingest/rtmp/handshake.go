package rtmp

import (
	"crypto/rand"
	"errors"
	"fmt"
)

const (
	version = 3
	// handshakeSize is the size of C1, C2, S1 and S2 in bytes (RTMP, section
	// 5.2.3).
	handshakeSize = 1536
)

// errHandshake is the root of the errors of a handshake.
var errHandshake = errors.New("handshake")

// A handshake is the server's side of one. S2 repeats C1 whatever C1 says:
// clients that would like a digest in it go on without.
type handshake struct {
	in   []byte // of C0, C1 and C2, what has come in of the part awaited
	part int    // parts that are complete: C0 with C1, then C2
}

// feed takes bytes of the client. It returns what it did not need and the answer
// to send, if any.
func (h *handshake) feed(b []byte) (rest, answer []byte, err error) {
	if h.part == 0 && len(h.in) == 0 && len(b) > 0 && b[0] != version {
		return b, nil, fmt.Errorf("%w: version %d%s", errHandshake, b[0], otherProtocol(b[0]))
	}
	size := handshakeSize
	if h.part == 0 {
		size++ // C0
	}
	n := min(len(b), size-len(h.in))
	h.in = append(h.in, b[:n]...)
	if rest = b[n:]; len(h.in) < size {
		return rest, nil, nil
	}
	if h.part == 0 {
		answer = appendHello(nil)
		answer = append(answer, h.in[1:]...) // S2
	}
	h.part++
	h.in = nil
	return rest, answer, nil
}

// done reports whether the handshake is complete.
func (h *handshake) done() bool { return h.part == 2 }

// appendHello appends C0 and C1, which look the same as S0 and S1: the version,
// time zero, four bytes of zero and random bytes.
func appendHello(dst []byte) []byte {
	var hello [1 + handshakeSize]byte
	hello[0] = version
	rand.Read(hello[9:])
	return append(dst, hello[:]...)
}

// otherProtocol says which protocol a first byte that is not RTMP's belongs to.
func otherProtocol(first byte) string {
	switch first {
	case 6, 8:
		return " is encrypted RTMP, which is not served"
	case 0x16:
		return " is TLS; this port takes plain RTMP"
	case 'G', 'P', 'H':
		return " is HTTP; this port takes RTMP"
	}
	return " is not RTMP"
}
