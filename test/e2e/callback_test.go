package e2e

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tallylight/internal/media/mediatest"
)

func TestCallbacksAreWhatTheVendorDocuments(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	s := startServer(t, t.TempDir())
	s.configure(t, time.Hour)
	s.notify(t, r.URL, true)
	started := time.Now()
	ffmpegPush(t, bFramesAndAAC, s.pushURL("show", "callback_id=42", "callback_id=43", "secret=x", "callback_title=a%20%26%20b"), "-readrate", "4")
	ended := time.Now()

	callbacks := r.awaitAccepted(t, 4)
	if got, want := events(callbacks), []string{"record_started", "record_paused", "file_created", "file_created"}; !slices.Equal(got, want) {
		t.Fatalf("events %q, want %q", got, want)
	}
	for i, c := range callbacks {
		checkHeaders(t, c, i+1)
		if i < 2 {
			want := fmt.Sprintf(`{"domain":"play.example.com","app":"live","stream":"show","event":"%s"}`, c.event)
			if c.body != want {
				t.Errorf("body %s\nwant %s", c.body, want)
			}
			continue
		}
		f := c.file(t)
		checkFileBody(t, c, formats[i-2])
		path := filepath.Join(s.data, "records", bucket, filepath.FromSlash(f.URI))
		_, duration := mediatest.Streams(t, path)
		if d := time.Duration(f.Duration*float64(time.Second)) - duration; d.Abs() > time.Millisecond {
			t.Errorf("duration of %s is %v, ffprobe says %v", f.URI, f.Duration, duration)
		}
		// A push of eight seconds of media at four times their speed.
		if f.StartTime < started.Unix() || f.StopTime > ended.Unix()+1 || f.StopTime-f.StartTime < 1 {
			t.Errorf("%s is said to last from %d to %d, the push did from %d to %d", f.URI, f.StartTime, f.StopTime, started.Unix(), ended.Unix())
		}
		checkRecording(t, path, bFramesAndAAC.path(t))
	}
}

// checkHeaders checks the headers of the n-th event of a stream.
func checkHeaders(t *testing.T, c callback, n int) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type":     "application/json",
		"User-Agent":       "Go-http-client/1.1",
		"X-Live-Event-Seq": strconv.Itoa(n),
		"X-Live-Attempt":   "1",
	} {
		if got := c.header.Get(name); got != want {
			t.Errorf("%s: header %s is %q, want %q", c.event, name, got, want)
		}
	}
	if !strings.HasPrefix(c.id, "evt_") {
		t.Errorf("%s: webhook-id is %q", c.event, c.id)
	}
	timestamp := c.header.Get("ALI-LIVE-TIMESTAMP")
	if seconds, err := strconv.ParseInt(timestamp, 10, 64); err != nil || time.Since(time.Unix(seconds, 0)).Abs() > patience {
		t.Errorf("%s: ALI-LIVE-TIMESTAMP is %q", c.event, timestamp)
	}
	host, _, err := net.SplitHostPort(c.host)
	if err != nil {
		t.Fatal(err)
	}
	sum := md5.Sum([]byte(host + "|" + timestamp + "|" + notifyAuthKey))
	if got, want := c.header.Get("ALI-LIVE-SIGNATURE"), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("%s: ALI-LIVE-SIGNATURE is %q, want %q", c.event, got, want)
	}
}

// checkFileBody compares the body of a file event, byte by byte, with what the
// vendor sends of a file with those times and that duration.
func checkFileBody(t *testing.T, c callback, format string) {
	t.Helper()
	f := c.file(t)
	inName := func(seconds int64) string {
		return time.Unix(seconds, 0).In(time.FixedZone("UTC+8", 8*60*60)).Format("2006-01-02-15-04-05")
	}
	want := fmt.Sprintf(`{"domain":"play.example.com","app":"live","stream":"show","uri":"live/show/0_%s_%s.%s",`+
		`"duration":%s,"start_time":%d,"stop_time":%d,"push_args":{"callback_id":"42","callback_title":"a & b"}}`,
		inName(f.StartTime), inName(f.StopTime), format, strconv.FormatFloat(f.Duration, 'f', -1, 64), f.StartTime, f.StopTime)
	if c.body != want {
		t.Errorf("body %s\nwant %s", c.body, want)
	}
}

func TestStatesAreToldOnlyToWhoAsks(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	s := startServer(t, t.TempDir())
	s.configure(t, time.Hour)
	s.notify(t, r.URL, false)
	push(t, s.pushURL("show"), bFramesAndAAC.tags(t))
	// States would have come before the files.
	if got, want := events(r.awaitAccepted(t, 2)), []string{"file_created", "file_created"}; !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

func TestNothingIsToldOfWhatWasBeforeTheNotifyConfig(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	data := t.TempDir()
	s := startServer(t, data)
	s.configure(t, time.Hour)
	push(t, s.pushURL("unheard"), bFramesAndAAC.tags(t))
	s.stop(t)
	if got := len(s.recordings(t, "unheard", "flv")); got != 1 {
		t.Fatalf("%d files recorded, want 1", got)
	}

	s = startServer(t, data)
	s.notify(t, r.URL, true)
	push(t, s.pushURL("heard"), bFramesAndAAC.tags(t))
	for _, c := range r.awaitAccepted(t, 2) {
		if !strings.Contains(c.body, `"stream":"heard"`) {
			t.Errorf("told of %s", c.body)
		}
	}
}
