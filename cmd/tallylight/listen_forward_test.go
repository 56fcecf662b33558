package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"tallylight/internal/api/events"
	"tallylight/internal/forward"
)

func TestForwardingNeedsAllItsFlags(t *testing.T) {
	t.Parallel()
	all := forwardFlags{ForwardTo: "http://localhost/", Server: "http://live.example.com", Domain: "play.example.com", KeyID: "id", KeySecret: "secret"}
	if asked, err := all.asked(); !asked || err != nil {
		t.Errorf("all flags: %t, %v", asked, err)
	}
	if asked, err := (&forwardFlags{KeyID: "id", KeySecret: "secret"}).asked(); asked || err != nil {
		t.Errorf("keys of the environment alone: %t, %v", asked, err)
	}
	for missing, drop := range map[string]func(*forwardFlags){
		"--forward-to": func(f *forwardFlags) { f.ForwardTo = "" },
		"--server":     func(f *forwardFlags) { f.Server = "" },
		"--domain":     func(f *forwardFlags) { f.Domain = "" },
		"--key-id":     func(f *forwardFlags) { f.KeyID = "" },
		"--key-secret": func(f *forwardFlags) { f.KeySecret = "" },
	} {
		some := all
		drop(&some)
		if _, err := some.asked(); err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}

func TestForwardedEventsArePrinted(t *testing.T) {
	t.Parallel()
	c := events.Callback{ID: "evt_1", Type: "record_started", App: "live", Stream: "show", Seq: 7, Body: `{"event":"record_started"}`}
	taken := forward.Result{Callback: c, Status: 200, Answer: "ok", Elapsed: 3 * time.Millisecond}
	failed := forward.Result{Callback: c, Status: 500, Answer: "oh \x1b[2Jno\nmore", Elapsed: time.Millisecond}
	unreached := forward.Result{Callback: c, Err: errors.New("connection refused")}
	var out bytes.Buffer
	p := forwardPrinter{out: &out, verbose: true}
	p.print(taken)
	p.print(failed)
	p.print(unreached)
	for _, want := range []string{"record_started  live/show  seq 7    → 200 in 3ms\n", "  " + c.Body + "\n", "→ 500 in 1ms  oh  [2Jno\n", "→ connection refused\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, &out)
		}
	}
	out.Reset()
	p.asJSON = true
	p.print(unreached)
	var line forwarded
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.EventID != "evt_1" || line.Problem != "connection refused" || string(line.Body) != c.Body {
		t.Errorf("line %s: %+v, %v", &out, line, err)
	}
}
