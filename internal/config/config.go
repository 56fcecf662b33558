// Package config holds the settings of the server: their names, defaults and
// rules. A setting is given in a YAML file, by an environment variable or by a
// flag, in rising order; one that nobody knows or that has the wrong type is an
// error, never ignored.
package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"tallylight/internal/live"
)

// Config is every setting. The yaml tags are the names in the file; the
// environment variable of callbacks.allow_hosts is
// TALLYLIGHT_CALLBACKS_ALLOW_HOSTS, and so on.
type Config struct {
	// Data is the folder of everything that the server keeps.
	Data string `yaml:"data"`
	// Database is the URL of a PostgreSQL database (postgres://user@host/name) for
	// the state; empty: an SQLite file in Data. It may hold a password: it is not
	// logged.
	Database string `yaml:"database"`
	// Dev opens callbacks to loopback and private networks.
	Dev bool `yaml:"dev"`
	// HTTP and RTMP are the addresses listened on, HOST:PORT; port 0 picks one.
	HTTP string `yaml:"http"`
	RTMP string `yaml:"rtmp"`
	// HTTPS is the address of API calls by TLS; empty: none.
	HTTPS string `yaml:"https"`
	// PublicURL is where others reach the server, scheme and host, for links in what
	// they are sent; empty: there are none.
	PublicURL string `yaml:"public_url"`

	TLS       TLS       `yaml:"tls"`
	Log       Log       `yaml:"log"`
	API       API       `yaml:"api"`
	Ingest    Ingest    `yaml:"ingest"`
	Record    Record    `yaml:"record"`
	Callbacks Callbacks `yaml:"callbacks"`
	Storage   Storage   `yaml:"storage"`
	Console   Console   `yaml:"console"`
}

// TLS names the certificate of the HTTPS listener and its key, PEM files that are
// read again when they change. Without them, Dev makes a certificate of its own.
type TLS struct {
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

// Log says what is logged to standard error.
type Log struct {
	Level  string `yaml:"level"`  // debug, info, warn or error
	Format string `yaml:"format"` // text or json
}

// API sets the control plane.
type API struct {
	// QPSFactor multiplies the documented limits of calls a second; 0 switches
	// the limits off.
	QPSFactor float64 `yaml:"qps_factor"`
}

// Ingest sets what encoders may do.
type Ingest struct {
	// DefaultDomain takes pushes whose URL names no domain: to an IP address or
	// to localhost, without ?vhost=. Empty refuses them.
	DefaultDomain string `yaml:"default_domain"`
	// IdleTimeout ends a push that sends no media for so long.
	IdleTimeout time.Duration `yaml:"idle_timeout"`
	// MaxConnections bounds the encoders connected at a time.
	MaxConnections int `yaml:"max_connections"`
}

// Record sets how recordings are written.
type Record struct {
	// FlushInterval bounds how long a frame waits in memory; with the quarter of a
	// second that it may wait in the socket, what a killed process can lose.
	FlushInterval time.Duration `yaml:"flush_interval"`
	// SyncInterval makes growing files safe from a power cut that often; 0
	// leaves it to the operating system until a file is finished.
	SyncInterval time.Duration `yaml:"sync_interval"`
	// TimeZone is the zone of times in object names: UTC+8, UTC, or a name of
	// the IANA database such as Europe/Berlin.
	TimeZone string `yaml:"time_zone"`
	// SpoolQuota bounds what files that are not in their buckets yet may take: past
	// it no file begins. 0: no quota.
	SpoolQuota Size `yaml:"spool_quota"`
	// Retention holds rules by which record files are deleted. Without any, none
	// are.
	Retention []Retention `yaml:"retention"`
}

// Callbacks sets how the operator's server is told.
type Callbacks struct {
	// AllowNetworks are networks (CIDR) that callbacks may reach although they
	// are not public, AllowHosts host names.
	AllowNetworks []string `yaml:"allow_networks"`
	AllowHosts    []string `yaml:"allow_hosts"`
	// Tail goes on trying for 72 hours after the vendor's six attempts.
	Tail bool `yaml:"tail"`
	// Headers adds X-Live-Event-Seq, X-Live-Attempt and X-Live-Event-Type.
	Headers bool `yaml:"headers"`
	// CloudEvents adds the attributes of a CloudEvent as headers: ce-id and others.
	CloudEvents bool `yaml:"cloudevents"`
	// Secret, whsec_ and base64, signs by Standard Webhooks what tells of domains
	// without secrets of their own; empty: not.
	Secret string `yaml:"secret"`
	// KeepLog is how long the log of callbacks is kept. What is not delivered stays.
	KeepLog   time.Duration `yaml:"keep_log"`
	UserAgent string        `yaml:"user_agent"`
	// Workers bounds the attempts that run at a time.
	Workers int `yaml:"workers"`
	// Limits bound the attempts at single receivers.
	Limits []CallbackLimit `yaml:"limits"`
	// ParkOnGone parks a URL that answers 410 Gone: what is owed to it waits until an
	// operator resumes it.
	ParkOnGone bool `yaml:"park_on_gone"`
	// OnDemandDeadline bounds the question whether to record a push, with all its
	// attempts. OnDemandFallback says what becomes of the push without an answer:
	// skip or record.
	OnDemandDeadline time.Duration `yaml:"on_demand_deadline"`
	OnDemandFallback string        `yaml:"on_demand_fallback"`
}

// Storage names the buckets that record configs can use. With none, every
// well-formed name is a folder records/<bucket> of the data folder.
type Storage struct {
	Buckets map[string]Bucket `yaml:"buckets"`
	// KeepUploaded is how long a copy of what was uploaded stays in the spool. It
	// goes earlier when space gets scarce.
	KeepUploaded time.Duration `yaml:"keep_uploaded"`
}

// Console sets the pages under /console/.
type Console struct {
	// Enabled serves them.
	Enabled bool `yaml:"enabled"`
	// SessionLifetime is how long a visitor stays signed in who does nothing.
	SessionLifetime time.Duration `yaml:"session_lifetime"`
}

// Default returns the settings of a server that nobody configured.
func Default() Config {
	return Config{
		Data:   "./tallylight-data",
		HTTP:   ":8080",
		RTMP:   ":1935",
		Log:    Log{Level: "info", Format: "text"},
		API:    API{QPSFactor: 1},
		Ingest: Ingest{IdleTimeout: 10 * time.Second, MaxConnections: 2000},
		Record: Record{FlushInterval: 500 * time.Millisecond, TimeZone: "UTC+8"},
		Callbacks: Callbacks{Tail: true, Headers: true, KeepLog: 30 * 24 * time.Hour, UserAgent: "Go-http-client/1.1", Workers: 512,
			OnDemandDeadline: 35 * time.Second, OnDemandFallback: "skip"},
		Console: Console{Enabled: true, SessionLifetime: 12 * time.Hour},
	}
}

const (
	// minSpoolQuota is the smallest quota: less would be full with a single file.
	minSpoolQuota = Size(64 << 20)
	// maxQPSFactor is more than any server answers, and still a number of calls.
	maxQPSFactor = 1_000_000
	// maxWorkers is as many deliveries as are in memory: more could not be attempted.
	maxWorkers = 16_384
)

// Validate checks every value and returns all that is wrong.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, name string, value any, rule string) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s: %v is not allowed: %s", name, value, rule))
		}
	}
	check(c.Data != "", "data", `""`, "name the folder of the server's data")
	if c.Database != "" { // without the value, which may hold a password
		u, err := url.Parse(c.Database)
		if err != nil || !oneOf(u.Scheme, "postgres", "postgresql") {
			errs = append(errs, errors.New("database: give a URL such as postgres://user@host/name, special characters of a password in it as %XX"))
		}
	}
	check(isAddress(c.HTTP), "http", c.HTTP, "give HOST:PORT, such as :8080 or 127.0.0.1:0")
	check(isAddress(c.RTMP), "rtmp", c.RTMP, "give HOST:PORT, such as :1935 or 127.0.0.1:0")
	if c.HTTPS != "" {
		check(isAddress(c.HTTPS), "https", c.HTTPS, "give HOST:PORT, such as :8443 or 127.0.0.1:0")
		check(c.Dev || c.TLS.CertFile != "", "tls.cert_file", `""`, "name the certificate of the https listener; only --dev makes one")
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		check(err == nil && oneOf(u.Scheme, "http", "https") && u.Hostname() != "" && u.User == nil &&
			oneOf(u.Path, "", "/") && u.RawQuery == "" && !u.ForceQuery && u.Fragment == "",
			"public_url", c.PublicURL, "give scheme and host, such as https://live.example.com")
	}
	check((c.TLS.CertFile == "") == (c.TLS.KeyFile == ""), "tls", "one file", "give both cert_file and key_file, or neither")
	check(oneOf(c.Log.Level, "debug", "info", "warn", "error"), "log.level", c.Log.Level, "choose debug, info, warn or error")
	check(oneOf(c.Log.Format, "text", "json"), "log.format", c.Log.Format, "choose text or json")
	check(c.API.QPSFactor >= 0 && c.API.QPSFactor <= maxQPSFactor, "api.qps_factor", c.API.QPSFactor,
		fmt.Sprintf("give 0 (no limits) to %d", maxQPSFactor))
	if d := c.Ingest.DefaultDomain; d != "" {
		if err := live.ValidateDomainName(live.NormalizeDomainName(d)); err != nil {
			errs = append(errs, fmt.Errorf("ingest.default_domain: %w", err))
		}
	}
	check(c.Ingest.IdleTimeout >= time.Second, "ingest.idle_timeout", c.Ingest.IdleTimeout, "give 1s or more")
	check(c.Ingest.MaxConnections >= 1, "ingest.max_connections", c.Ingest.MaxConnections, "give 1 or more")
	check(c.Record.FlushInterval >= 10*time.Millisecond && c.Record.FlushInterval <= time.Minute,
		"record.flush_interval", c.Record.FlushInterval, "give 10ms to 1m")
	check(c.Record.SyncInterval >= 0, "record.sync_interval", c.Record.SyncInterval, "give 0 (when finished) or more")
	if _, err := c.Record.Zone(); err != nil {
		errs = append(errs, err)
	}
	check(c.Record.SpoolQuota == 0 || c.Record.SpoolQuota >= minSpoolQuota,
		"record.spool_quota", c.Record.SpoolQuota, fmt.Sprintf("give 0 (none) or %v and more", minSpoolQuota))
	errs = append(errs, validateRetention(c.Record.Retention)...)
	check(c.Console.SessionLifetime >= time.Minute && c.Console.SessionLifetime <= 30*24*time.Hour,
		"console.session_lifetime", c.Console.SessionLifetime, "give 1m to 720h")
	for _, n := range c.Callbacks.AllowNetworks {
		_, err := netip.ParsePrefix(n)
		check(err == nil, "callbacks.allow_networks", n, "give a network such as 10.0.0.0/8")
	}
	for _, h := range c.Callbacks.AllowHosts {
		u, err := url.Parse("http://" + h + "/")
		check(err == nil && u.Hostname() == h && h != "", "callbacks.allow_hosts", h, "give a host name without port")
	}
	check(c.Callbacks.KeepLog >= live.NotifyRecordsKept, "callbacks.keep_log", c.Callbacks.KeepLog,
		fmt.Sprintf("give %v or more: so far back can the log be asked", live.NotifyRecordsKept))
	check(c.Callbacks.Workers >= 1 && c.Callbacks.Workers <= maxWorkers, "callbacks.workers", c.Callbacks.Workers,
		fmt.Sprintf("give 1 to %d", maxWorkers))
	errs = append(errs, validateCallbackLimits(c.Callbacks.Limits)...)
	check(c.Callbacks.OnDemandDeadline >= time.Second && c.Callbacks.OnDemandDeadline <= 2*time.Minute,
		"callbacks.on_demand_deadline", c.Callbacks.OnDemandDeadline, "give 1s to 2m")
	check(oneOf(c.Callbacks.OnDemandFallback, "skip", "record"), "callbacks.on_demand_fallback", c.Callbacks.OnDemandFallback, "choose skip or record")
	check(c.Storage.KeepUploaded >= 0, "storage.keep_uploaded", c.Storage.KeepUploaded, "give 0 (not at all) or more")
	for _, name := range slices.Sorted(maps.Keys(c.Storage.Buckets)) {
		errs = append(errs, c.Storage.Buckets[name].validate(name)...)
	}
	return errors.Join(errs...)
}

// isAddress reports whether addr is HOST:PORT with a port by its number or its name.
// The host may be empty.
func isAddress(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	_, err = net.LookupPort("tcp", port)
	return err == nil
}

// PublicHTTPS reports whether others reach the server by HTTPS, as PublicURL says.
func (c Config) PublicHTTPS() bool {
	u, err := url.Parse(c.PublicURL)
	return err == nil && u.Scheme == "https"
}

func oneOf(s string, choices ...string) bool {
	for _, c := range choices {
		if s == c {
			return true
		}
	}
	return false
}

// Zone returns the zone of times in object names.
func (r Record) Zone() (*time.Location, error) {
	if r.TimeZone == "UTC+8" {
		return live.DefaultZone, nil
	}
	zone, err := time.LoadLocation(r.TimeZone)
	if err != nil || r.TimeZone == "" {
		return nil, fmt.Errorf("record.time_zone: %q is no time zone: give UTC+8, UTC or a name such as Asia/Tokyo", r.TimeZone)
	}
	return zone, nil
}
