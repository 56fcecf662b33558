package chaos

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
)

// The rates of the clip. A picture lasts 40 ms, a packet of sound 1024 samples.
const (
	pictureTime = 40 * time.Millisecond
	pictures    = 25 // from key frame to key frame
	sampleRate  = 48000
	packetSize  = 1024
)

// A clip is one second of H.264 with B-frames and AAC, which streams repeat.
type clip struct {
	config [2][]byte   // decoder configurations, by kind
	frames [2][]sample // by kind
}

// A sample is a frame as the encoder made it.
type sample struct {
	key         bool
	composition time.Duration
	payload     []byte
}

// kinds are those that a stream has; they index the arrays here.
var kinds = [2]media.Kind{media.Video, media.Audio}

// slot returns the index of a kind in arrays.
func slot(k media.Kind) int {
	if k == media.Video {
		return 0
	}
	return 1
}

// loadClip makes the clip on first use.
var loadClip = sync.OnceValues(func() (*clip, error) {
	dir, err := os.MkdirTemp("", "tallylight-clip-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "clip.flv")
	cmd := exec.Command("ffmpeg", "-v", "error", "-nostdin",
		"-f", "lavfi", "-i", "testsrc2=size=128x72:rate=25:duration=3",
		"-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:sample_rate=%d:duration=3", sampleRate),
		"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", fmt.Sprint(pictures), "-keyint_min", fmt.Sprint(pictures),
		"-sc_threshold", "0", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2", "-b:a", "32k", path)
	if output, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make the clip: %w\n%s", err, output)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readClip(bufio.NewReader(f))
})

func readClip(r io.Reader) (*clip, error) {
	c := new(clip)
	tags, err := flv.NewReader(r)
	if err != nil {
		return nil, err
	}
	for {
		tag, err := tags.ReadTag()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		u, ok, err := tag.Unit()
		if err != nil {
			return nil, err
		}
		if !ok || u.Kind == media.Data {
			continue
		}
		k := slot(u.Kind)
		if u.Config {
			c.config[k] = bytes.Clone(u.Body)
			continue
		}
		c.frames[k] = append(c.frames[k], sample{u.Key, u.Composition, bytes.Clone(u.Body)})
	}
	video, audio := c.frames[0], c.frames[1]
	if len(video) < 2*pictures || !video[0].key || !video[pictures].key || len(audio) < sampleRate/packetSize {
		return nil, errors.New("the clip is not of one second from key frame to key frame")
	}
	c.frames[0] = video[:pictures]
	c.frames[1] = audio[2 : sampleRate/packetSize] // the first packets are the start of the sound
	return c, nil
}

func theClip(t testing.TB) *clip {
	t.Helper()
	c, err := loadClip()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// frame returns the index-th frame of a push, endlessly.
func (c *clip) frame(kind media.Kind, index uint32) sample {
	frames := c.frames[slot(kind)]
	return frames[int(index)%len(frames)]
}

// timeOf returns when the index-th frame of a push is due, in whole milliseconds
// as RTMP has them.
func timeOf(kind media.Kind, index uint32) time.Duration {
	if kind == media.Video {
		return time.Duration(index) * pictureTime
	}
	return (time.Duration(index) * packetSize * time.Second / sampleRate).Round(time.Millisecond)
}
