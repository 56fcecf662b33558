package console

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What the tests configure.
const (
	streamingDomain = "play.example.com"
	ingestDomain    = "push.example.com"
	otherDomain     = "other.example.com"
	notifyAuthKey   = "consolenotifykey01"
)

// A keyPair is an access key with its secret.
type keyPair struct{ id, secret string }

// A server is one that a test started, with a data folder of its own, on ports
// that the system picked.
type server struct {
	*process
	data string  // its data folder
	api  string  // HOST:PORT of the API and the console
	rtmp string  // HOST:PORT for encoders
	key  keyPair // of the account, as the server printed it
}

func startServer(t testing.TB) *server {
	t.Helper()
	s := &server{data: t.TempDir()}
	s.process = start(t, binary, "serve", "--dev", "--data", s.data, "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0")
	s.stdout.await(t, "the ready line", func() bool {
		return strings.Contains(s.stdout.String(), "\n") || s.hasExited()
	})
	if _, err := fmt.Sscanf(s.stdout.String(), "tallylight ready http=%s rtmp=%s\n", &s.api, &s.rtmp); err != nil {
		t.Fatalf("the server printed %q instead of its ready line: %v", s.stdout.String(), err)
	}
	s.key = printedKey(t, s.stderr.String())
	return s
}

var printedPair = regexp.MustCompile(`AccessKeyId +(\S+)\s+AccessKeySecret +(\S+)`)

// printedKey finds the key pair in what a program printed.
func printedKey(t testing.TB, text string) keyPair {
	t.Helper()
	found := printedPair.FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("no access key in %q", text)
	}
	return keyPair{found[1], found[2]}
}

// base is the address of the server, without a path.
func (s *server) base() string { return "http://" + s.api }

// pushURL returns where an encoder pushes a stream of app live to.
func (s *server) pushURL(stream string) string {
	return "rtmp://" + s.rtmp + "/live/" + stream + "?vhost=" + ingestDomain
}

// must makes an API call that has to succeed, signed with the account's key, with
// parameters in pairs of name and value.
func (s *server) must(t testing.TB, action string, pairs ...string) {
	t.Helper()
	query := url.Values{
		"Action": {action}, "Version": {"2016-11-01"}, "Format": {"JSON"}, "AccessKeyId": {s.key.id},
		"SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"}, "SignatureNonce": {rand.Text()},
		"Timestamp": {time.Now().UTC().Format(time.RFC3339)},
	}
	for i := 0; i < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	mac := hmac.New(sha1.New, []byte(s.key.secret+"&"))
	mac.Write([]byte("POST&%2F&" + percentEncode(strings.ReplaceAll(query.Encode(), "+", "%20"))))
	query.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	resp, err := http.Post(s.base()+"/?"+query.Encode(), "", nil)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		t.Fatalf("%s is answered with %d %s", action, resp.StatusCode, body)
	}
}

// percentEncode encodes as signatures want it.
func percentEncode(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// addDomains adds the domains of the tests.
func (s *server) addDomains(t testing.TB) {
	t.Helper()
	for domain, role := range map[string]string{streamingDomain: "liveVideo", ingestDomain: "liveEdge", otherDomain: "liveVideo"} {
		s.must(t, "AddLiveDomain", "DomainName", domain, "LiveDomainType", role, "Region", "cn-shanghai")
	}
	s.must(t, "AddLiveDomainMapping", "PushDomain", ingestDomain, "PullDomain", streamingDomain)
}

// record adds a rule that records app live in three formats.
func (s *server) record(t testing.TB) {
	t.Helper()
	pairs := []string{"DomainName", streamingDomain, "AppName", "live", "OssBucket", "shows",
		"OssEndpoint", "oss-cn-shanghai.aliyuncs.com", "DelayTime", "15"}
	for i, format := range []string{"flv", "m3u8", "mp4"} {
		of := func(name string) string { return "RecordFormat." + strconv.Itoa(i+1) + "." + name }
		pairs = append(pairs, of("Format"), format, of("CycleDuration"), "3600",
			of("OssObjectPrefix"), "record/{AppName}/{StreamName}/{EscapedStartTime}_{EscapedEndTime}")
		if format == "m3u8" {
			pairs = append(pairs, of("SliceDuration"), "5",
				of("SliceOssObjectPrefix"), "record/{AppName}/{StreamName}/{UnixTimestamp}_{Sequence}")
		}
	}
	s.must(t, "AddLiveAppRecordConfig", pairs...)
}
