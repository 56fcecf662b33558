package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tallylight/internal/ingest/rtmp"
	"tallylight/internal/media/mediatest"
)

// formats are the formats of the rule that tests configure.
var formats = []string{"flv", "mp4"}

func TestRecordedFilesEqualWhatFFmpegPushed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		clip  clip
		input []string
	}{
		{"H264 with B-frames and AAC in real time", bFramesAndAAC, []string{"-re"}},
		{"H264 with B-frames and AAC as fast as it goes", bFramesAndAAC, nil},
		{"H264 and MP3", h264AndMP3, []string{"-readrate", "4"}},
		{"AAC alone", aacAlone, []string{"-readrate", "4"}},
		{"H264 alone", h264Alone, []string{"-readrate", "4"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, t.TempDir())
			s.configure(t, time.Hour)
			ffmpegPush(t, tt.clip, s.pushURL("show"), tt.input...)
			s.awaitPushEnd(t, "show")
			s.stop(t)
			for _, format := range formats {
				checkRecording(t, s.recording(t, "show", format), tt.clip.path(t))
			}
		})
	}
}

func TestEncodersMayNameTheDomainWhereTheyLike(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	s.configure(t, time.Hour)
	pushes := map[string][]string{ // by stream
		"behind-stream": {"rtmp://" + s.rtmp + "/live/behind-stream?vhost=" + ingestDomain},
		"behind-app": {"-rtmp_app", "live?vhost=" + ingestDomain, "-rtmp_playpath", "behind-app",
			"rtmp://" + s.rtmp + "/live/behind-app"},
		"host-of-tcurl": {"-rtmp_tcurl", "rtmp://" + ingestDomain + "/live", "-rtmp_app", "live", "-rtmp_playpath", "host-of-tcurl",
			"rtmp://" + s.rtmp + "/live/host-of-tcurl"},
		"streaming-domain": {"rtmp://" + s.rtmp + "/live/streaming-domain?vhost=" + streamingDomain},
	}
	for stream, output := range pushes {
		url := output[len(output)-1]
		mediatest.Run(t, "ffmpeg", ffmpegArgs(t, bFramesAndAAC, url, nil, output[:len(output)-1]...)...)
		s.awaitPushEnd(t, stream)
	}
	s.stop(t)
	for stream := range pushes {
		checkRecording(t, s.recording(t, stream, "flv"), bFramesAndAAC.path(t))
	}
}

// OBS and others built on librtmp send releaseStream, FCPublish and createStream,
// in chunks of 128 or 4096 bytes that they do not adapt to the server's.
func TestEncodersMayCutSmallChunks(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	s.configure(t, time.Hour)
	sizes := []int{1, 128, 4096}
	for _, size := range sizes {
		p := dialWith(t, rtmp.Dialer{ChunkSize: size}, s.pushURL(fmt.Sprint("chunks-of-", size)))
		pushAll(t, p, bFramesAndAAC.tags(t))
	}
	s.stop(t)
	for _, size := range sizes {
		for _, format := range formats {
			checkRecording(t, s.recording(t, fmt.Sprint("chunks-of-", size), format), bFramesAndAAC.path(t))
		}
	}
}

func TestFilesAreCutAtKeyFramesOfTheCycle(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	s.configure(t, 5*time.Second)
	ffmpegPush(t, bFramesAndAAC, s.pushURL("show"), "-stream_loop", "1", "-readrate", "4")
	s.awaitPushEnd(t, "show")
	s.stop(t)

	// Sixteen seconds in cycles of five. Key frames are at 0, 1.2 … 7.2, and at 8,
	// 9.2 … 15.2 seconds, so that files end after 6, 11.6 and 16 seconds.
	frames := []int{150, 140, 110}
	once := packetsOf(t, bFramesAndAAC.path(t))
	for _, format := range formats {
		paths := s.recordings(t, "show", format)
		if len(paths) != len(frames) {
			t.Fatalf("%d %s files, want %d", len(paths), format, len(frames))
		}
		joined := make(map[string][]string) // hashes by stream
		for i, path := range paths {
			if sequence(t, path) != i {
				t.Errorf("file %d is named %s", i, path)
			}
			checkPlays(t, path)
			packets := packetsOf(t, path)
			if video := packets["v:0"]; !video[0].Key || len(video) != frames[i] {
				t.Errorf("%s: %d frames, the first a key frame: %t; want %d from a key frame on", path, len(video), video[0].Key, frames[i])
			}
			for stream := range packets {
				joined[stream] = append(joined[stream], hashes(packets[stream])...)
			}
		}
		for stream := range once {
			if want := slices.Repeat(hashes(once[stream]), 2); !slices.Equal(joined[stream], want) {
				t.Errorf("the %s files have %d packets of %s together, not the %d that were pushed", format, len(joined[stream]), stream, len(want))
			}
		}
	}
}
