package conformance

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// output runs a command of the server under test and returns what it prints.
func output(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(binary, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// A hook is a callback as it came in.
type hook struct {
	header http.Header
	body   []byte
}

// receiveHooks runs a receiver that hands what it gets to the channel.
func receiveHooks(t *testing.T) (url string, got chan hook) {
	t.Helper()
	got = make(chan hook, 16)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- hook{r.Header, body}
	}))
	t.Cleanup(server.Close)
	return server.URL + "/hook", got
}

// verifies reports whether the library takes a callback for one that is signed
// with the secret.
func verifies(t *testing.T, secret string, h hook) bool {
	t.Helper()
	verifier, err := webhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	return verifier.Verify(h.body, h.header) == nil
}

func TestTheLibraryVerifiesCallbacks(t *testing.T) {
	t.Parallel()
	const domain = "webhooks.example.com"
	dir := t.TempDir()
	addr := startServerOn(t, dir)
	url, got := receiveHooks(t)
	owner := credentials{id: accessKeyID, secret: accessKeySecret}
	if code, _ := addDomainCallers["go-v1"](t, addr, owner, domain); code != "" {
		t.Fatal(code)
	}
	output(t, "endpoints", "add", domain, url, "--dev", "--data", dir)
	old := output(t, "secrets", "rotate", domain, "--data", dir)
	simulate := func() hook {
		t.Helper()
		output(t, "events", "simulate", "file_created", "--domain", domain, "--dev", "--data", dir)
		return <-got
	}
	h := simulate()
	if !verifies(t, old, h) {
		t.Errorf("the secret does not verify %v", h.header)
	}
	changed := h
	changed.body = append([]byte(" "), h.body...)
	if verifies(t, old, changed) {
		t.Error("a body that was changed is verified")
	}

	fresh := output(t, "secrets", "rotate", domain, "--data", dir)
	if h := simulate(); !verifies(t, old, h) || !verifies(t, fresh, h) {
		t.Errorf("while they change, both secrets have to verify %v", h.header)
	}
	output(t, "secrets", "drop", domain, "--data", dir)
	if h := simulate(); verifies(t, old, h) || !verifies(t, fresh, h) {
		t.Errorf("after the drop, the new secret alone has to verify %v", h.header)
	}
}

// The vector is one that the server's own tests hold, too.
func TestTheLibraryMakesTheSignatureOfTheVector(t *testing.T) {
	t.Parallel()
	signer, err := webhooks.NewWebhookRaw([]byte("testkeyyourkey12"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := signer.Sign("msg_01HZX7Q2K3V5", time.Unix(1519375990, 0),
		[]byte(`{"domain":"play.example.com","app":"live","stream":"s1","event":"record_started"}`))
	if want := "v1,NxXZyXRFy8aRwugsIoFcJCRMmMirNRFe6ffFHMs283I="; got != want || err != nil {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}
