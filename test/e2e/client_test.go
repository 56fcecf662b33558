package e2e

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
)

// What the tests configure.
const (
	streamingDomain = "play.example.com"
	ingestDomain    = "push.example.com"
	bucket          = "e2e-shows"
	notifyAuthKey   = "e2enotifyauthkey01"

	// objectPrefix names record files; names begin with the sequence number.
	objectPrefix = "{AppName}/{StreamName}/{Sequence}_{EscapedStartTime}_{EscapedEndTime}"
	// delayTime is the shortest that a rule can have, in seconds.
	delayTime = 15
)

// signedQuery returns the query of an API call by POST.
func signedQuery(key sign.Key, action string, pairs ...string) string {
	params := wire.Params{}.With("Action", action).With("Version", "2016-11-01").With("Format", "JSON")
	for i := 0; i < len(pairs); i += 2 {
		params = params.With(pairs[i], pairs[i+1])
	}
	query := url.Values{}
	for _, p := range sign.RPC(key, http.MethodPost, params, rand.Text(), time.Now()) {
		query.Set(p.Name, p.Value)
	}
	return query.Encode()
}

// call makes an API call as an SDK does, with parameters in pairs of name and
// value, and returns the status and the decoded answer.
func (s *server) call(t testing.TB, key sign.Key, action string, pairs ...string) (int, map[string]any) {
	t.Helper()
	resp, err := http.Post("http://"+s.api+"/?"+signedQuery(key, action, pairs...), "", nil)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s answered %q: %v", action, body, err)
	}
	return resp.StatusCode, answer
}

// must makes a call that has to succeed.
func (s *server) must(t testing.TB, action string, pairs ...string) {
	t.Helper()
	if status, answer := s.call(t, sign.Key{ID: keyID, Secret: keySecret}, action, pairs...); status != http.StatusOK {
		t.Fatalf("%s answered %d %v", action, status, answer)
	}
}

// configure adds the domains, and a rule that records app live as FLV and MP4
// with files of at most cycle.
func (s *server) configure(t testing.TB, cycle time.Duration) {
	t.Helper()
	s.must(t, "AddLiveDomain", "DomainName", streamingDomain, "LiveDomainType", "liveVideo", "Region", "cn-shanghai")
	s.must(t, "AddLiveDomain", "DomainName", ingestDomain, "LiveDomainType", "liveEdge", "Region", "cn-shanghai")
	s.must(t, "AddLiveDomainMapping", "PushDomain", ingestDomain, "PullDomain", streamingDomain)
	seconds := strconv.Itoa(int(cycle.Seconds()))
	s.must(t, "AddLiveAppRecordConfig", "DomainName", streamingDomain, "AppName", "live",
		"OssBucket", bucket, "OssEndpoint", "oss-cn-shanghai.aliyuncs.com", "DelayTime", strconv.Itoa(delayTime),
		"RecordFormat.1.Format", "flv", "RecordFormat.1.OssObjectPrefix", objectPrefix, "RecordFormat.1.CycleDuration", seconds,
		"RecordFormat.2.Format", "mp4", "RecordFormat.2.OssObjectPrefix", objectPrefix, "RecordFormat.2.CycleDuration", seconds)
}

// notify has the callbacks of the streaming domain sent to a URL, of states too
// if states says so, signed.
func (s *server) notify(t testing.TB, notifyURL string, states bool) {
	t.Helper()
	s.must(t, "AddLiveRecordNotifyConfig", "DomainName", streamingDomain, "NotifyUrl", notifyURL,
		"NeedStatusNotify", strconv.FormatBool(states), "NotifyReqAuth", "true", "NotifyAuthKey", notifyAuthKey)
}
