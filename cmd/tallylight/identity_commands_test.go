package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tallylight/internal/api/sign"
	"tallylight/internal/api/wire"
	"tallylight/internal/config"
	"tallylight/internal/identity"
)

var rootKey = sign.Key{ID: "rootid", Secret: "rootsecret"}

// startServer runs a server on a folder of its own until the test ends.
func startServer(t *testing.T) (_ *server, dir string) {
	t.Helper()
	cfg := config.Default()
	cfg.Data, cfg.Dev = t.TempDir(), true
	cfg.HTTP, cfg.HTTPS, cfg.RTMP = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	s, err := openServer(t.Context(), cfg, slog.New(slog.DiscardHandler), keyPair{rootKey.ID, rootKey.Secret}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return s, cfg.Data
}

// command runs a command line and returns what it prints.
func command(t *testing.T, args ...string) (status int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(t.Context(), args, &streams{&stdout, &stderr})
	return status, stdout.String(), stderr.String()
}

// mustRun fails the test unless the command succeeds.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	status, out, errOut := command(t, args...)
	if status != 0 {
		t.Fatalf("%q: status %d: %s", args, status, errOut)
	}
	return out
}

// field returns the value that a command printed under a name.
func field(t *testing.T, out, name string) string {
	t.Helper()
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == name {
			return f[1]
		}
	}
	t.Fatalf("no %s in %q", name, out)
	return ""
}

func keyOf(t *testing.T, out string) sign.Key {
	t.Helper()
	return sign.Key{ID: field(t, out, "AccessKeyId"), Secret: field(t, out, "AccessKeySecret")}
}

// call sends a signed request and returns the code of the answer.
func call(t *testing.T, client *http.Client, base string, key sign.Key, action string, pairs ...string) string {
	t.Helper()
	p := wire.Params{}.With("Action", action).With("Version", "2016-11-01").With("Format", "JSON")
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		p = p.With(name, value)
	}
	answer, err := client.Get(base + "/?" + sign.RPC(key, "GET", p, identity.RandomText(32), time.Now()).Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body struct{ Code, RequestId string }
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || body.RequestId == "" {
		t.Fatalf("%s: %v, RequestId %q", action, err, body.RequestId)
	}
	return body.Code
}

func TestKeysTakeEffectBesideARunningServer(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	base := "http://" + s.httpListener.Addr().String()
	want := func(step, code string, key sign.Key, pairs ...string) {
		t.Helper()
		args := append([]string{"DomainName=play.example.com"}, pairs...)
		if got := call(t, http.DefaultClient, base, key, "DescribeLiveRecordConfig", args...); got != code {
			t.Errorf("%s: got %q, want %q", step, got, code)
		}
	}
	const passed = "InvalidDomain.NotFound" // the gateway let it through
	key := keyOf(t, mustRun(t, "keys", "create", "--data", dir))
	want("created", passed, key)
	mustRun(t, "keys", "disable", "--data", dir, key.ID)
	want("disabled", "InvalidAccessKeyId.Inactive", key)
	mustRun(t, "keys", "enable", "--data", dir, key.ID)
	want("enabled", passed, key)
	if list := mustRun(t, "keys", "list", "--data", dir); !strings.Contains(list, key.ID) || strings.Contains(list, key.Secret) {
		t.Errorf("list lacks the id or has the secret:\n%s", list)
	}
	mustRun(t, "keys", "delete", "--data", dir, key.ID)
	want("deleted", "InvalidAccessKeyId.NotFound", key)

	out := mustRun(t, "keys", "temporary", "--data", dir, "--duration", "15m")
	temporary := keyOf(t, out)
	want("temporary", passed, temporary, "SecurityToken="+field(t, out, "SecurityToken"))
	want("without its token", "MissingSecurityToken", temporary)
	if expires, err := time.Parse(time.RFC3339, field(t, out, "Expiration")); err != nil || time.Until(expires) > 15*time.Minute {
		t.Errorf("expiration %v, %v", expires, err)
	}
}

func TestPoliciesTakeEffectBesideARunningServer(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	base := "http://" + s.httpListener.Addr().String()
	policy := filepath.Join(t.TempDir(), "policy.json")
	document := `{"Version":"1","Statement":[{"Effect":"Allow","Action":"live:Add*","Resource":"acs:cdn:*:*:domain/*.example.com"}]}`
	if err := os.WriteFile(policy, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	add := func(key sign.Key, domain string) string {
		t.Helper()
		return call(t, http.DefaultClient, base, key, "AddLiveDomain", "DomainName="+domain, "LiveDomainType=liveVideo", "Region=cn-shanghai")
	}
	mustRun(t, "users", "create", "--data", dir, "lena")
	key := keyOf(t, mustRun(t, "keys", "create", "--data", dir, "--user", "lena"))
	if got := add(key, "a.example.com"); got != "Forbidden" {
		t.Errorf("without a policy: %q", got)
	}
	if status, _, errOut := command(t, "users", "check", "--data", dir, "lena", "AddLiveDomain", "a.example.com"); status != exitFailed || !strings.Contains(errOut, "no statement allows live:AddLiveDomain on acs:cdn:*:") {
		t.Errorf("check: status %d: %s", status, errOut)
	}
	mustRun(t, "users", "attach-policy", "--data", dir, "lena", "add", policy)
	if got := add(key, "a.example.com"); got != "" {
		t.Errorf("with a policy: %q", got)
	}
	if got := add(key, "a.example.org"); got != "Forbidden" {
		t.Errorf("on another domain: %q", got)
	}
	if out := mustRun(t, "users", "check", "--data", dir, "lena", "AddLiveDomain", "a.example.com"); out != "allowed: statement 1 of policy add\n" {
		t.Errorf("check: %s", out)
	}
	if out := mustRun(t, "users", "list", "--data", dir); !strings.Contains(out, "lena  1     add") {
		t.Errorf("list:\n%s", out)
	}
	if out := mustRun(t, "users", "show-policy", "--data", dir, "lena", "add"); out != document+"\n" {
		t.Errorf("show-policy: %s", out)
	}
	mustRun(t, "users", "detach-policy", "--data", dir, "lena", "add")
	if got := add(key, "b.example.com"); got != "Forbidden" {
		t.Errorf("without the policy: %q", got)
	}
	mustRun(t, "users", "delete", "--data", dir, "lena")
	if got := add(key, "b.example.com"); got != "InvalidAccessKeyId.NotFound" {
		t.Errorf("without the user: %q", got)
	}
}

func TestIdentityCommandsRefuseMistakes(t *testing.T) {
	t.Parallel()
	_, dir := startServer(t)
	file := filepath.Join(t.TempDir(), "policy.json")
	write := func(document string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"Version":"1"}`)
	mustRun(t, "users", "create", "--data", dir, "lena")
	for _, tt := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"users", "create", "lena"}, exitFailed, "exists"},
		{[]string{"users", "create", "le na"}, exitUsage, "letters"},
		{[]string{"users", "delete", "nobody"}, exitFailed, "user not found"},
		{[]string{"users", "attach-policy", "lena", "p", file}, exitUsage, "Statement"},
		{[]string{"users", "attach-policy", "lena", "p", file + "x"}, exitFailed, "no such file"},
		{[]string{"users", "detach-policy", "lena", "p"}, exitFailed, "policy not found"},
		{[]string{"users", "show-policy", "lena", "p"}, exitFailed, "policy not found"},
		{[]string{"users", "check", "nobody", "AddLiveDomain", "*"}, exitFailed, "user not found"},
		{[]string{"users", "check", "lena", "AddLiveDomain", "*", "--source-ip", "here"}, exitUsage, "source-ip"},
		{[]string{"keys", "create", "--user", "nobody"}, exitFailed, "user not found"},
		{[]string{"keys", "disable", "nothing"}, exitFailed, "access key not found"},
		{[]string{"keys", "delete", "nothing"}, exitFailed, "access key not found"},
		{[]string{"keys", "temporary", "--duration", "13h"}, exitUsage, "duration"},
	} {
		status, _, errOut := command(t, append(tt.args, "--data", dir)...)
		if status != tt.status || !strings.Contains(errOut, tt.says) {
			t.Errorf("%q: status %d, want %d; says %q, want %q in it", tt.args, status, tt.status, errOut, tt.says)
		}
	}
	if status, _, errOut := command(t, "keys", "list", "--data", t.TempDir()); status != exitFailed || !strings.Contains(errOut, "no server has used") {
		t.Errorf("empty folder: status %d: %s", status, errOut)
	}
	write(`{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Mood":{"acs:MFAPresent":"true"}}}]}`)
	if _, _, errOut := command(t, "users", "attach-policy", "--data", dir, "lena", "p", file); !strings.Contains(errOut, `warning: statement 1: condition operator "Mood"`) {
		t.Errorf("no warning: %s", errOut)
	}
}

func TestTheAPIAnswersByHTTPS(t *testing.T) {
	t.Parallel()
	s, _ := startServer(t)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	base := "https://" + s.httpsListener.Addr().String()
	if got := call(t, client, base, rootKey, "DescribeLiveRecordConfig", "DomainName=play.example.com"); got != "InvalidDomain.NotFound" {
		t.Errorf("got %q", got)
	}
	if line := s.readyLine(); !strings.HasSuffix(line, " https="+s.httpsListener.Addr().String()) {
		t.Errorf("ready line %q", line)
	}
}

func TestSignShowsWhatTheServerComputes(t *testing.T) {
	t.Parallel()
	s, _ := startServer(t)
	base := "http://" + s.httpListener.Addr().String()
	keyFlags := []string{"--key-id", rootKey.ID, "--key-secret", rootKey.Secret}

	out := mustRun(t, append([]string{"sign", "GET", base + "/?Action=DescribeLiveRecordConfig&Version=2016-11-01&DomainName=play.example.com&Format=JSON"}, keyFlags...)...)
	_, signedURL, _ := strings.Cut(out, "URL:\n")
	answer, err := http.Get(strings.TrimSpace(signedURL))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("rpc: status %d, want that of an unknown domain", answer.StatusCode)
	}

	out = mustRun(t, append([]string{"sign", "POST", base + "/?DomainName=play.example.com", "--scheme", "acs3",
		"-H", "x-acs-action: DescribeLiveRecordConfig", "-H", "x-acs-version: 2016-11-01"}, keyFlags...)...)
	r, err := http.NewRequest("POST", base+"/?DomainName=play.example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, headers, _ := strings.Cut(out, "Headers:\n")
	for line := range strings.Lines(headers) {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, strings.TrimSpace(value))
	}
	if answer, err = http.DefaultClient.Do(r); err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusNotFound {
		t.Errorf("acs3: status %d, want that of an unknown domain", answer.StatusCode)
	}
}

func TestSignReproducesAPublishedSignature(t *testing.T) {
	t.Parallel()
	out := mustRun(t, "sign", "GET", "http://ecs.aliyuncs.com/?Timestamp=2016-02-23T12:46:24Z&Format=XML&AccessKeyId=testid&Action=DescribeRegions&SignatureMethod=HMAC-SHA1"+
		"&SignatureNonce=3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf&Version=2014-05-26&SignatureVersion=1.0", "--key-id", "testid", "--key-secret", "testsecret")
	if !strings.Contains(out, "Signature:\nOLeaidS1JvxuMvnyHOwuJ+uX5qY=\n") {
		t.Errorf("got:\n%s", out)
	}
}

func TestCheckDecidesAsTheServerDoes(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	base := "http://" + s.httpListener.Addr().String()
	policy := filepath.Join(t.TempDir(), "policy.json")
	document := `{"Version":"1","Statement":[{"Effect":"Allow","Action":"live:Describe*","Resource":"acs:cdn:*:*:domain/play.example.com"}]}`
	if err := os.WriteFile(policy, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "users", "create", "--data", dir, "lena")
	mustRun(t, "users", "attach-policy", "--data", dir, "lena", "look", policy)
	key := keyOf(t, mustRun(t, "keys", "create", "--data", dir, "--user", "lena"))
	for _, tt := range []struct{ action, object string }{
		{"DescribeLiveDomainDetail", "play.example.com"}, // of the domain
		{"live:DescribeLiveDomainDetail", "other.example.com"},
		{"DescribeLiveRecordNotifyConfig", "play.example.com"}, // of *
		{"live:DescribeLiveRecordNotifyConfig", "play.example.com"},
		{"DescribeLiveUserDomains", "*"},
		{"DeleteLiveDomain", "play.example.com"},
	} {
		code := call(t, http.DefaultClient, base, key, strings.TrimPrefix(tt.action, "live:"), "DomainName="+strings.Trim(tt.object, "*"))
		status, out, errOut := command(t, "users", "check", "--data", dir, "lena", tt.action, tt.object)
		if (status == 0) != (code != "Forbidden") {
			t.Errorf("%s on %s: the server answers %q, check ends with %d: %s%s", tt.action, tt.object, code, status, out, errOut)
		}
	}
}
