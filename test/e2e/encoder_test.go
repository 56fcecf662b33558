package e2e

import (
	"testing"
	"time"

	"tallylight/internal/ingest/rtmp"
	"tallylight/internal/media/flv"
	"tallylight/internal/media/mediatest"
)

// ffmpegPush pushes a clip and returns when ffmpeg has exited without an error.
func ffmpegPush(t testing.TB, c clip, url string, input ...string) {
	t.Helper()
	mediatest.Run(t, "ffmpeg", ffmpegArgs(t, c, url, input)...)
}

// ffmpegArgs returns the arguments that push a clip, with options for the input
// such as -re and for the output.
func ffmpegArgs(t testing.TB, c clip, url string, input []string, output ...string) []string {
	t.Helper()
	args := append([]string{"-v", "error", "-nostdin"}, input...)
	args = append(args, "-i", c.path(t), "-c", "copy", "-f", "flv")
	return append(append(args, output...), url)
}

// dial connects a publisher that is cut off when the test ends.
func dial(t testing.TB, url string) *rtmp.Publisher {
	t.Helper()
	return dialWith(t, rtmp.Dialer{}, url)
}

func dialWith(t testing.TB, d rtmp.Dialer, url string) *rtmp.Publisher {
	t.Helper()
	p, err := d.Dial(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Abort() })
	return p
}

// push publishes tags as fast as the server takes them, and returns when it has
// taken all.
func push(t testing.TB, url string, tags []flv.Tag) {
	t.Helper()
	pushAll(t, dial(t, url), tags)
}

func pushAll(t testing.TB, p *rtmp.Publisher, tags []flv.Tag) {
	t.Helper()
	for _, tag := range tags {
		write(t, p, tag)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, p *rtmp.Publisher, tag flv.Tag) {
	t.Helper()
	if err := p.WriteTag(byte(tag.Type), uint32(tag.Timestamp.Milliseconds()), tag.Body); err != nil {
		t.Fatalf("push: %v", err)
	}
}

// pushLive publishes tags in real time up to the first that is due at until, and
// returns when each was sent. The publisher stays connected.
func pushLive(t testing.TB, p *rtmp.Publisher, tags []flv.Tag, until time.Duration) (sent []time.Time) {
	t.Helper()
	started := time.Now()
	for _, tag := range before(tags, until) {
		time.Sleep(time.Until(started.Add(tag.Timestamp)))
		write(t, p, tag)
		sent = append(sent, time.Now())
	}
	return sent
}

// before returns the tags up to the first that is due at until.
func before(tags []flv.Tag, until time.Duration) []flv.Tag {
	for i, tag := range tags {
		if tag.Timestamp >= until {
			return tags[:i]
		}
	}
	return tags
}
