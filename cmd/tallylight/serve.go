package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"tallylight/internal/config"
)

type serveCommand struct {
	Config   string  `help:"Read settings from this YAML file." placeholder:"FILE"`
	Data     *string `help:"Keep everything in this folder (default ./tallylight-data)." placeholder:"DIR"`
	Database *string `help:"Keep state in this PostgreSQL database, not in the folder." placeholder:"URL"`
	Dev      bool    `help:"Let callbacks reach loopback and private addresses: for development."`
	HTTP     *string `name:"http" help:"Listen for API calls (default :8080)." placeholder:"ADDR"`
	HTTPS    *string `name:"https" help:"Listen for API calls by TLS, too." placeholder:"ADDR"`
	RTMP     *string `name:"rtmp" help:"Listen for encoders (default :1935)." placeholder:"ADDR"`
	Log      *string `help:"Log debug, info, warn or error (default info)." placeholder:"LEVEL"`
}

func (serveCommand) Help() string {
	return `With nothing configured the server opens a database and a folder for
recordings under --data, makes an access key that it prints once, and listens.
When everything is open it prints one line to standard output:

    tallylight ready http=HOST:PORT rtmp=HOST:PORT [https=HOST:PORT]

The console is at http://HOST:PORT/console/; one signs in with an access key.

Examples:

    tallylight serve
    tallylight serve --dev --data ./data --http 127.0.0.1:8080
    tallylight serve --dev --https :8443
    PGPASSWORD=secret tallylight serve --database postgres://tallylight@db.example.com/tallylight
    TALLYLIGHT_ACCESS_KEY_ID=me TALLYLIGHT_ACCESS_KEY_SECRET=secret tallylight serve

Settings come from the file, then from environment variables such as
TALLYLIGHT_INGEST_DEFAULT_DOMAIN, then from flags; the later ones win.`
}

func (c *serveCommand) Run(ctx context.Context, s *streams) error {
	cfg, err := c.settings(os.Environ())
	if err != nil {
		return usageError{err}
	}
	log := newLogger(s.err, cfg.Log)
	srv, err := openServer(ctx, cfg, log, keyFromEnv(os.Getenv), s.err)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(s.out, srv.readyLine()); err != nil {
		log.Warn("nobody reads the ready line", "err", err)
	}
	srv.announceConsole()
	return srv.run(ctx)
}

// settings merges file, environment and flags.
func (c *serveCommand) settings(environ []string) (config.Config, error) {
	cfg, err := config.Load(c.Config, environ)
	if err != nil {
		return cfg, err
	}
	for flag, setting := range map[*string]*string{c.Data: &cfg.Data, c.Database: &cfg.Database, c.HTTP: &cfg.HTTP, c.HTTPS: &cfg.HTTPS, c.RTMP: &cfg.RTMP, c.Log: &cfg.Log.Level} {
		if flag != nil {
			*setting = *flag
		}
	}
	cfg.Dev = cfg.Dev || c.Dev
	return cfg, cfg.Validate()
}

// newLogger logs to w.
func newLogger(w io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo // Validate has refused others
	}
	opts := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
