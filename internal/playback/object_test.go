package playback

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"tallylight/internal/blob"
)

// noise returns bytes that are all alike nowhere.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}

// open returns an object of a world.
func (w *world) open(key string, size int) *object {
	return (&reader{ctx: w.t.Context(), buckets: w}).add("shows", key, int64(size))
}

func TestAnObjectIsReadAtAnyOffset(t *testing.T) {
	t.Parallel()
	const size = 5 << 20
	content := noise(size)
	for _, seekable := range []bool{true, false} {
		w := newWorld(t)
		w.seekable = seekable
		w.put(w.object("k"), content)
		o := w.open("k", size)
		random := rand.New(rand.NewPCG(3, 4))
		at := 0
		for range 500 {
			if random.IntN(3) == 0 {
				at = random.IntN(size)
			}
			p := make([]byte, random.IntN(1<<random.IntN(22)))
			n, err := o.ReadAt(p, int64(at))
			want := content[at:min(at+len(p), size)]
			if !bytes.Equal(p[:n], want) || n < len(p) && err != io.EOF || n == len(p) && err != nil {
				t.Fatalf("ReadAt(%d bytes, %d) = %d, %v", len(p), at, n, err)
			}
			at = min(at+n+random.IntN(1<<random.IntN(20)), size-1)
		}
		o.close()
	}
}

func TestReadingOnTakesFewRanges(t *testing.T) {
	t.Parallel()
	const size = 64 << 20
	w := newWorld(t)
	w.put(w.object("k"), make([]byte, size))
	o := w.open("k", size)
	if n, err := io.Copy(io.Discard, io.NewSectionReader(o, 0, size)); n != size || err != nil {
		t.Fatal(n, err)
	}
	// 1, 2, 4, 8 and then 16 MiB.
	if ranges, bytes := w.counted(); ranges != 8 || bytes != size {
		t.Errorf("%d bytes in %d ranges, want %d in 8", bytes, ranges, size)
	}
	// A step aside reads little.
	p := make([]byte, 1000)
	for _, at := range []int64{30 << 20, 30<<20 + 50_000} {
		if _, err := o.ReadAt(p, at); err != nil {
			t.Fatal(err)
		}
	}
	if ranges, bytes := w.counted(); ranges != 1 || bytes != 2000 {
		t.Errorf("%d bytes in %d ranges, want 2000 in 1", bytes, ranges)
	}
}

func TestAFailedReadIsRepeatedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := noise(100)
	w.put(w.object("k"), content)
	injected := errors.New("injected fault")
	for _, tt := range []struct {
		name   string
		fails  int
		err    error
		want   error
		ranges int
	}{
		{"one failure", 1, injected, nil, 2},
		{"two failures", 2, injected, injected, 2},
		{"there is no such object", 1, blob.ErrNotFound, blob.ErrNotFound, 1},
		{"the bucket denies it", 1, blob.ErrDenied, blob.ErrDenied, 1},
	} {
		fails := tt.fails
		w.read = func(string, int64, int64) error {
			if fails--; fails >= 0 {
				return tt.err
			}
			return nil
		}
		w.counted()
		p := make([]byte, 100)
		_, err := w.open("k", 100).ReadAt(p, 0)
		if !errors.Is(err, tt.want) || err == nil && !bytes.Equal(p, content) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if ranges, _ := w.counted(); ranges != tt.ranges {
			t.Errorf("%s: %d ranges, want %d", tt.name, ranges, tt.ranges)
		}
	}
}

func TestAnObjectThatIsShorterThanItWasIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(w.object("k"), noise(50))
	if n, err := w.open("k", 100).ReadAt(make([]byte, 100), 0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

func TestReadingEndsWithTheViewer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(w.object("k"), noise(100))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := (&reader{ctx: ctx, buckets: w}).add("shows", "k", 100)
	if _, err := o.ReadAt(make([]byte, 10), 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if ranges, _ := w.counted(); ranges > 1 {
		t.Errorf("%d ranges for nobody", ranges)
	}
}
