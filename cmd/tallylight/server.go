package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"tallylight/internal/announce"
	"tallylight/internal/api"
	"tallylight/internal/blob"
	"tallylight/internal/callback"
	"tallylight/internal/callback/wire"
	"tallylight/internal/config"
	"tallylight/internal/durable"
	"tallylight/internal/ingest"
	"tallylight/internal/ingest/rtmp"
	"tallylight/internal/live"
	"tallylight/internal/node"
	"tallylight/internal/playback"
	"tallylight/internal/record"
	"tallylight/internal/retention"
	"tallylight/internal/store"
	"tallylight/internal/upload"
)

// How long an orderly end may take: for recordings to be finished, for calls to
// be answered, for other servers to be told.
const (
	closeRecordingsTimeout = 30 * time.Second
	closeHTTPTimeout       = 5 * time.Second
	leaveTimeout           = 5 * time.Second
)

// A server is all parts of Tallylight, connected and listening.
type server struct {
	log        *slog.Logger
	lock       *durable.Lock
	store      store.Store
	member     *node.Member // nil: the database is this server's alone
	uploads    *upload.Uploads
	recorder   *record.Recorder
	retention  *retention.Deleter
	delivering callback.Config
	guard      *callback.Guard
	deliverer  *callback.Deliverer
	asker      *callback.Asker
	pruner     *callback.Pruner
	registry   *ingest.Registry
	notifier   *announce.Notifier
	rtmp       *rtmp.Server
	http       *http.Server
	api        *api.Server
	console    pages
	playback   *playback.Files
	links      *playback.Links

	rtmpListener  net.Listener
	httpListener  net.Listener
	httpsListener net.Listener // nil: none
}

// openServer opens the data folder and every listener, and takes up what the
// last run left. Notes for the operator go to w. The caller calls run.
func openServer(ctx context.Context, cfg config.Config, log *slog.Logger, key keyPair, w io.Writer) (_ *server, err error) {
	s := &server{log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if err := s.openData(ctx, cfg); err != nil {
		return nil, err
	}
	if err := s.enter(ctx, cfg); err != nil {
		return nil, err
	}
	if err := ensureIdentity(ctx, s.store, cfg.Data, key, time.Now(), w); err != nil {
		return nil, err
	}
	if err := s.openCallbacks(cfg); err != nil {
		return nil, err
	}
	zone, err := cfg.Record.Zone()
	if err != nil {
		return nil, usageError{err}
	}
	buckets, err := newBuckets(cfg)
	if err != nil {
		return nil, err
	}
	objects, err := newObjects(buckets, filepath.Join(cfg.Data, "tmp"))
	if err != nil {
		return nil, err
	}
	if err := s.openRecorder(cfg, buckets, zone); err != nil {
		return nil, err
	}
	s.openIngest(cfg)
	s.playback = newPlayback(cfg, s.store, buckets, log)
	s.links = playback.NewLinks(s.store, time.Now)
	s.http = &http.Server{
		Handler:           s.handler(cfg, objects, zone),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       20 * time.Second, // less than below, so that who is too slow is still told
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	s.http.RegisterOnShutdown(s.api.EndStreams)
	s.http.RegisterOnShutdown(s.console.EndStreams)
	if err := s.openListeners(cfg); err != nil {
		return nil, err
	}
	return s, s.takeUp(ctx)
}

// openData takes the data folder for this process alone and opens its database.
func (s *server) openData(ctx context.Context, cfg config.Config) error {
	dir := cfg.Data
	if err := durable.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var err error
	s.lock, err = durable.AcquireLock(filepath.Join(dir, "lock"))
	if errors.Is(err, durable.ErrLocked) {
		return fmt.Errorf("data folder %s is in use by another server: stop that one, or choose another folder with --data", dir)
	}
	if err != nil {
		return err
	}
	s.store, err = openDatabase(ctx, cfg, func(migration string) {
		s.log.Info("upgrading the database, for minutes if it is large; if stopped, the next start begins this step again", "migration", migration)
	})
	return err
}

// openCallbacks makes those who tell the operator's servers.
func (s *server) openCallbacks(cfg config.Config) error {
	guard, err := newGuard(cfg)
	if err != nil {
		return usageError{err}
	}
	secret, err := webhookSecret(cfg)
	if err != nil {
		return usageError{err}
	}
	s.guard = guard
	s.delivering = callback.Config{
		Store:        s.store,
		Guard:        guard,
		Log:          s.log,
		TailOff:      !cfg.Callbacks.Tail,
		Secret:       secret,
		EventHeaders: cfg.Callbacks.Headers,
		CloudEvents:  cfg.Callbacks.CloudEvents,
		UserAgent:    cfg.Callbacks.UserAgent,
		Workers:      cfg.Callbacks.Workers,
		Limits:       callbackLimits(cfg),
		ParkOnGone:   cfg.Callbacks.ParkOnGone,
	}
	s.deliverer = callback.New(s.delivering)
	s.pruner = callback.NewPruner(callback.PrunerConfig{Store: s.store, Keep: cfg.Callbacks.KeepLog, Log: s.log})
	return nil
}

// openRecorder makes the recorder and those who see to its files.
func (s *server) openRecorder(cfg config.Config, buckets blob.Buckets, zone *time.Location) error {
	spool := filepath.Join(cfg.Data, "spool")
	s.uploads = upload.New(upload.Config{
		Store:        s.store,
		Buckets:      buckets,
		SpoolDir:     spool,
		Quota:        int64(cfg.Record.SpoolQuota),
		KeepUploaded: cfg.Storage.KeepUploaded,
		Log:          s.log,
		Now:          time.Now,
	})
	var rules []retention.Rule
	for _, r := range cfg.Record.Retention {
		rules = append(rules, retention.Rule(r))
	}
	s.retention = retention.New(retention.Config{Store: s.store, Buckets: buckets, Rules: rules, Log: s.log, Now: time.Now})
	s.asker = callback.NewAsker(callback.AskerConfig{
		Guard: s.guard, Log: s.log, UserAgent: cfg.Callbacks.UserAgent, Deadline: cfg.Callbacks.OnDemandDeadline,
	})
	var err error
	s.recorder, err = record.New(record.Config{
		Store:           s.store,
		Buckets:         buckets,
		Uploads:         s.uploads,
		Asker:           s.asker,
		RecordUndecided: cfg.Callbacks.OnDemandFallback == "record",
		SpoolDir:        spool,
		Committed:       s.committed,
		Log:             s.log,
		Now:             time.Now,
		FlushInterval:   cfg.Record.FlushInterval,
		SyncInterval:    cfg.Record.SyncInterval,
		Zone:            zone,
	})
	return err
}

// openIngest makes the door of the encoders, behind which are the recorder and those
// who are told of pushes.
func (s *server) openIngest(cfg config.Config) {
	s.notifier = announce.New(announce.Config{
		Store:     s.store,
		Size:      s.pictureSize,
		Node:      nodeName(),
		Committed: s.committed,
		Log:       s.log,
	})
	s.registry = ingest.New(ingest.Config{
		Store: s.store,
		Open: func(ctx context.Context, session live.Session) (ingest.Reader, error) {
			return s.openSession(ctx, session)
		},
		Shared:        s.shared(),
		DefaultDomain: cfg.Ingest.DefaultDomain,
		Log:           s.log,
		Now:           time.Now,
	})
	s.rtmp = rtmp.New(rtmp.Config{
		Registry:       s.registry,
		Log:            s.log,
		IdleTimeout:    cfg.Ingest.IdleTimeout,
		MaxConnections: cfg.Ingest.MaxConnections,
	})
}

// openListeners opens every listener. Callbacks may reach none of them.
func (s *server) openListeners(cfg config.Config) (err error) {
	if s.httpListener, err = listen("http", cfg.HTTP); err != nil {
		return err
	}
	if err := s.listenTLS(cfg); err != nil {
		return err
	}
	if s.rtmpListener, err = listen("rtmp", cfg.RTMP); err != nil {
		return err
	}
	s.guard.SetListeners(s.listenAddrs()...)
	return nil
}

// takeUp takes up what the last run left, before anybody is let in.
func (s *server) takeUp(ctx context.Context) error {
	if err := s.api.Restore(ctx); err != nil {
		return err
	}
	if err := s.registry.Recover(ctx); err != nil {
		return err
	}
	if err := s.notifier.Recover(ctx); err != nil {
		return err
	}
	return s.recorder.Recover(ctx)
}

func newGuard(cfg config.Config) (*callback.Guard, error) {
	gc := callback.GuardConfig{AllowHosts: cfg.Callbacks.AllowHosts, Dev: cfg.Dev}
	for _, n := range cfg.Callbacks.AllowNetworks {
		prefix, err := netip.ParsePrefix(n)
		if err != nil {
			return nil, fmt.Errorf("callbacks.allow_networks: %w", err)
		}
		gc.AllowNetworks = append(gc.AllowNetworks, prefix)
	}
	return callback.NewGuard(gc)
}

// webhookSecret returns the secret of Standard Webhooks signatures, nil for none.
func webhookSecret(cfg config.Config) (wire.Secret, error) {
	if cfg.Callbacks.Secret == "" {
		return nil, nil
	}
	secret, err := wire.ParseSecret(cfg.Callbacks.Secret)
	if err != nil {
		return nil, fmt.Errorf("callbacks.secret: %w", err)
	}
	return secret, nil
}

func callbackLimits(cfg config.Config) (list []callback.Limit) {
	for _, l := range cfg.Callbacks.Limits {
		list = append(list, callback.Limit(l))
	}
	return list
}

func listen(name, addr string) (net.Listener, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for %s on %s: %w; choose another address", name, addr, err)
	}
	return ln, nil
}

// handler serves the API on / and the server's own pages beside it. It looks at
// the path itself, because clients sign the path as they sent it and a mux would
// redirect some.
func (s *server) handler(cfg config.Config, objects *objects, zone *time.Location) http.Handler {
	qps := cfg.API.QPSFactor
	if qps == 0 {
		qps = -1 // no limits
	}
	s.api = api.New(api.Config{
		Store:    s.store,
		URLs:     s.guard,
		Buckets:  objects,
		Recorder: s,
		Streams:  s.registry,
		Sent:     callback.Sent,
		Request: func(dv live.Delivery, now time.Time) (*http.Request, []byte, error) {
			r, body, err := callback.RequestFor(dv, now)
			if err == nil && cfg.Callbacks.Headers {
				wire.SetEventHeaders(r.Header, dv.Event, 1)
			}
			return r, body, err
		},
		Replays:   callback.NewReplayer(callback.ReplayerConfig{Store: s.store, Log: s.log, Committed: s.deliverer.Wake}),
		Shared:    s.shared(),
		Zone:      zone,
		Log:       s.log,
		Now:       time.Now,
		QPSFactor: qps,

		RecommendURL: errorsPage(cfg),
	})
	s.console = s.newConsole(cfg)
	metrics := s.metrics()
	recordings := &playback.Handler{Files: s.playback, Links: s.links, Log: s.log}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, consoleRoot):
			s.console.ServeHTTP(w, r)
			return
		case strings.HasPrefix(r.URL.Path, playback.Root):
			recordings.ServeHTTP(w, r)
			return
		case looksAround(r):
			http.Redirect(w, r, consoleRoot, http.StatusSeeOther)
			return
		}
		switch r.URL.Path {
		case "/healthz":
			fmt.Fprintln(w, "ok")
		case "/readyz":
			s.serveReady(w, r)
		case "/metrics":
			metrics.ServeHTTP(w, r)
		default:
			s.api.ServeHTTP(w, r)
		}
	})
}

// errorsPage is the page of the console that explains errors, as others reach it;
// "" where they cannot.
func errorsPage(cfg config.Config) string {
	if cfg.PublicURL == "" || !cfg.Console.Enabled || !consoleBuilt {
		return ""
	}
	return strings.TrimSuffix(cfg.PublicURL, "/") + consoleRoot + "errors"
}

// readyLine is what scripts wait for on standard output.
func (s *server) readyLine() string {
	line := fmt.Sprintf("tallylight ready http=%s rtmp=%s", s.httpListener.Addr(), s.rtmpListener.Addr())
	if s.httpsListener != nil {
		line += fmt.Sprintf(" https=%s", s.httpsListener.Addr())
	}
	return line
}

// run serves until ctx ends, then ends in order: pushes, recordings with their
// events, running callbacks.
func (s *server) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	deliver, stopDelivering := context.WithCancel(context.WithoutCancel(ctx))
	defer stopDelivering()

	group.Go(func() error {
		defer stopDelivering()
		err := s.rtmp.Serve(ctx, s.rtmpListener)
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeRecordingsTimeout)
		defer cancel()
		return errors.Join(err, s.recorder.Close(closing), s.notifier.Close(closing))
	})
	group.Go(func() error { return s.uploads.Run(deliver) })
	group.Go(func() error { return s.retention.Run(ctx) })
	group.Go(func() error { return s.deliverer.Run(deliver) })
	group.Go(func() error { return s.pruner.Run(ctx) })
	group.Go(func() error { return s.registry.Run(deliver) }) // the last pushes, too
	if s.member != nil {
		group.Go(func() error { return s.member.Run(deliver) })
	}
	keepNonces, stopKeeping := context.WithCancel(context.WithoutCancel(ctx))
	defer stopKeeping()
	group.Go(func() error {
		s.api.Run(keepNonces)
		return nil
	})
	group.Go(func() error {
		defer stopKeeping()
		return s.serveHTTP(ctx)
	})
	err := group.Wait()
	s.log.Info("server stopped")
	return errors.Join(err, s.close())
}

func (s *server) serveHTTP(ctx context.Context) error {
	stopped := make(chan error, 1)
	unwatch := context.AfterFunc(ctx, func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeHTTPTimeout)
		defer cancel()
		stopped <- s.http.Shutdown(closing)
	})
	var serving errgroup.Group
	serve := func(accept func() error) {
		serving.Go(func() error {
			err := accept()
			if !errors.Is(err, http.ErrServerClosed) {
				s.http.Close() // one listener without the other is no server
			}
			return err
		})
	}
	serve(func() error { return s.http.Serve(s.httpListener) })
	if s.httpsListener != nil {
		serve(func() error { return s.http.ServeTLS(s.httpsListener, "", "") })
	}
	err := serving.Wait()
	if unwatch() {
		return fmt.Errorf("serve http: %w", err) // nobody asked for it
	}
	if err := <-stopped; err != nil {
		s.log.Warn("calls were cut off", "err", err)
	}
	return nil
}

// committed hands over the deliveries that a commit owes, and tells those who
// follow events.
func (s *server) committed(owed ...live.Delivery) {
	s.deliverer.HandOver(owed...)
	s.api.WakeFollowers()
}

// listeners returns those that are open.
func (s *server) listeners() []net.Listener {
	all := []net.Listener{s.httpListener, s.httpsListener, s.rtmpListener}
	return slices.DeleteFunc(all, func(ln net.Listener) bool { return ln == nil })
}

// listenAddrs returns the addresses of the open listeners.
func (s *server) listenAddrs() (addrs []net.Addr) {
	for _, ln := range s.listeners() {
		addrs = append(addrs, ln.Addr())
	}
	return addrs
}

// close releases what openServer opened.
func (s *server) close() error {
	var errs []error
	for _, ln := range s.listeners() {
		if err := ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if s.asker != nil {
		s.asker.Close()
	}
	s.leave()
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Release())
	}
	return errors.Join(errs...)
}
