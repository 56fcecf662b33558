package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"tallylight/internal/media/flv"
)

// A clip is an FLV file of eight seconds that ffmpeg made: a moving test picture
// with a key frame each 1.2 seconds, which divide no cycle, and a tone.
type clip struct {
	name string
	args []string // of the encoders
}

var (
	bFramesAndAAC = clip{"h264-bframes-aac", []string{"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-c:a", "aac"}}
	h264AndMP3    = clip{"h264-mp3", []string{"-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-c:a", "libmp3lame", "-ar", "44100"}}
	aacAlone      = clip{"aac", []string{"-vn", "-c:a", "aac"}}
	h264Alone     = clip{"h264", []string{"-an", "-c:v", "libx264", "-preset", "veryfast", "-bf", "2"}}
	// large has about 8 Mbit/s.
	large = clip{"large", []string{"-c:v", "libx264", "-preset", "ultrafast", "-b:v", "8M", "-minrate", "8M", "-maxrate", "8M",
		"-bufsize", "4M", "-x264-params", "nal-hrd=cbr", "-c:a", "aac"}}
)

// clips holds what was made already.
var clips struct {
	dir  string
	made sync.Map // of name to func() error
}

// path returns the file, made on first use.
func (c clip) path(t testing.TB) string {
	t.Helper()
	path := filepath.Join(clips.dir, c.name+".flv")
	made, _ := clips.made.LoadOrStore(c.name, sync.OnceValue(func() error {
		args := []string{"-v", "error", "-nostdin",
			"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=8",
			"-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=8",
			"-g", "30", "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-ac", "2"}
		output, err := exec.Command("ffmpeg", append(append(args, c.args...), path)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("make clip %s: %w\n%s", c.name, err, output)
		}
		return nil
	}))
	if err := made.(func() error)(); err != nil {
		t.Fatal(err)
	}
	return path
}

// tags returns the tags of the clip.
func (c clip) tags(t testing.TB) []flv.Tag {
	t.Helper()
	f, err := os.Open(c.path(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := flv.NewReader(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	var tags []flv.Tag
	for {
		tag, err := r.ReadTag()
		if err == io.EOF {
			return tags
		}
		if err != nil {
			t.Fatal(err)
		}
		tag.Body = bytes.Clone(tag.Body)
		tags = append(tags, tag)
	}
}

// isFrame reports whether the tag carries a frame: neither metadata nor a
// decoder configuration.
func isFrame(t testing.TB, tag flv.Tag) bool {
	t.Helper()
	if tag.Type == flv.TagScript {
		return false
	}
	u, ok, err := tag.Unit()
	if err != nil {
		t.Fatal(err)
	}
	return ok && !u.Config
}
