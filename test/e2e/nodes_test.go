//go:build unix

package e2e

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tallylight/internal/api/sign"
	"tallylight/internal/ingest/rtmp"
	"tallylight/internal/live"
	"tallylight/internal/store/postgres/pgtest"
)

// startNodes starts two servers on one database, and configures them by the first.
func startNodes(t *testing.T, database, notifyURL string) (a, b *server) {
	t.Helper()
	a = startServer(t, t.TempDir(), "--database", database)
	b = startServer(t, t.TempDir(), "--database", database)
	a.configure(t, time.Hour)
	a.notify(t, notifyURL, true)
	return a, b
}

// eventsOf returns the types of the events of a stream that were accepted, and fails
// if one was accepted twice.
func eventsOf(t *testing.T, r *receiver, stream string) []string {
	t.Helper()
	var told []callback
	for _, c := range r.accepted() {
		if !strings.Contains(c.body, `"`+stream+`"`) {
			continue
		}
		if slices.ContainsFunc(told, func(o callback) bool { return o.id == c.id }) {
			t.Errorf("stream %s: %s %s was delivered twice", stream, c.event, c.id)
			continue
		}
		told = append(told, c)
	}
	return events(told)
}

func TestTwoServersOnOneDatabaseServeAsOne(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	a, b := startNodes(t, pgtest.New(t).URL("postgres"), r.URL)
	tags := bFramesAndAAC.tags(t)
	onA, onB := dial(t, a.pushURL("one")), dial(t, b.pushURL("two"))
	pushLive(t, onA, tags, 2*time.Second)
	pushLive(t, onB, tags, 2*time.Second)

	for s, url := range map[*server]string{a: a.pushURL("two"), b: b.pushURL("one")} {
		_, err := rtmp.Dial(t.Context(), url)
		if status, refused := errors.AsType[*rtmp.StatusError](err); !refused || status.Code != "NetStream.Publish.BadName" {
			t.Errorf("publisher beside that on the other server: %v, want the status NetStream.Publish.BadName", err)
		}
		s.awaitLog(t, "push refused", "stream has a publisher already")
		_, answer := s.call(t, sign.Key{ID: keyID, Secret: keySecret}, "DescribeLiveStreamsOnlineList", "DomainName", streamingDomain)
		if answer["TotalNum"] != 2.0 {
			t.Errorf("%v streams are online, want those of both servers", answer["TotalNum"])
		}
	}

	a.must(t, "RealTimeRecordCommand", "DomainName", streamingDomain, "AppName", "live", "StreamName", "two", "Command", "cancel_delay")
	a.refused(t, "TaskNotStarted", "RealTimeRecordCommand", "DomainName", streamingDomain, "AppName", "live", "StreamName", "two", "Command", "stop")
	a.must(t, "ForbidLiveStream", "DomainName", streamingDomain, "AppName", "live", "StreamName", "two", "LiveStreamType", "publisher")
	b.awaitLog(t, "publish ended", "stream=two", "stream is forbidden")
	if err := onA.Close(); err != nil {
		t.Error(err)
	}

	want := []string{"record_started", "record_paused", "file_created", "file_created"}
	for s, stream := range map[*server]string{a: "one", b: "two"} {
		r.await(t, "the events of stream "+stream, func() bool { return len(eventsOf(t, r, stream)) >= len(want) })
		for _, format := range formats {
			checkPlays(t, s.recording(t, stream, format))
		}
	}
	a.stop(t)
	push(t, b.pushURL("one"), tags) // free at once
	b.stop(t)
	for _, stream := range []string{"one", "two"} {
		if got := eventsOf(t, r, stream); !slices.Equal(got[:len(want)], want) {
			t.Errorf("stream %s: events %q, want %q first", stream, got, want)
		}
	}
}

func TestAnotherServerDeliversWhatAKilledOneOwes(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	var healthy atomic.Bool
	r.answerWith(func(callback) int {
		if healthy.Load() {
			return http.StatusOK
		}
		return http.StatusBadGateway
	})
	database := pgtest.New(t).URL("postgres")
	a, b := startNodes(t, database, r.URL)
	tags := bFramesAndAAC.tags(t)
	pushLive(t, dial(t, a.pushURL("show")), tags, 3*time.Second)
	r.await(t, "an attempt of the first server", func() bool { return len(r.received()) > 0 })
	a.kill()
	killed := time.Now()
	healthy.Store(true)

	limit := live.DeliveryLease + patience
	r.awaitWithin(t, limit, "the other server to deliver", func() bool { return len(r.accepted()) > 0 })
	t.Logf("delivered by the other server %v after the kill; leases last %v", time.Since(killed), live.DeliveryLease)
	if a := r.accepted()[0]; a.event != "record_started" {
		t.Errorf("%s was delivered first, want record_started", a.event)
	}
	if files, err := filepath.Glob(filepath.Join(b.data, "records", "*")); err != nil || len(files) > 0 {
		t.Errorf("the other server made files of what is not its own: %q, %v", files, err)
	}
	// The stream is free once the killed server counts as dead. The encoder's next
	// push is a recording of its own.
	r.awaitWithin(t, limit, "the stream to be free", func() bool {
		p, err := rtmp.Dial(t.Context(), b.pushURL("show"))
		if err != nil {
			go r.happened() // ask again
			return false
		}
		pushAll(t, p, tags)
		return true
	})

	a = startServer(t, a.data, "--database", database)
	want := []string{"record_started", "record_started", "record_paused", "record_paused", "file_created", "file_created", "file_created", "file_created"}
	r.awaitWithin(t, limit, "the events of both recordings", func() bool { return len(eventsOf(t, r, "show")) >= len(want) })
	got := eventsOf(t, r, "show")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
	for _, s := range []*server{a, b} {
		for _, format := range formats {
			checkPlays(t, s.recording(t, "show", format))
		}
		s.stop(t)
	}
}

func TestASecondServerUnderTheSameNameIsRefused(t *testing.T) {
	t.Parallel()
	database := pgtest.New(t).URL("postgres")
	a := startServer(t, t.TempDir(), "--database", database)
	copied := t.TempDir()
	copyFile(t, filepath.Join(a.data, "node"), filepath.Join(copied, "node"))
	status, stdout, stderr := runToEnd(t, keyEnviron, serveArgs(copied, "--database", database)...)
	if status != 1 || stdout != "" {
		t.Errorf("exit status %d and output %q, want 1 and none", status, stdout)
	}
	for _, part := range []string{live.ErrNodeTaken.Error(), "a data folder of its own"} {
		if !strings.Contains(stderr, part) {
			t.Errorf("message %q does not say %q", stderr, part)
		}
	}
	a.configure(t, time.Hour) // it works on
	a.kill()
	a = startServer(t, a.data, "--database", database)
	if strings.Contains(a.stderr.String(), "waiting for its lease") {
		t.Error("the restart of a killed server waited for its own lease")
	}
	a.stop(t)
	startServer(t, copied, "--database", database).stop(t) // now it is no second one
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestServersThatStartAtOnceShareAnAccount(t *testing.T) {
	t.Parallel()
	database := pgtest.New(t).URL("postgres")
	first, second := t.TempDir(), t.TempDir()
	p, q := start(t, nil, tallylight, serveArgs(first, "--database", database)...), start(t, nil, tallylight, serveArgs(second, "--database", database)...)
	servers := []*server{awaitReady(t, first, p), awaitReady(t, second, q)}
	var keys []string
	for _, s := range servers {
		path := filepath.Join(s.data, "access-key.env")
		if _, err := os.Stat(path); err == nil {
			keys = append(keys, path)
		}
	}
	if len(keys) != 1 {
		t.Fatalf("keys were made in %q, want one", keys)
	}
	for _, s := range servers {
		checkKey(t, s, readKey(t, keys[0]))
	}
}

// A call that changes something is taken once, whichever server it comes to.
func TestACallCannotBeSentAgainToAnotherServer(t *testing.T) {
	t.Parallel()
	database := pgtest.New(t).URL("postgres")
	a := startServer(t, t.TempDir(), "--database", database)
	b := startServer(t, t.TempDir(), "--database", database)
	query := signedQuery(sign.Key{ID: keyID, Secret: keySecret}, "AddLiveDomain", "DomainName", streamingDomain, "LiveDomainType", "liveVideo", "Region", "cn-shanghai")
	var answers []string
	for _, s := range []*server{a, b} {
		resp, err := http.Post("http://"+s.api+"/?"+query, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, string(body))
	}
	if strings.Contains(answers[0], "Code") || !strings.Contains(answers[1], "SignatureNonceUsed") {
		t.Errorf("answers %q, want the second to be refused for its nonce", answers)
	}
}
