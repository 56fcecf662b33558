package e2e

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"tallylight/internal/media/mediatest"
)

// A limit on the size of files makes writes fail half-way, as a full disk does,
// without the rights that a small file system of one's own would need.
func TestRecordingIsKeptWhenTheDiskRefusesMore(t *testing.T) {
	t.Parallel()
	const limit = 2 << 20 // two of the clip's eight seconds
	r := newReceiver(t)
	data := t.TempDir()
	limited := append([]string{"--fsize=" + strconv.Itoa(limit) + ":unlimited", tallylight}, serveArgs(data)...)
	s := awaitReady(t, data, start(t, keyEnviron, "prlimit", limited...))
	s.configure(t, time.Hour)
	s.notify(t, r.URL, true)
	// Long enough for the recording to begin anew, ten seconds after the failure.
	ffmpeg := start(t, nil, "ffmpeg", ffmpegArgs(t, large, s.pushURL("show"), []string{"-re", "-stream_loop", "2"})...)

	callbacks := r.awaitAccepted(t, 2)
	if got, want := events(callbacks[:2]), []string{"record_started", "record_error"}; !slices.Equal(got, want) {
		t.Fatalf("events %q, want %q", got, want)
	}
	want := `{"domain":"play.example.com","app":"live","stream":"show","event":"record_error",` +
		`"error_info":{"code":"TsSegmenterFail","message":"ts segmenter error"}}`
	if got := callbacks[1].body; got != want {
		t.Errorf("body %s\nwant %s", got, want)
	}
	s.awaitLog(t, "recording failed", "file too large")

	mediatest.Run(t, "prlimit", "--pid", strconv.Itoa(s.cmd.Process.Pid), "--fsize=unlimited")
	if status := ffmpeg.wait(t); status != 0 {
		t.Fatalf("the push ended with status %d", status)
	}
	// The kept files are announced, and the rest of the push is recorded.
	rest := events(r.awaitAccepted(t, 6)[2:])
	slices.Sort(rest)
	if want := []string{"file_created", "file_created", "record_paused", "record_started"}; !slices.Equal(rest, want) {
		t.Fatalf("events once there is space %q, want %q", rest, want)
	}
	s.stop(t)

	pushed := packetsOf(t, large.path(t))
	for _, format := range formats {
		paths := s.recordings(t, "show", format)
		if len(paths) != 2 {
			t.Fatalf("%s files %q, want one from before the failure and one from after", format, paths)
		}
		for _, path := range paths {
			checkPlays(t, path)
		}
		kept := packetsOf(t, paths[0])
		for stream := range pushed {
			n := len(kept[stream])
			if second := len(pushed[stream]) / 8; n < second {
				t.Fatalf("%s keeps %d packets of %s, less than the %d of the first second", paths[0], n, stream, second)
			}
			checkStream(t, paths[0], stream, kept[stream], pushed[stream][:n])
		}
	}
}
