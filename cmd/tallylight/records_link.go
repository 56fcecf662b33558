package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/playback"
	"tallylight/internal/store"
)

type recordsLinkCommand struct {
	dataFlags
	File    string        `arg:"" help:"Id of the record file, as 'records list' prints it."`
	Expires time.Duration `help:"How long the link is good for, 1m to 168h." default:"24h" placeholder:"D"`
	Server  string        `help:"URL by which the server is reached. Default: the setting public_url, else the address that it listens on, seen from this machine." placeholder:"URL"`
}

func (recordsLinkCommand) Help() string {
	return `Prints a URL by which anybody can watch the record file, as an MP4, until it
expires; with &download=1 behind it, browsers save the file. The link is signed with
the oldest active access key of the account: disabling that takes the link back.

Examples:

    tallylight records link file_06fm4k3s…
    tallylight records link file_06fm4k3s… --expires 1h --server https://live.example.com`
}

func (c *recordsLinkCommand) Run(ctx context.Context, s *streams) error {
	if c.Expires < playback.MinLinkLifetime || c.Expires > playback.MaxLinkLifetime {
		return usageError{fmt.Errorf("--expires %v: give 1m to 168h", c.Expires)}
	}
	server, err := c.server()
	if err != nil {
		return err
	}
	return c.with(ctx, func(st store.Store, _ live.AccountID) error {
		id := live.RecordFileID(c.File)
		err := st.View(ctx, func(r store.Reader) error {
			_, err := r.RecordFile(ctx, id)
			return err
		})
		if err != nil {
			return err
		}
		now := time.Now()
		// The time of one call is that of the other, too.
		links := playback.NewLinks(st, func() time.Time { return now })
		link, err := links.Sign(ctx, id, now.Add(c.Expires))
		if err != nil {
			return err
		}
		return printf(s, "%s%s\n", server, link)
	})
}

// server returns the URL of the server, without a slash at its end.
func (c *recordsLinkCommand) server() (string, error) {
	if c.Server != "" {
		u, err := url.Parse(c.Server)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			return "", usageError{fmt.Errorf("--server %q: give a URL such as https://live.example.com", c.Server)}
		}
		return strings.TrimSuffix(c.Server, "/"), nil
	}
	cfg, err := c.settings()
	if err != nil {
		return "", err
	}
	if cfg.PublicURL != "" {
		return strings.TrimSuffix(cfg.PublicURL, "/"), nil
	}
	host, port, err := net.SplitHostPort(cfg.HTTP)
	if err != nil {
		return "", usageError{fmt.Errorf("http address %q: %w", cfg.HTTP, err)}
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}
