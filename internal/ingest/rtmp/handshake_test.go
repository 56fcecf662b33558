package rtmp

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestHandshakeTakesPiecesOfAnySize(t *testing.T) {
	t.Parallel()
	hello := appendHello(nil)
	copy(hello[1:], "\x00\x00\x12\x34\x80\x00\x07\x02digest") // as clients that would like a digest send it
	in := append(bytes.Clone(hello), make([]byte, handshakeSize)...)
	in = append(in, "rest"...)
	for _, size := range []int{1, 7, handshakeSize, handshakeSize + 1, len(in)} {
		var h handshake
		var answer []byte
		b := in
		for !h.done() {
			n := min(size, len(b))
			rest, a, err := h.feed(b[:n])
			if err != nil {
				t.Fatal(err)
			}
			answer = append(answer, a...)
			b = b[n-len(rest):]
		}
		if string(b) != "rest" {
			t.Errorf("pieces of %d: %q is left, want rest", size, b)
		}
		if len(answer) != 1+2*handshakeSize || answer[0] != version {
			t.Fatalf("pieces of %d: answer of %d bytes begins with %d", size, len(answer), answer[0])
		}
		if s2 := answer[1+handshakeSize:]; !bytes.Equal(s2, hello[1:]) {
			t.Errorf("pieces of %d: S2 does not repeat C1", size)
		}
		if s1 := answer[1 : 1+handshakeSize]; !bytes.Equal(s1[:8], make([]byte, 8)) {
			t.Errorf("pieces of %d: S1 begins with %x, want zeros", size, s1[:8])
		}
	}
}

func TestHandshakeNamesOtherProtocols(t *testing.T) {
	t.Parallel()
	for first, want := range map[byte]string{6: "encrypted", 0x16: "TLS", 'G': "HTTP", 99: "not RTMP"} {
		var h handshake
		_, _, err := h.feed([]byte{first})
		if !errors.Is(err, errHandshake) || !strings.Contains(err.Error(), want) {
			t.Errorf("first byte %d: %v, want an error that says %s", first, err, want)
		}
	}
}
