package e2e

import (
	"errors"
	"testing"
	"time"

	"tallylight/internal/api/sign"
	"tallylight/internal/ingest/rtmp"
	"tallylight/internal/live"
)

// ask makes a call that has to succeed and returns a member of its answer.
func (s *server) ask(t testing.TB, member, action string, pairs ...string) any {
	t.Helper()
	status, answer := s.call(t, sign.Key{ID: keyID, Secret: keySecret}, action, pairs...)
	if status != 200 {
		t.Fatalf("%s answered %d %v", action, status, answer)
	}
	return answer[member]
}

// denied pushes and has to be refused for a reason.
func (s *server) denied(t testing.TB, url string, reason error) {
	t.Helper()
	_, err := rtmp.Dial(t.Context(), url)
	if status, refused := errors.AsType[*rtmp.StatusError](err); !refused || status.Code != "NetStream.Publish.Denied" {
		t.Errorf("Dial = %v, want the status NetStream.Publish.Denied", err)
	}
	s.awaitLog(t, "push refused", reason.Error())
}

func TestAForbiddenStreamIsCutAndRefusedUntilItIsAllowed(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := startServer(t, data)
	s.configure(t, time.Hour)
	stream := []string{"DomainName", ingestDomain, "AppName", "live", "StreamName", "show", "LiveStreamType", "publisher"}
	state := func() any {
		return s.ask(t, "StreamState", "DescribeLiveStreamState", "DomainName", streamingDomain, "AppName", "live", "StreamName", "show")
	}

	tags := bFramesAndAAC.tags(t)
	pushed := dial(t, s.pushURL("show"))
	for _, tag := range tags[:len(tags)/2] {
		write(t, pushed, tag)
	}
	if got := state(); got != "online" {
		t.Errorf("state of a stream that is pushed: %v", got)
	}
	s.must(t, "ForbidLiveStream", stream...)
	s.awaitPushEnd(t, "show")
	s.denied(t, s.pushURL("show"), live.ErrStreamForbidden)
	if got := state(); got != "offline" {
		t.Errorf("state of a stream that is forbidden: %v", got)
	}

	s.must(t, "ResumeLiveStream", stream...)
	push(t, s.pushURL("show"), tags)

	// The history outlives the server.
	s.stop(t)
	s = startServer(t, data)
	day := func(d time.Duration) string { return time.Now().UTC().Add(d).Format(time.RFC3339) }
	if got := s.ask(t, "TotalNum", "DescribeLiveStreamsPublishList", "DomainName", streamingDomain, "StartTime", day(-time.Hour), "EndTime", day(time.Hour)); got != 2.0 {
		t.Errorf("%v pushes in the history, want 2", got)
	}
}

func TestADomainDemandsAProofAndStops(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	s.configure(t, time.Hour)
	const key = "0123456789abcdef"
	s.must(t, "BatchSetLiveDomainConfigs", "DomainNames", ingestDomain, "Functions",
		`[{"functionName":"aliauth","functionArgs":[{"argName":"auth_type","argValue":"type_a"},{"argName":"auth_key1","argValue":"`+key+`"}]}]`)
	proof := func(signed time.Time) string {
		return s.pushURL("show", live.AuthKeyArg+"="+live.AuthKey("/live/show", signed, "0", "0", key))
	}
	s.denied(t, s.pushURL("show"), live.ErrAuthKeyMissing)
	s.denied(t, s.pushURL("show", live.AuthKeyArg+"=1-0-0-00"), live.ErrAuthKeyInvalid)
	s.denied(t, proof(time.Now().Add(-time.Hour)), live.ErrAuthKeyExpired)
	pushed := dial(t, proof(time.Now()))
	for _, tag := range bFramesAndAAC.tags(t) {
		write(t, pushed, tag)
	}
	if got := s.ask(t, "TotalNum", "DescribeLiveStreamsOnlineList", "DomainName", streamingDomain); got != 1.0 {
		t.Errorf("%v streams are online, want 1", got)
	}
	s.must(t, "StopLiveDomain", "DomainName", ingestDomain)
	s.awaitPushEnd(t, "show")
	s.denied(t, proof(time.Now()), live.ErrDomainStopped)
	s.must(t, "StartLiveDomain", "DomainName", ingestDomain)
	push(t, proof(time.Now()), bFramesAndAAC.tags(t))
	s.stop(t)
}
