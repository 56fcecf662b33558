package console

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A world is a server on which every page has something to show: a stream that is
// live and recorded, a recording that is finished in three formats, callbacks that
// were taken and such that fail, a forbidden stream and a user.
type world struct {
	*server
	receiver *receiver
	lena     keyPair // of the user, who may read what is of the streaming domain
}

// lenasPolicy lets a user read what is of the streaming domain, and replay.
const lenasPolicy = `{
  "Version": "1",
  "Statement": [{
    "Effect": "Allow",
    "Action": ["live:Describe*", "live:TallylightReplayDeliveries"],
    "Resource": "acs:cdn:*:*:domain/` + streamingDomain + `"
  }]
}`

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{server: startServer(t), receiver: newReceiver(t)}
	w.addDomains(t)
	w.record(t)
	w.must(t, "AddLiveRecordNotifyConfig", "DomainName", streamingDomain, "NotifyUrl", w.receiver.URL+"/hook",
		"NeedStatusNotify", "true", "NotifyReqAuth", "true", "NotifyAuthKey", notifyAuthKey, "OnDemandUrl", w.receiver.URL+"/ask")
	w.command(t, "endpoints", "add", streamingDomain, w.receiver.URL+"/broken", "--dev")
	w.must(t, "ForbidLiveStream", "DomainName", streamingDomain, "AppName", "live", "StreamName", "banned", "LiveStreamType", "publisher")
	policy := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(policy, []byte(lenasPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	w.command(t, "users", "create", "lena")
	w.command(t, "users", "attach-policy", "lena", "reader", policy)
	w.lena = printedKey(t, w.command(t, "keys", "create", "--user", "lena"))

	show := w.push(t, "show", "6")
	w.push(t, "concert", "")
	<-show.exited
	w.awaitLog(t, "publish ended", "stream=show")
	w.must(t, "RealTimeRecordCommand", "DomainName", streamingDomain, "AppName", "live", "StreamName", "show", "Command", "cancel_delay")
	w.receiver.awaitFiles(t, 3)
	w.awaitLog(t, "recording starts", "stream=concert")
	return w
}

// awaitLog returns when the server has logged a line that holds all of parts.
func (s *server) awaitLog(t testing.TB, parts ...string) {
	t.Helper()
	s.stderr.await(t, "a log line with "+strings.Join(parts, " and "), func() bool {
	lines:
		for line := range strings.Lines(s.stderr.String()) {
			for _, part := range parts {
				if !strings.Contains(line, part) {
					continue lines
				}
			}
			return true
		}
		return false
	})
}

// get answers with a page as the holder of a session sees it.
func (s *server) get(t testing.TB, session, path string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "tallylight_session", Value: session})
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(content)
}
