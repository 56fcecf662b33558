package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/receiver"
)

type listenCommand struct {
	Addr    string        `help:"Listen on this address." default:"127.0.0.1:9000" placeholder:"ADDR"`
	Status  int           `help:"Answer with this HTTP status." default:"200" placeholder:"CODE"`
	Delay   time.Duration `help:"Wait so long before answering." placeholder:"D"`
	Key     string        `help:"Verify the vendor's signature with this NotifyAuthKey." placeholder:"KEY"`
	Secret  string        `help:"Verify the Standard Webhooks signature with this secret, whsec_…" placeholder:"SECRET"`
	Record  string        `help:"Decide so when asked whether to record a push: yes, no, or the formats, such as mp4,m3u8." default:"yes" placeholder:"DECISION"`
	JSON    bool          `name:"json" help:"Print one JSON object a line."`
	Verbose bool          `short:"v" help:"Print the bodies too."`

	Forward forwardFlags `embed:""`
}

func (listenCommand) Help() string {
	return `Examples:

    tallylight listen
    tallylight listen --addr :9000 --key testkeyyourkey12 --verbose
    tallylight listen --status 503 --delay 2s
    tallylight listen --record mp4,flv
    tallylight listen --forward-to http://localhost:3000/hook --server https://live.example.com --domain play.example.com

Point a domain at it with AddLiveRecordNotifyConfig and the NotifyUrl
http://127.0.0.1:9000/; the server must run with --dev to reach it there. With the
same OnDemandUrl it is asked about each push whose record config has OnDemand 1.

With --forward-to it takes no callbacks. It calls the server, which hands over the
events of the domain as they come, and posts each to the URL as the callback that it
would be, with --secret signed for Standard Webhooks too. The domain needs no
NotifyUrl for that, and the callbacks to the one it has go on as they are. A
connection that breaks is made again, and nothing is missed.`
}

func (c *listenCommand) Run(ctx context.Context, s *streams) error {
	if c.Delay < 0 {
		return usageError{fmt.Errorf("--delay: %v is not allowed: give 0 or more", c.Delay)}
	}
	var secret wire.Secret
	if c.Secret != "" {
		var err error
		if secret, err = wire.ParseSecret(c.Secret); err != nil {
			return usageError{fmt.Errorf("--secret: %w", err)}
		}
	}
	if forwards, err := c.Forward.asked(); err != nil {
		return usageError{err}
	} else if forwards {
		return c.Forward.run(ctx, secret, c.JSON, c.Verbose, s)
	}
	decision, err := parseDecision(c.Record)
	if err != nil {
		return usageError{err}
	}
	r, err := receiver.New(receiver.Config{
		Out: s.out, Status: c.Status, Delay: c.Delay, Decision: decision, Key: c.Key, Secret: secret, JSON: c.JSON, ShowBody: c.Verbose,
	})
	if err != nil {
		return usageError{err}
	}
	ln, err := listen("callbacks", c.Addr)
	if err != nil {
		return err
	}
	if !c.JSON {
		fmt.Fprintf(s.err, "listening for callbacks on http://%s/\n", ln.Addr())
	}
	srv := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// parseDecision reads what is answered to the question whether to record: yes, no,
// or formats.
func parseDecision(text string) (*live.OnDemandAnswer, error) {
	switch text {
	case "yes":
		return &live.OnDemandAnswer{NeedRecord: true}, nil
	case "no":
		return &live.OnDemandAnswer{}, nil
	}
	decision := &live.OnDemandAnswer{NeedRecord: true}
	for name := range strings.SplitSeq(text, ",") {
		switch format := live.Format(strings.TrimSpace(name)); format {
		case live.FormatMP4, live.FormatFLV, live.FormatM3U8, live.FormatCMAF:
			decision.Formats = append(decision.Formats, format)
		default:
			return nil, fmt.Errorf("--record: %q is neither yes nor no nor one of mp4, flv, m3u8 and cmaf", name)
		}
	}
	return decision, nil
}
