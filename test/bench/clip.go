//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"

	"tallylight/internal/media"
	"tallylight/internal/media/flv"
)

// The clip that every stream repeats: 2.5 Mbit/s of H.264 with B-frames and AAC.
const (
	clipDuration     = 20 * time.Second
	keyFrameDistance = 2 * time.Second
)

// makeClip encodes the clip with ffmpeg. The rate is constant, as live encoders
// keep it, and the picture has noise, so that it needs that rate.
func makeClip(ctx context.Context, path string) error {
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-nostdin", "-y",
		"-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25,noise=alls=12:allf=t",
		"-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
		"-t", fmt.Sprint(clipDuration.Seconds()),
		"-c:v", "libx264", "-preset", "superfast", "-pix_fmt", "yuv420p", "-bf", "2",
		"-g", "50", "-keyint_min", "50", "-sc_threshold", "0",
		"-b:v", "2400k", "-minrate", "2400k", "-maxrate", "2400k", "-bufsize", "2400k", "-x264-params", "nal-hrd=cbr",
		"-c:a", "aac", "-b:a", "96k", "-ac", "2",
		"-f", "flv", path)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("encode the clip: %w\n%s", err, output)
	}
	return nil
}

// A clip is what a stream begins with and what it repeats.
type clip struct {
	setup  []flv.Tag // metadata and decoder configurations
	frames []flv.Tag // audio and video, from timestamp 0 to clipDuration
}

func loadClip(path string) (clip, error) {
	f, err := os.Open(path)
	if err != nil {
		return clip{}, err
	}
	defer f.Close()
	c, err := readClip(bufio.NewReader(f))
	if err != nil {
		return clip{}, fmt.Errorf("read %s: %w", path, err)
	}
	return c, nil
}

func readClip(r io.Reader) (clip, error) {
	var c clip
	tags, err := flv.NewReader(r)
	if err != nil {
		return c, err
	}
	for {
		tag, err := tags.ReadTag()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return c, err
		}
		u, ok, err := tag.Unit()
		if err != nil {
			return c, err
		}
		if !ok || tag.Timestamp >= clipDuration {
			continue // the end of a sequence is no packet, and the clip repeats
		}
		tag.Body = slices.Clone(tag.Body)
		if u.Kind == media.Data || u.Config {
			c.setup = append(c.setup, tag)
		} else {
			c.frames = append(c.frames, tag)
		}
	}
	if len(c.frames) == 0 {
		return c, errors.New("no frames")
	}
	return c, nil
}

// bitrate returns the payload of the clip in bits a second.
func (c clip) bitrate() float64 {
	bytes := 0
	for _, tag := range c.frames {
		bytes += len(tag.Body)
	}
	return 8 * float64(bytes) / clipDuration.Seconds()
}
