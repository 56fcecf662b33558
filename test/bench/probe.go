//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
)

const (
	// probeAll is up to how many streams the files of every one are checked; of
	// more streams those of a sample are.
	probeAll    = 10
	probeSample = 5
	// probers bounds the files that are read at a time.
	probers = 2
)

// checkFiles compares the files of streams with what was sent of them and
// returns how many files it has read.
func checkFiles(ctx context.Context, s *server, sent tally) (int, error) {
	streams := sample(sent.Streams)
	errs := make([]error, len(streams))
	slots := make(chan struct{}, probers)
	var checking sync.WaitGroup
	for i, stream := range streams {
		slots <- struct{}{}
		checking.Go(func() {
			defer func() { <-slots }()
			errs[i] = checkStream(ctx, s, stream)
		})
	}
	checking.Wait()
	return len(streams) * s.files, errors.Join(errs...)
}

// sample returns the streams whose files are checked: all, or some that are
// spread over all.
func sample(all []streamTally) []streamTally {
	if len(all) <= probeAll {
		return all
	}
	some := make([]streamTally, probeSample)
	for i := range some {
		some[i] = all[i*(len(all)-1)/(probeSample-1)]
	}
	return some
}

func checkStream(ctx context.Context, s *server, sent streamTally) error {
	paths, err := filepath.Glob(fmt.Sprintf(s.recordings, sent.Name))
	if err != nil {
		return err
	}
	if len(paths) != s.files {
		return fmt.Errorf("stream %s has the files %q, want %d", sent.Name, paths, s.files)
	}
	for _, path := range paths {
		video, audio, err := countPackets(ctx, path)
		if err != nil {
			return err
		}
		if video != sent.Video || audio != sent.Audio {
			return fmt.Errorf("%s has %d video and %d audio packets, sent were %d and %d", path, video, audio, sent.Video, sent.Audio)
		}
	}
	return nil
}

// countPackets asks ffprobe what a file holds.
func countPackets(ctx context.Context, path string) (video, audio int64, err error) {
	cmd := exec.CommandContext(ctx, "ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=codec_type,nb_read_packets", "-of", "json", path)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		return 0, 0, fmt.Errorf("ffprobe %s: %v\n%s", path, err, stderr.Bytes())
	}
	return parsePackets(output)
}

// parsePackets reads the answer of ffprobe.
func parsePackets(output []byte) (video, audio int64, err error) {
	var answer struct {
		Streams []struct {
			Type    string `json:"codec_type"`
			Packets string `json:"nb_read_packets"`
		} `json:"streams"`
	}
	if err := json.Unmarshal(output, &answer); err != nil {
		return 0, 0, fmt.Errorf("ffprobe answered %q: %w", output, err)
	}
	for _, s := range answer.Streams {
		n, err := strconv.ParseInt(s.Packets, 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("ffprobe answered %q: %w", output, err)
		}
		switch s.Type {
		case "video":
			video += n
		case "audio":
			audio += n
		}
	}
	return video, audio, nil
}
