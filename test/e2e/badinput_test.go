package e2e

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"tallylight/internal/media/flv"
)

// Sizes of the RTMP handshake: C0 with C1, and S0 with S1 and S2.
const (
	helloSize  = 1 + 1536
	answerSize = 1 + 2*1536
)

// hello returns C0 and C1.
func hello() []byte { return append([]byte{3}, make([]byte, helloSize-1)...) }

// shakeHands completes the handshake.
func shakeHands(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := conn.Write(hello()); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, answerSize)
	if _, err := io.ReadFull(conn, answer); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(answer[1:helloSize]); err != nil {
		t.Fatal(err)
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

// chunk returns a chunk of type 0 that claims to begin a message of a length.
func chunk(typeID byte, length uint32, payload []byte) []byte {
	const chunkStream = 3
	b := []byte{chunkStream, 0, 0, 0, byte(length >> 16), byte(length >> 8), byte(length), typeID, 0, 0, 0, 0}
	return append(b, payload...)
}

func TestMalformedInputEndsItsConnectionAndNothingElse(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	s.configure(t, time.Hour)
	ffmpeg := start(t, nil, "ffmpeg", ffmpegArgs(t, bFramesAndAAC, s.pushURL("show"), []string{"-re"})...)
	s.awaitLog(t, "publish started", "stream=show")

	t.Run("from", func(t *testing.T) {
		const setChunkSize, command, twoGiB = 1, 20, 1<<31 - 1
		for _, tt := range []struct {
			name string
			send func(t *testing.T, conn net.Conn) []byte
		}{
			{"random bytes", func(*testing.T, net.Conn) []byte { return noise(1 << 20) }},
			{"an HTTP request", func(*testing.T, net.Conn) []byte { return []byte("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n") }},
			{"half a handshake", func(*testing.T, net.Conn) []byte { return hello()[:700] }},
			{"nothing at all", func(*testing.T, net.Conn) []byte { return nil }},
			{"random bytes after the handshake", func(t *testing.T, conn net.Conn) []byte {
				shakeHands(t, conn)
				return noise(1 << 20)
			}},
			{"a message of 16 MiB in chunks of 2 GiB", func(t *testing.T, conn net.Conn) []byte {
				shakeHands(t, conn)
				size := binary.BigEndian.AppendUint32(nil, twoGiB)
				return append(chunk(setChunkSize, 4, size), chunk(command, 1<<24-1, noise(1<<20))...)
			}},
			{"a command that is not AMF", func(t *testing.T, conn net.Conn) []byte {
				shakeHands(t, conn)
				return chunk(command, 100, noise(100))
			}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				conn, err := net.Dial("tcp", s.rtmp)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(patience))
				// Either call fails once the server has closed the connection.
				conn.Write(tt.send(t, conn))
				io.Copy(io.Discard, conn)
				s.awaitLog(t, "connection ended by us", "remote_addr="+conn.LocalAddr().String(), "reason=")
			})
		}
	})

	if status := ffmpeg.wait(t); status != 0 {
		t.Errorf("the push beside ended with status %d", status)
	}
	s.awaitPushEnd(t, "show")
	s.stop(t)
	for _, format := range formats {
		checkRecording(t, s.recording(t, "show", format), bFramesAndAAC.path(t))
	}
}

func TestStreamWithoutKnownCodecsIsToldAsAnError(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	s := startServer(t, t.TempDir())
	s.configure(t, time.Hour)
	s.notify(t, r.URL, true)
	var tags []flv.Tag
	for i := range time.Duration(50) { // Screen video, of which a second suffices
		tags = append(tags, flv.Tag{Type: flv.TagVideo, Timestamp: i * 40 * time.Millisecond, Body: []byte{0x13, 1, 2, 3}})
	}
	push(t, s.pushURL("show"), tags)
	want := `{"domain":"play.example.com","app":"live","stream":"show","event":"record_error",` +
		`"error_info":{"code":"StreamFormatError","message":"video stream format error"}}`
	if got := r.awaitAccepted(t, 1)[0].body; got != want {
		t.Errorf("body %s\nwant %s", got, want)
	}
	s.stop(t)
	for _, format := range formats {
		if paths := s.recordings(t, "show", format); len(paths) > 0 {
			t.Errorf("files %q were recorded", paths)
		}
	}
}
