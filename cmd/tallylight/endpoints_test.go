package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/receiver"
	"tallylight/internal/store"
)

// addDomains adds a streaming domain and an ingest domain.
func addDomains(t *testing.T, s *server) {
	t.Helper()
	ctx := t.Context()
	err := s.store.Update(ctx, func(tx store.Tx) error {
		for name, typ := range map[string]live.DomainType{"play.example.com": live.StreamingDomain, "push.example.com": live.IngestDomain} {
			if err := tx.AddDomain(ctx, live.Domain{Name: name, AccountID: accountOf(t, tx), Type: typ, Status: live.DomainOnline, CreatedAt: time.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSecretsChangeWithoutAGap(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	addDomains(t, s)
	owners := func() string {
		t.Helper()
		var list []string
		for line := range strings.Lines(mustRun(t, "secrets", "list", "--data", dir)) {
			if strings.Contains(line, "whsec_") {
				t.Errorf("a secret is shown: %s", line)
			}
			list = append(list, strings.Join(strings.Fields(line)[:2], " "))
		}
		return strings.Join(list[1:], ", ")
	}
	for i, want := range []string{"play.example.com new", "play.example.com new, play.example.com before", "play.example.com new, play.example.com before"} {
		out := strings.TrimSpace(mustRun(t, "secrets", "rotate", "PLAY.example.com", "--data", dir))
		if _, err := wire.ParseSecret(out); err != nil {
			t.Errorf("printed %q: %v", out, err)
		}
		if got := owners(); got != want {
			t.Errorf("after rotation %d: %s, want %s", i+1, got, want)
		}
	}
	mustRun(t, "secrets", "drop", "play.example.com", "--data", dir)
	if got := owners(); got != "play.example.com new" {
		t.Errorf("after the drop: %s", got)
	}
	if status, _, errOut := command(t, "secrets", "drop", "play.example.com", "--data", dir); status != exitFailed || !strings.Contains(errOut, "--all") {
		t.Errorf("drop of the only one: status %d: %s", status, errOut)
	}
	mustRun(t, "secrets", "drop", "play.example.com", "--all", "--data", dir)
	if got := owners(); got != "" {
		t.Errorf("after all were dropped: %s", got)
	}
	for _, args := range [][]string{{"none.example.com"}, {"end_none"}} {
		if status, _, _ := command(t, append([]string{"secrets", "rotate", "--data", dir}, args...)...); status != exitFailed {
			t.Errorf("%q: status %d", args, status)
		}
	}
	if status, _, errOut := command(t, "secrets", "rotate", "play.example.com", "--secret", "short", "--data", dir); status != exitUsage {
		t.Errorf("a bad secret: status %d: %s", status, errOut)
	}
}

func TestEndpointsAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	s, dir := startServer(t)
	addDomains(t, s)
	add := func(args ...string) (status int, out, errOut string) {
		return command(t, append([]string{"endpoints", "add", "--data", dir}, args...)...)
	}
	status, out, errOut := add("play.example.com", "http://127.0.0.1:9/", "--events", "file_created,record_error", "--body", "rich", "--secret", "new", "--dev")
	id, secret, _ := strings.Cut(strings.TrimSpace(out), "\n")
	if _, err := wire.ParseSecret(secret); status != 0 || !strings.HasPrefix(id, live.EndpointIDPrefix) || err != nil {
		t.Fatalf("status %d: %s%s (%v)", status, out, errOut, err)
	}
	if status, out, errOut := add("push.example.com", "http://127.0.0.1:9/", "--events", "publish", "--dev"); status != 0 || strings.Count(out, "\n") != 1 {
		t.Errorf("of an ingest domain: status %d: %s%s", status, out, errOut)
	}
	list := mustRun(t, "endpoints", "list", "--domain", "play.example.com", "--data", dir)
	if want := id + "play.example.comfile_created,record_errorrichhttp://127.0.0.1:9/"; !strings.Contains(strings.ReplaceAll(list, " ", ""), want) || strings.Count(list, "\n") != 2 {
		t.Errorf("list:\n%s", list)
	}
	if list := mustRun(t, "secrets", "list", "--data", dir); !strings.Contains(list, id) {
		t.Errorf("secrets:\n%s", list)
	}
	mustRun(t, "secrets", "rotate", id, "--data", dir)

	for name, args := range map[string][]string{
		"a private address": {"play.example.com", "http://127.0.0.1:9/"},
		"no URL":            {"play.example.com", "archive", "--dev"},
		"no such domain":    {"none.example.com", "http://127.0.0.1:9/", "--dev"},
	} {
		if status, _, errOut := add(args...); status != exitFailed {
			t.Errorf("%s: status %d: %s", name, status, errOut)
		}
	}
	for name, args := range map[string][]string{
		"no such event":             {"play.example.com", "http://127.0.0.1:9/", "--dev", "--events", "record_stopped"},
		"an event of other domains": {"push.example.com", "http://127.0.0.1:9/", "--dev", "--events", "publish,file_created"},
		"no such body":              {"play.example.com", "http://127.0.0.1:9/", "--dev", "--body", "poor"},
		"no secret":                 {"play.example.com", "http://127.0.0.1:9/", "--dev", "--secret", "old"},
	} {
		if status, _, errOut := add(args...); status != exitUsage {
			t.Errorf("%s: status %d: %s", name, status, errOut)
		}
	}

	mustRun(t, "endpoints", "remove", id, "--data", dir)
	if list := mustRun(t, "endpoints", "list", "--data", dir); strings.Contains(list, id) || !strings.Contains(list, "push.example.com") {
		t.Errorf("after the removal:\n%s", list)
	}
	if list := mustRun(t, "secrets", "list", "--data", dir); strings.Contains(list, id) {
		t.Errorf("secrets after the removal:\n%s", list)
	}
	if status, _, _ := command(t, "endpoints", "remove", id, "--data", dir); status != exitFailed {
		t.Errorf("removed twice: status %d", status)
	}
	for range live.MaxEndpoints - 1 {
		if status, _, errOut := add("push.example.com", "http://127.0.0.1:9/", "--dev"); status != 0 {
			t.Fatal(errOut)
		}
	}
	if status, _, errOut := add("push.example.com", "http://127.0.0.1:9/", "--dev"); status != exitFailed || !strings.Contains(errOut, "as are allowed") {
		t.Errorf("one too many: status %d: %s", status, errOut)
	}
}

func TestEventsAreSimulated(t *testing.T) {
	t.Parallel()
	const key = "testkeyyourkey12"
	secret := wire.NewSecret()
	url, got := receive(t, receiver.Config{Key: key, Secret: secret})
	for _, typ := range live.EventTypes() {
		args := []string{"events", "simulate", string(typ), "--url", url, "--key", key, "--secret", secret.Text(), "--stream", "mine", "--dev"}
		out := mustRun(t, args...)
		c := <-got
		if c.Event != typ || c.Stream != "mine" || c.VendorSignature != receiver.Valid || c.WebhookSignature != receiver.Valid || c.Problem != "" {
			t.Errorf("%s: got %+v", typ, c)
		}
		for _, want := range []string{"Webhook-Id: " + c.EventID, "200 OK after "} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %q is missing in\n%s", typ, want, out)
			}
		}
		if !strings.Contains(mustRun(t, append(args, "--rich")...), `"type":"`+string(typ)+`"`) {
			t.Errorf("%s: the rich body was not sent", typ)
		}
		<-got
	}
	out := mustRun(t, "events", "simulate", "file_created", "--url", url, "--dev", "--object", "a/b.mp4", "--duration", "90s")
	if c := <-got; c.URI != "a/b.mp4" || !strings.Contains(out, `"duration":90,`) {
		t.Errorf("got %+v\n%s", c, out)
	}
}

func TestAnAnswerDoesNotCommandTheTerminal(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "first\r\nsecond \x1b[2J\x07end")
	}))
	defer srv.Close()
	out := mustRun(t, "events", "simulate", "file_created", "--url", srv.URL, "--dev")
	if !strings.HasSuffix(out, "\nfirst\nsecond  [2J end\n\n") {
		t.Errorf("printed %q", out)
	}
}

func TestASimulationGoesToAllThatAreTold(t *testing.T) {
	t.Parallel()
	url, got := receive(t, receiver.Config{})
	s, dir := startServer(t)
	addDomains(t, s)
	mustRun(t, "endpoints", "add", "play.example.com", url+"/rich", "--body", "rich", "--secret", "new", "--dev", "--data", dir)
	mustRun(t, "endpoints", "add", "play.example.com", url+"/errors", "--events", "record_error", "--dev", "--data", dir)
	ctx := t.Context()
	err := s.store.Update(ctx, func(tx store.Tx) error {
		return tx.AddNotifyConfig(ctx, live.NotifyConfig{Domain: "play.example.com", NotifyURL: url, NotifyAuthKey: "testkeyyourkey12"})
	})
	if err != nil {
		t.Fatal(err)
	}
	out := mustRun(t, "events", "simulate", "file_created", "--domain", "play.example.com", "--dev", "--data", dir)
	first, second := <-got, <-got
	if first.Path != "/hook" || first.VendorSignature != receiver.NotChecked || first.WebhookSignature != receiver.Unsigned ||
		second.Path != "/hook/rich" || second.WebhookSignature != receiver.NotChecked || len(got) != 0 || strings.Count(out, "200 OK") != 2 {
		t.Errorf("got %+v\nand %+v\n%s", first, second, out)
	}
	if list := mustRun(t, "deliveries", "list", "--json", "--data", dir); list != "" {
		t.Errorf("something was stored: %s", list)
	}
	if status, _, errOut := command(t, "events", "simulate", "publish", "--domain", "push.example.com", "--data", dir); status != exitFailed || !strings.Contains(errOut, "nobody is told") {
		t.Errorf("of a domain without a configuration: status %d: %s", status, errOut)
	}
	for _, args := range [][]string{
		{"record_started"}, {"record_stopped", "--url", url}, {"publish", "--domain", "push.example.com", "--rich"},
		{"record_started", "--url", url, "--secret", "x"}, {"record_started", "--url", url, "--stream", "a/b"},
	} {
		if status, _, errOut := command(t, append([]string{"events", "simulate"}, args...)...); status != exitUsage {
			t.Errorf("%q: status %d: %s", args, status, errOut)
		}
	}
	if status, out, _ := command(t, "events", "simulate", "record_started", "--url", url); status != exitFailed || !strings.Contains(out, "no answer") {
		t.Errorf("to a private address without --dev: status %d: %s", status, out)
	}
}
