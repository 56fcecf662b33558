package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/receiver"
)

type listenCommand struct {
	Addr    string        `help:"Listen on this address." default:"127.0.0.1:9000" placeholder:"ADDR"`
	Status  int           `help:"Answer with this HTTP status." default:"200" placeholder:"CODE"`
	Delay   time.Duration `help:"Wait so long before answering." placeholder:"D"`
	Key     string        `help:"Verify the vendor's signature with this NotifyAuthKey." placeholder:"KEY"`
	Secret  string        `help:"Verify the Standard Webhooks signature with this secret, whsec_…" placeholder:"SECRET"`
	JSON    bool          `name:"json" help:"Print one JSON object a line."`
	Verbose bool          `short:"v" help:"Print the bodies too."`
}

func (listenCommand) Help() string {
	return `Examples:

    tallylight listen
    tallylight listen --addr :9000 --key testkeyyourkey12 --verbose
    tallylight listen --status 503 --delay 2s

Point a domain at it with AddLiveRecordNotifyConfig and the NotifyUrl
http://127.0.0.1:9000/; the server must run with --dev to reach it there.`
}

func (c *listenCommand) Run(ctx context.Context, s *streams) error {
	var secret wire.Secret
	if c.Secret != "" {
		var err error
		if secret, err = wire.ParseSecret(c.Secret); err != nil {
			return usageError{fmt.Errorf("--secret: %w", err)}
		}
	}
	r, err := receiver.New(receiver.Config{
		Out: s.out, Status: c.Status, Delay: c.Delay, Key: c.Key, Secret: secret, JSON: c.JSON, ShowBody: c.Verbose,
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
