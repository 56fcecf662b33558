package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"tallylight/internal/api/sign"
	"tallylight/internal/callback/wire"
	"tallylight/internal/forward"
)

// forwardFlags make `listen` hand on the events of a distant server instead of
// taking callbacks itself.
type forwardFlags struct {
	ForwardTo string `name:"forward-to" group:"Forward from a distant server" help:"Hand the events of --domain at --server to this URL, instead of listening." placeholder:"URL"`
	Server    string `group:"Forward from a distant server" help:"URL of the server's API." placeholder:"URL"`
	Domain    string `group:"Forward from a distant server" help:"Streaming or ingest domain whose events are wanted." placeholder:"DOMAIN"`
	KeyID     string `name:"key-id" group:"Forward from a distant server" help:"AccessKeyId that the call to the server is signed with." env:"TALLYLIGHT_ACCESS_KEY_ID" placeholder:"ID"`
	KeySecret string `name:"key-secret" group:"Forward from a distant server" help:"Its AccessKeySecret; better given by the environment." env:"TALLYLIGHT_ACCESS_KEY_SECRET" placeholder:"SECRET"`
}

// asked reports whether events are to be forwarded. Flags that make no sense
// without each other are an error.
func (f *forwardFlags) asked() (bool, error) {
	if f.ForwardTo == "" {
		if f.Server != "" || f.Domain != "" {
			return false, errors.New("--server and --domain go with --forward-to")
		}
		return false, nil
	}
	for _, needed := range []struct{ flag, value string }{
		{"--server", f.Server}, {"--domain", f.Domain}, {"--key-id", f.KeyID}, {"--key-secret", f.KeySecret},
	} {
		if needed.value == "" {
			return false, fmt.Errorf("--forward-to needs %s", needed.flag)
		}
	}
	return true, nil
}

// run forwards until ctx ends, and prints a line for each event.
func (f *forwardFlags) run(ctx context.Context, secret wire.Secret, asJSON, verbose bool, s *streams) error {
	p := forwardPrinter{s.out, asJSON, verbose}
	fw, err := forward.New(forward.Config{
		Server:    f.Server,
		Key:       sign.Key{ID: f.KeyID, Secret: f.KeySecret},
		Domain:    f.Domain,
		Target:    f.ForwardTo,
		Secret:    secret,
		OnForward: p.print,
		OnState: func(state string) {
			if !asJSON {
				fmt.Fprintln(s.err, state)
			}
		},
	})
	if err != nil {
		return usageError{err}
	}
	return fw.Run(ctx)
}

// A forwardPrinter writes a line for each event that was forwarded.
type forwardPrinter struct {
	out             io.Writer
	asJSON, verbose bool
}

// A forwarded is a line of JSON.
type forwarded struct {
	EventID string          `json:"event_id"`
	Event   string          `json:"event"`
	App     string          `json:"app"`
	Stream  string          `json:"stream"`
	Seq     int64           `json:"seq"`
	Body    json.RawMessage `json:"body,omitempty"`
	Status  int             `json:"status"` // of the local server; 0 if it did not answer
	Answer  string          `json:"answer,omitempty"`
	Elapsed int64           `json:"elapsed_ms"`
	Problem string          `json:"problem,omitempty"`
}

func (p forwardPrinter) print(r forward.Result) {
	if p.asJSON {
		line := forwarded{EventID: r.ID, Event: r.Type, App: r.App, Stream: r.Stream, Seq: r.Seq,
			Status: r.Status, Answer: r.Answer, Elapsed: r.Elapsed.Milliseconds()}
		if json.Valid([]byte(r.Body)) {
			line.Body = json.RawMessage(r.Body)
		}
		if r.Err != nil {
			line.Problem = r.Err.Error()
		}
		if b, err := json.Marshal(line); err == nil {
			p.out.Write(append(b, '\n'))
		}
		return
	}
	outcome := fmt.Sprintf("%d in %v", r.Status, r.Elapsed.Round(time.Millisecond))
	if r.Err != nil {
		outcome = r.Err.Error()
	} else if r.Status < 200 || r.Status > 299 {
		outcome += "  " + firstLine(r.Answer)
	}
	fmt.Fprintf(p.out, "%s  %-15s %s/%s  seq %-4d → %s\n", time.Now().Format("15:04:05.000"),
		r.Type, r.App, r.Stream, r.Seq, oneLine(outcome))
	if p.verbose && r.Body != "" {
		fmt.Fprintln(p.out, "  "+oneLine(r.Body))
	}
}

// firstLine returns the beginning of what a server answered.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	const most = 200
	if len(line) > most {
		line = line[:most] + "…"
	}
	return line
}

// oneLine returns text without control characters, which a terminal would obey.
func oneLine(text string) string {
	return string(bytes.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, []byte(text)))
}
