package remux_test

import (
	"bytes"
	"errors"
	"testing"

	"tallylight/internal/media/mediatest"
	"tallylight/internal/media/remux"
)

func TestAnEncodedFileIsTheSame(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, mediatest.H264, mediatest.AAC)
	for _, format := range formats {
		t.Run(format.name, func(t *testing.T) {
			t.Parallel()
			r := format.record(t, s.Tracks, s.Units)
			f, err := r.index()
			if err != nil {
				t.Fatal(err)
			}
			again, err := remux.Decode(f.AppendBinary(nil))
			if err != nil {
				t.Fatal(err)
			}
			if again.Duration() != f.Duration() || !bytes.Equal(read(t, again, r.objects), read(t, f, r.objects)) {
				t.Errorf("the file lasts %v, before %v; or its bytes are others", again.Duration(), f.Duration())
			}
		})
	}
}

func TestADamagedEncodingIsRefused(t *testing.T) {
	t.Parallel()
	s := mediatest.NewSource(t, "", mediatest.AAC)
	f, err := recordFLV(t, s.Tracks, s.Units).index()
	if err != nil {
		t.Fatal(err)
	}
	whole := f.AppendBinary(nil)
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1
		if _, err := remux.Decode(damaged); !errors.Is(err, remux.ErrEncoding) {
			t.Fatalf("byte %d of %d changed: %v", i, len(whole), err)
		}
		if _, err := remux.Decode(whole[:i]); !errors.Is(err, remux.ErrEncoding) {
			t.Fatalf("cut to %d bytes of %d: %v", i, len(whole), err)
		}
	}
}
