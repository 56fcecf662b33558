package rtmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// A sent is a message as a test sends or receives it.
type sent struct {
	typeID    byte
	streamID  uint32
	timestamp uint32
	body      string
}

// receive feeds b to r in pieces and returns what comes out. split returns the
// size of the next piece, given what is left.
func receive(r *chunkReader, b []byte, split func(left int) int) (messages []sent, err error) {
	for len(b) > 0 {
		piece := b[:split(len(b))]
		b = b[len(piece):]
		for len(piece) > 0 {
			n, m, err := r.read(piece)
			if err != nil {
				return messages, err
			}
			if m == nil && n != len(piece) {
				return messages, fmt.Errorf("read took %d of %d bytes and gave no message", n, len(piece))
			}
			piece = piece[n:]
			if m != nil {
				messages = append(messages, sent{m.typeID, m.streamID, m.timestamp, string(m.body())})
				m.unit.Release()
			}
		}
	}
	return messages, nil
}

func whole(left int) int { return left }
func single(int) int     { return 1 }

// cat joins parts of a chunk stream: bytes and strings as they are, integers as
// single bytes.
func cat(parts ...any) []byte {
	var b []byte
	for _, part := range parts {
		switch p := part.(type) {
		case int:
			b = append(b, byte(p))
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		}
	}
	return b
}

func be24(n uint32) []byte { return appendUint24(nil, n) }
func be32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// chunkCases are chunk streams with the messages that they hold. They seed the
// fuzz target, too.
var chunkCases = []struct {
	name string
	in   []byte
	want []sent
}{
	{
		"type 0 has the full header",
		cat(4, be24(1000), be24(3), 9, 1, 0, 0, 0, "abc"),
		[]sent{{9, 1, 1000, "abc"}},
	},
	{
		"type 1 keeps the stream and adds a delta",
		cat(4, be24(1000), be24(3), 9, 1, 0, 0, 0, "abc", 1<<6|4, be24(40), be24(2), 8, "de"),
		[]sent{{9, 1, 1000, "abc"}, {8, 1, 1040, "de"}},
	},
	{
		"type 2 keeps size and type too",
		cat(4, be24(1000), be24(3), 9, 1, 0, 0, 0, "abc", 2<<6|4, be24(40), "def"),
		[]sent{{9, 1, 1000, "abc"}, {9, 1, 1040, "def"}},
	},
	{
		"type 3 repeats the delta",
		cat(4, be24(1000), be24(3), 9, 1, 0, 0, 0, "abc", 2<<6|4, be24(40), "def", 3<<6|4, "ghi", 3<<6|4, "jkl"),
		[]sent{{9, 1, 1000, "abc"}, {9, 1, 1040, "def"}, {9, 1, 1080, "ghi"}, {9, 1, 1120, "jkl"}},
	},
	{
		"type 3 after type 0 adds that one's timestamp",
		cat(4, be24(23), be24(1), 8, 1, 0, 0, 0, "a", 3<<6|4, "b"),
		[]sent{{8, 1, 23, "a"}, {8, 1, 46, "b"}},
	},
	{
		"type 1 may begin a chunk stream",
		cat(1<<6|2, be24(5), be24(1), 8, "a"),
		[]sent{{8, 0, 5, "a"}},
	},
	{
		"type 3 continues a message after 128 bytes",
		cat(4, be24(0), be24(130), 9, 1, 0, 0, 0, bytes.Repeat([]byte{'x'}, 128), 3<<6|4, "yz"),
		[]sent{{9, 1, 0, string(bytes.Repeat([]byte{'x'}, 128)) + "yz"}},
	},
	{
		"messages of different chunk streams interleave",
		cat(set(2), 4, be24(0), be24(4), 9, 1, 0, 0, 0, "ab", 5, be24(7), be24(3), 8, 1, 0, 0, 0, "XY", 3<<6|4, "cd", 3<<6|5, "Z"),
		[]sent{{9, 1, 0, "abcd"}, {8, 1, 7, "XYZ"}},
	},
	{
		"chunk stream ids have one, two or three bytes",
		cat(0, 0, be24(0), be24(1), 9, 1, 0, 0, 0, "a", 1, 255, 255, be24(0), be24(1), 9, 1, 0, 0, 0, "b",
			3<<6, 0, "c", 3<<6|1, 255, 255, "d", 1, 0, 0, be24(9), be24(1), 8, 1, 0, 0, 0, "e", 3<<6, 0, "f"),
		[]sent{{9, 1, 0, "a"}, {9, 1, 0, "b"}, {9, 1, 0, "c"}, {9, 1, 0, "d"}, {8, 1, 9, "e"}, {8, 1, 18, "f"}},
	},
	{
		"an extended timestamp is repeated in type 3",
		cat(set(2), 4, be24(0xffffff), be24(4), 9, 1, 0, 0, 0, be32(0x01020304), "ab", 3<<6|4, be32(0x01020304), "cd"),
		[]sent{{9, 1, 0x01020304, "abcd"}},
	},
	{
		"an extended timestamp need not be repeated",
		cat(set(2), 4, be24(0xffffff), be24(8), 9, 1, 0, 0, 0, be32(0x01020304), "ab", 3<<6|4, "cd", 3<<6|4, "ef", 3<<6|4, "gh"),
		[]sent{{9, 1, 0x01020304, "abcdefgh"}},
	},
	{
		"what may be an extended timestamp may be payload and the next header",
		cat(set(4), 4, be24(0xffffff), be24(5), 9, 1, 0, 0, 0, be32(0x01020304), "abcd", 3<<6|4, "e", 5, be24(0), be24(2), 8, 1, 0, 0, 0, "fg"),
		[]sent{{9, 1, 0x01020304, "abcde"}, {8, 1, 0, "fg"}},
	},
	{
		"what may be an extended timestamp may be payload and more headers",
		cat(set(1), 5, be24(0), be24(1), 8, 1, 0, 0, 0, "x", 4, be24(0xffffff), be24(3), 9, 1, 0, 0, 0, be32(0x01020304), "a",
			3<<6|4, "b", 3<<6|4, "c", 3<<6|5, "y"),
		[]sent{{8, 1, 0, "x"}, {9, 1, 0x01020304, "abc"}, {8, 1, 0, "y"}},
	},
	{
		"an extended delta is added",
		cat(set(2), 4, be24(1), be24(1), 9, 1, 0, 0, 0, "a", 2<<6|4, be24(0xffffff), be32(0x01000000), "b", 3<<6|4, be32(0x01000000), "c"),
		[]sent{{9, 1, 1, "a"}, {9, 1, 0x01000001, "b"}, {9, 1, 0x02000001, "c"}},
	},
	{
		"type 3 may have the timestamp where the extended delta was",
		cat(set(2), 4, be24(1), be24(3), 9, 1, 0, 0, 0, "ab", 3<<6|4, "c",
			2<<6|4, be24(0xffffff), be32(0x01000000), "de", 3<<6|4, be32(0x01000001), "f"),
		[]sent{{9, 1, 1, "abc"}, {9, 1, 0x01000001, "def"}},
	},
	{
		"timestamps wrap at 32 bits",
		cat(4, be24(0xffffff), be24(1), 9, 1, 0, 0, 0, be32(0xfffffffe), "a", 2<<6|4, be24(4), "b"),
		[]sent{{9, 1, 0xfffffffe, "a"}, {9, 1, 2, "b"}},
	},
	{
		"set chunk size holds for the chunks that follow",
		cat(4, be24(0), be24(2), 9, 1, 0, 0, 0, "ab", set(1), 3<<6|4, "c", 3<<6|4, "d"),
		[]sent{{9, 1, 0, "ab"}, {9, 1, 0, "cd"}},
	},
	{
		"abort gives up a message",
		cat(set(4), 4, be24(0), be24(6), 9, 1, 0, 0, 0, "abcd", 2, be24(0), be24(4), 2, 0, 0, 0, 0, be32(4), 3<<6|4, "efgh", 3<<6|4, "ij"),
		[]sent{{9, 1, 0, "efghij"}},
	},
	{
		"a new header gives up the message before it",
		cat(set(2), 4, be24(0), be24(4), 9, 1, 0, 0, 0, "ab", 4, be24(5), be24(2), 8, 1, 0, 0, 0, "cd"),
		[]sent{{8, 1, 5, "cd"}},
	},
	{
		"messages may be empty",
		cat(4, be24(0), be24(0), 9, 1, 0, 0, 0, 3<<6|4, 3<<6|4),
		[]sent{{9, 1, 0, ""}, {9, 1, 0, ""}, {9, 1, 0, ""}},
	},
}

// set is Set Chunk Size.
func set(size uint32) []byte { return appendControl(nil, typeSetChunkSize, size) }

func TestChunkReaderReads(t *testing.T) {
	t.Parallel()
	for _, tc := range chunkCases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for how, split := range map[string]func(int) int{"whole": whole, "byte by byte": single} {
				got, err := receive(newChunkReader(1000), tc.in, split)
				if err != nil {
					t.Errorf("%s: %v", how, err)
				}
				if fmt.Sprint(got) != fmt.Sprint(tc.want) {
					t.Errorf("%s: got %v, want %v", how, got, tc.want)
				}
			}
		})
	}
}

func TestChunkReaderRefuses(t *testing.T) {
	t.Parallel()
	var manyStreams, manyBytes []byte
	for i := range maxChunkStreams + 1 {
		manyStreams = append(manyStreams, cat(0, i, be24(0), be24(1), 9, 1, 0, 0, 0, "a")...)
	}
	for i := range 3 {
		manyBytes = append(manyBytes, cat(4+i, be24(0), be24(1000), 9, 1, 0, 0, 0, bytes.Repeat([]byte{0}, 128))...)
	}
	for name, in := range map[string][]byte{
		"type 3 on an unknown chunk stream": cat(3<<6 | 4),
		"type 2 on an unknown chunk stream": cat(2<<6|4, be24(0)),
		"a message over the limit":          cat(4, be24(0), be24(1001), 9, 1, 0, 0, 0),
		"too many bytes in assembly":        manyBytes,
		"too many chunk streams":            manyStreams,
		"chunk size 0":                      set(0),
		"chunk size over 31 bits":           set(1 << 31),
		"set chunk size without a size":     cat(2, be24(0), be24(3), 1, 0, 0, 0, 0, "abc"),
		"abort without an id":               cat(2, be24(0), be24(0), 2, 0, 0, 0, 0),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for how, split := range map[string]func(int) int{"whole": whole, "byte by byte": single} {
				if got, err := receive(newChunkReader(1000), in, split); !errors.Is(err, errChunk) {
					t.Errorf("%s: got %v and error %v, want errChunk", how, got, err)
				}
			}
		})
	}
}

// A chunkScript writes messages as chunks in a random manner: types of headers,
// chunk sizes and interleaving.
type chunkScript struct {
	rng  *rand.Rand
	out  []byte
	size int
	last map[uint32]*scriptStream
}

type scriptStream struct {
	sent     sent
	delta    uint32
	extended bool
	field    uint32
	rest     string // of the body, not yet written
}

// begin writes the first chunk of a message.
func (c *chunkScript) begin(id uint32, m sent) {
	s := c.last[id]
	format := 0
	var delta uint32
	if s != nil {
		delta = m.timestamp - s.sent.timestamp
		if s.sent.streamID == m.streamID {
			format = 1
			if len(s.sent.body) == len(m.body) && s.sent.typeID == m.typeID {
				format = 2
				if s.delta == delta {
					format = 3
				}
			}
		}
		format = c.rng.IntN(format + 1) // any lower type will do
	}
	if format == 0 {
		delta = m.timestamp // which a type 3 would repeat
	}
	c.basic(format, id)
	if format < 3 {
		s = &scriptStream{field: delta, extended: delta >= extendedTimestamp}
		c.last[id] = s
		c.out = appendUint24(c.out, min(delta, extendedTimestamp))
	}
	if format < 2 {
		c.out = append(appendUint24(c.out, uint32(len(m.body))), m.typeID)
	}
	if format == 0 {
		c.out = binary.LittleEndian.AppendUint32(c.out, m.streamID)
	}
	s.sent, s.delta, s.rest = m, delta, m.body
	c.payload(s)
}

func (c *chunkScript) basic(format int, id uint32) {
	switch {
	case id < 64:
		c.out = append(c.out, byte(format<<6)|byte(id))
	case id < 320 && c.rng.IntN(2) == 0:
		c.out = append(c.out, byte(format<<6), byte(id-64))
	default:
		c.out = append(c.out, byte(format<<6)|1, byte(id-64), byte((id-64)>>8))
	}
}

func (c *chunkScript) payload(s *scriptStream) {
	if s.extended {
		c.out = binary.BigEndian.AppendUint32(c.out, s.field)
	}
	n := min(len(s.rest), c.size)
	c.out = append(c.out, s.rest[:n]...)
	s.rest = s.rest[n:]
}

func TestChunkReaderReadsWhatAnyEncoderMayWrite(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		script := chunkScript{rng: rng, size: defaultChunkSize, last: map[uint32]*scriptStream{}}
		ids := []uint32{3, 4, 63, 64, 319, 320, 65599}
		clocks := map[uint32]uint32{}
		var want []sent
		var open []uint32 // chunk streams whose message is incomplete
		for range 60 {
			switch i := rng.IntN(len(ids)); {
			case rng.IntN(10) == 0:
				script.size = 4 + rng.IntN(300) // no smaller than Set Chunk Size itself
				script.out = append(script.out, set(uint32(script.size))...)
			case len(open) > 0 && rng.IntN(2) == 0:
				id := open[0]
				script.basic(3, id)
				script.payload(script.last[id])
			case script.last[ids[i]] == nil || script.last[ids[i]].rest == "":
				id := ids[i]
				clocks[id] += []uint32{0, 20, 40, 40, 0x01000000, 0xfffffff0}[rng.IntN(6)]
				body := make([]byte, []int{0, 1, 127, 128, 129, 700}[rng.IntN(6)])
				for j := range body {
					body[j] = byte(rng.Uint32())
				}
				script.begin(id, sent{byte(8 + rng.IntN(2)), 1, clocks[id], string(body)})
				open = append(open, id)
			}
			var still []uint32
			for _, id := range open {
				if s := script.last[id]; s.rest == "" {
					want = append(want, s.sent)
				} else {
					still = append(still, id)
				}
			}
			open = still
		}
		got, err := receive(newChunkReader(10_000), script.out, func(left int) int { return 1 + rng.IntN(min(left, 400)) })
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("seed %d: got %d messages, want %d, or their content differs", seed, len(got), len(want))
		}
	}
}

func TestChunkReaderReadsWhatAppendMessageWrites(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 128, 4096, 65536, maxChunkSize} {
		for _, timestamp := range []uint32{0, extendedTimestamp - 1, extendedTimestamp, 1<<32 - 1} {
			for _, n := range []int{0, 1, 127, 128, 129, 70_000} {
				body := bytes.Repeat([]byte{0xc4}, n) // looks like a type 3 header
				out := set(uint32(size))
				out = appendMessage(out, chunkVideo, messageHeader{typeVideo, 1, timestamp}, body, size)
				got, err := receive(newChunkReader(100_000), out, whole)
				want := []sent{{typeVideo, 1, timestamp, string(body)}}
				if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("chunk size %d, timestamp %d, %d bytes: got %d messages, %v", size, timestamp, n, len(got), err)
				}
			}
		}
	}
}

func TestChunkReaderGivesBackItsMemory(t *testing.T) {
	t.Parallel()
	r := newChunkReader(1000)
	if _, err := receive(r, cat(4, be24(0), be24(900), 9, 1, 0, 0, 0, "abc"), whole); err != nil {
		t.Fatal(err)
	}
	if r.assembling != 900 {
		t.Errorf("assembling = %d, want 900", r.assembling)
	}
	r.close()
	if r.assembling != 0 {
		t.Errorf("assembling after close = %d, want 0", r.assembling)
	}
}

func FuzzChunk(f *testing.F) {
	for _, tc := range chunkCases {
		f.Add(tc.in, uint64(1))
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		const limit = 1 << 16
		r := newChunkReader(limit)
		got, err := receive(r, in, whole)
		if r.assembling > 2*limit || len(r.streams) > maxChunkStreams {
			t.Errorf("%d bytes in assembly on %d chunk streams", r.assembling, len(r.streams))
		}
		r.close()
		if r.assembling != 0 {
			t.Errorf("%d bytes in assembly after close", r.assembling)
		}
		rng := rand.New(rand.NewPCG(seed, 0))
		r = newChunkReader(limit)
		defer r.close()
		again, errAgain := receive(r, in, func(left int) int { return 1 + rng.IntN(min(left, 50)) })
		if fmt.Sprint(got) != fmt.Sprint(again) || (err == nil) != (errAgain == nil) {
			t.Errorf("in pieces: %d messages, %v; whole: %d messages, %v", len(again), errAgain, len(got), err)
		}
	})
}

// pushBytes returns about a second of a push of 2.5 Mbit/s and its payload size.
func pushBytes(chunkSize int) (b []byte, payload int) {
	b = set(uint32(chunkSize))
	video, audio := make([]byte, 10_000), make([]byte, 340)
	video[0], video[1] = 0x27, 1
	audio[0], audio[1] = 0xaf, 1
	for i := range uint32(30) {
		b = appendMessage(b, chunkVideo, messageHeader{typeVideo, 1, i * 33}, video, chunkSize)
		b = appendMessage(b, chunkAudio, messageHeader{typeAudio, 1, i * 33}, audio, chunkSize)
		payload += len(video) + len(audio)
	}
	return b, payload
}

func BenchmarkChunkReader(b *testing.B) {
	for _, size := range []int{128, 4096, 65536} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			in, payload := pushBytes(size)
			b.SetBytes(int64(payload))
			b.ReportAllocs()
			r := newChunkReader(1 << 20)
			for b.Loop() {
				for rest := in; len(rest) > 0; {
					piece := rest[:min(len(rest), batchSize)]
					rest = rest[len(piece):]
					for len(piece) > 0 {
						n, m, err := r.read(piece)
						if err != nil {
							b.Fatal(err)
						}
						piece = piece[n:]
						if m != nil {
							m.unit.Release()
						}
					}
				}
			}
		})
	}
}

// BenchmarkFeed measures all that is done to the bytes of a push, short of the
// socket and the recorder.
func BenchmarkFeed(b *testing.B) {
	for _, size := range []int{128, 4096, 65536} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			in, payload := pushBytes(size)
			c := newTestConn(b)
			b.SetBytes(int64(payload))
			b.ReportAllocs()
			for b.Loop() {
				feedAll(b, c, in)
			}
		})
	}
}
