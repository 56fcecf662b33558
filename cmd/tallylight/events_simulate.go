package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/callback/wire"
	"tallylight/internal/config"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

type eventsSimulateCommand struct {
	dataFlags
	Type   string `arg:"" enum:"record_started,record_paused,record_resumed,record_error,file_created,publish,publish_done" help:"Type of the event: record_started, record_paused, record_resumed, record_error, file_created, publish or publish_done."`
	URL    string `name:"url" help:"Send it to this URL. No data folder is needed." placeholder:"URL"`
	Domain string `help:"Send it to all who are told of this domain's events of the type; with --url, the domain that the event names." placeholder:"DOMAIN"`
	Key    string `help:"With --url: make the vendor's signature with this NotifyAuthKey." placeholder:"KEY"`
	Secret string `help:"With --url: make the signature of Standard Webhooks with this secret." placeholder:"SECRET"`
	Rich   bool   `help:"With --url: send the rich body."`
	Dev    bool   `help:"Allow loopback and private addresses."`

	App       string        `help:"App." default:"live" placeholder:"APP"`
	Stream    string        `help:"Stream." default:"show" placeholder:"STREAM"`
	Object    string        `help:"Of a file: its name in the bucket." default:"record/live/show/sample.mp4" placeholder:"KEY"`
	Bucket    string        `help:"Of a file: its bucket." default:"shows" placeholder:"BUCKET"`
	Duration  time.Duration `help:"Of a file: how long it plays." default:"1m" placeholder:"D"`
	Size      int64         `help:"Of a file: bytes." default:"15000000" placeholder:"N"`
	ErrorCode string        `help:"Of an error: its code." default:"StreamFormatError" placeholder:"CODE"`
	ErrorText string        `help:"Of an error: its message." default:"video stream format error" placeholder:"TEXT"`
	IP        string        `name:"ip" help:"Of a push: address of the encoder." default:"192.0.2.1" placeholder:"ADDR"`
}

func (eventsSimulateCommand) Help() string {
	return `One attempt is made, as the server would make it: with its headers, its signatures
and its check of the address. The request and the answer are printed. Nothing is
stored, no retry follows, and the event id is a fresh one. Exit status 0: every
receiver answered 2xx.

Examples:

    tallylight events simulate record_started --url http://127.0.0.1:9000/ --dev
    tallylight events simulate file_created --url https://example.com/hook --object live/show/1.mp4 --duration 90s
    tallylight events simulate record_error --url https://example.com/hook --error-code AccessDenied
    tallylight events simulate file_created --url https://example.com/hook --key testkeyyourkey12 --rich
    tallylight events simulate file_created --domain play.example.com --data ./tallylight-data
    tallylight events simulate publish --domain push.example.com`
}

// simulatedDomain is what an event names where no domain is given.
const simulatedDomain = "play.example.com"

func (c *eventsSimulateCommand) Run(ctx context.Context, s *streams) error {
	event, err := c.event(time.Now())
	if err != nil {
		return err
	}
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	cfg.Dev = cfg.Dev || c.Dev
	delivering, err := deliveringAs(cfg)
	if err != nil {
		return usageError{err}
	}
	switch {
	case c.URL != "":
		if c.Secret != "" {
			if delivering.Secret, err = wire.ParseSecret(c.Secret); err != nil {
				return usageError{fmt.Errorf("--secret: %w", err)}
			}
		}
		return simulate(ctx, s, delivering, []live.Delivery{{Event: event, URL: c.URL, SignKey: c.Key, Rich: c.Rich}})
	case c.Domain == "":
		return usageError{errors.New("say where to: --url or --domain")}
	case c.Key != "" || c.Secret != "" || c.Rich:
		return usageError{errors.New("--key, --secret and --rich go with --url: a domain has its own")}
	}
	return c.with(ctx, func(st store.Store, _ live.AccountID) error {
		delivering.Store = st
		var owed []live.Delivery
		err := st.View(ctx, func(r store.Reader) (err error) {
			owed, err = callback.WouldOwe(ctx, r, event)
			return err
		})
		if err == nil && len(owed) == 0 {
			err = fmt.Errorf("nobody is told of %s of domain %s", event.Type, event.Key.Domain)
		}
		if err != nil {
			return err
		}
		return simulate(ctx, s, delivering, owed)
	})
}

// deliveringAs returns how a server of these settings delivers. Its store is unset.
func deliveringAs(cfg config.Config) (callback.Config, error) {
	guard, err := newGuard(cfg)
	if err != nil {
		return callback.Config{}, err
	}
	secret, err := webhookSecret(cfg)
	return callback.Config{
		Guard: guard, Secret: secret, UserAgent: cfg.Callbacks.UserAgent,
		EventHeaders: cfg.Callbacks.Headers, CloudEvents: cfg.Callbacks.CloudEvents,
	}, err
}

// event returns the event that the flags describe.
func (c *eventsSimulateCommand) event(now time.Time) (live.Event, error) {
	key := live.StreamKey{Domain: simulatedDomain, App: c.App, Stream: c.Stream}
	if c.Domain != "" {
		key.Domain = live.NormalizeDomainName(c.Domain)
	}
	for _, name := range []string{c.App, c.Stream} {
		if err := live.ValidateName(name); err != nil {
			return live.Event{}, usageError{err}
		}
	}
	return callback.Sample{
		Type: live.EventType(c.Type), Key: key,
		Bucket: c.Bucket, ObjectKey: c.Object, Duration: c.Duration, Size: c.Size,
		Error: live.ErrorDetail{Code: c.ErrorCode, Message: c.ErrorText},
		IP:    c.IP, Node: nodeName(),
	}.Event(now), nil
}

// simulate makes an attempt of each delivery and prints what it sent and what came
// of it.
func simulate(ctx context.Context, s *streams, c callback.Config, owed []live.Delivery) error {
	failed := 0
	for _, dv := range owed {
		sim, err := callback.Simulate(ctx, c, dv)
		if err != nil {
			return err
		}
		if err := writeSimulation(s, sim); err != nil {
			return err
		}
		if sim.Attempt.Result() == live.NotifyFailed {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d receivers did not take the event", failed, len(owed))
	}
	return nil
}

func writeSimulation(s *streams, sim callback.Simulation) error {
	if err := printf(s, "%s %s\n", sim.Method, sim.URL); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(sim.Header)) {
		if err := printf(s, "%s: %s\n", name, sim.Header[name][0]); err != nil {
			return err
		}
	}
	if len(sim.Body) > 0 {
		if err := printf(s, "\n%s\n", sim.Body); err != nil {
			return err
		}
	}
	a := sim.Attempt
	if a.Status == 0 {
		return printf(s, "\nno answer after %v: %s\n\n", a.Elapsed.Round(time.Millisecond), a.Err)
	}
	err := printf(s, "\n%d %s after %v from %s\n", a.Status, http.StatusText(a.Status), a.Elapsed.Round(time.Millisecond), a.Address)
	for line := range strings.Lines(a.Response) {
		err = errors.Join(err, printf(s, "%s\n", oneLine(strings.TrimRight(line, "\r\n"))))
	}
	return errors.Join(err, printf(s, "\n"))
}
