package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tallylight.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
}

func TestHTTPSNeedsACertificate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(c *Config)
		says   string // empty: the settings are valid
	}{
		{"none", func(c *Config) {}, "tls.cert_file"},
		{"both files", func(c *Config) { c.TLS = TLS{"cert.pem", "key.pem"} }, ""},
		{"no key", func(c *Config) { c.TLS.CertFile = "cert.pem" }, "give both"},
		{"no certificate", func(c *Config) { c.TLS.KeyFile, c.Dev = "key.pem", true }, "give both"},
		{"development", func(c *Config) { c.Dev = true }, ""},
		{"no port", func(c *Config) { c.HTTPS, c.Dev = "localhost", true }, "https"},
	} {
		c := Default()
		c.HTTPS = ":8443"
		tt.change(&c)
		err := c.Validate()
		if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: %v, want %q in it", tt.name, err, tt.says)
		}
	}
}

func TestEnvironmentOverridesFile(t *testing.T) {
	t.Parallel()
	path := write(t, `
http: 127.0.0.1:9000
ingest:
  default_domain: play.example.com
  idle_timeout: 30s
callbacks:
  allow_networks: [10.0.0.0/8]
storage:
  buckets:
    shows: {path: /srv/shows}
`)
	c, err := Load(path, []string{"HOME=/", "TALLYLIGHT_INGEST_IDLE_TIMEOUT=1m", "TALLYLIGHT_CALLBACKS_ALLOW_HOSTS=a.lan, b.lan",
		"TALLYLIGHT_DEV=true", "TALLYLIGHT_API_QPS_FACTOR=0.5", "TALLYLIGHT_ACCESS_KEY_ID=x"})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.HTTP, want.Dev = "127.0.0.1:9000", true
	want.Ingest.DefaultDomain, want.Ingest.IdleTimeout = "play.example.com", time.Minute
	want.Callbacks.AllowNetworks, want.Callbacks.AllowHosts = []string{"10.0.0.0/8"}, []string{"a.lan", "b.lan"}
	want.API.QPSFactor = 0.5
	want.Storage.Buckets = map[string]Bucket{"shows": {Path: "/srv/shows"}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("Load = %+v\nwant   %+v", c, want)
	}
}

func TestAQuotaMayBeANumberOfBytes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Size{"0": 0, "67108864": 64 << 20, "64MiB": 64 << 20, `"1GiB"`: 1 << 30} {
		c, err := Load(write(t, "record: {spool_quota: "+text+"}"), nil)
		if err == nil {
			err = c.Validate()
		}
		if err != nil || c.Record.SpoolQuota != want {
			t.Errorf("spool_quota: %s = %v, %v; want %v", text, c.Record.SpoolQuota, err, want)
		}
	}
}

func TestSpaceAndTimeOfFilesAreSettings(t *testing.T) {
	t.Parallel()
	path := write(t, `
record:
  spool_quota: 50GiB
  retention:
    - {domain: play.example.com, keep: 720h}
    - domain: "*"
      keep: 24h
storage:
  keep_uploaded: 2h
`)
	c, err := Load(path, []string{"TALLYLIGHT_RECORD_SPOOL_QUOTA=100GiB"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	want := Default()
	want.Record.SpoolQuota = 100 << 30
	want.Record.Retention = []Retention{{"play.example.com", 720 * time.Hour}, {"*", 24 * time.Hour}}
	want.Storage.KeepUploaded = 2 * time.Hour
	if !reflect.DeepEqual(c, want) {
		t.Errorf("Load = %+v\nwant   %+v", c, want)
	}
}

func TestReceiversHaveLimits(t *testing.T) {
	t.Parallel()
	c, err := Load(write(t, `
callbacks:
  park_on_gone: true
  limits:
    - {match: "*", concurrency: 16}
    - {match: a.example.com, rate: 0.5, burst: 3}
    - {match: "[2001:db8::1]", rate: 2}
    - match: https://a.example.com:8443
      concurrency: 256
      rate: 100
`), []string{"TALLYLIGHT_CALLBACKS_PARK_ON_GONE=false"})
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		t.Fatal(err)
	}
	want := []CallbackLimit{
		{Match: "*", Concurrency: 16}, {Match: "a.example.com", Rate: 0.5, Burst: 3}, {Match: "[2001:db8::1]", Rate: 2},
		{Match: "https://a.example.com:8443", Concurrency: 256, Rate: 100},
	}
	if !reflect.DeepEqual(c.Callbacks.Limits, want) || c.Callbacks.ParkOnGone {
		t.Errorf("Load = %+v", c.Callbacks)
	}
}

func TestThePasswordOfTheDatabaseIsNotShown(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"mysql://user:secret@host/name", "postgres://user:se%cret@host/name", "postgres://user:secret@ho st/name"} {
		c, err := Load("", []string{"TALLYLIGHT_DATABASE=" + at})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Validate(); err == nil || strings.Contains(err.Error(), "cret") {
			t.Errorf("%s: %v, want an error without the password", at, err)
		}
	}
}

func TestMistakesDoNotShowTheFile(t *testing.T) {
	t.Parallel()
	for name, mistake := range map[string]string{
		"a syntax error":  "a: b: c\n",
		"a key twice":     "http: :80\nhttp: :81\n",
		"an unknown key":  "htpp: :80\n",
		"an ill-typed":    "dev: perhaps\n",
		"an ill-typed #2": "log: debug\n",
	} {
		_, err := Load(write(t, "callbacks: {secret: whsec_c2VjcmV0}\n"+mistake), nil)
		if err == nil || strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("%s: %v, want an error without the secret", name, err)
		}
	}
}

func TestAFileMayBeOnlyComments(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"", "\n", "# nothing\n", "---\n# nothing\n", "ingest:\n", "null\n", "# nothing\n---\n# nothing\n"} {
		if c, err := Load(write(t, file), nil); err != nil || !reflect.DeepEqual(c, Default()) {
			t.Errorf("%q: %+v, %v", file, c, err)
		}
	}
}

func TestAFileMayBeginAsEditorsWriteIt(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"\ufeffhttp: :81\n", "# head\n---\nhttp: :81\n", "---\nhttp: :81\r\n...\r\n"} {
		if c, err := Load(write(t, file), nil); err != nil || c.HTTP != ":81" {
			t.Errorf("%q: %q, %v", file, c.HTTP, err)
		}
	}
}

func TestThePublicURLSaysWhetherItIsHTTPS(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{"https://live.example.com": true, "HTTPS://live.example.com": true, "http://live.example.com": false, "": false} {
		c := Default()
		c.PublicURL = url
		if err := c.Validate(); err != nil || c.PublicHTTPS() != want {
			t.Errorf("%q: %t, %v", url, c.PublicHTTPS(), err)
		}
	}
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		env        []string
		want       []string // all in the error
	}{
		{"an unknown key names line and column", "http: :80\ningets:\n  default_domain: a.b\n", nil, []string{"ingets", "2:1"}},
		{"an ill-typed value names line and column", "dev: perhaps\n", nil, []string{"1:6"}},
		{"an ill-typed value is named in words of operators", "dev: perhaps\n", nil, []string{"dev: perhaps", "true or false"}},
		{"a fraction is no whole number", "callbacks:\n  workers: 1.5\n", nil, []string{"2:12", "callbacks.workers: 1.5", "whole number"}},
		{"a fraction in a list is no whole number", "callbacks:\n  limits:\n    - {match: \"*\", concurrency: 1.5}\n", nil, []string{"3:33", "callbacks.limits[0].concurrency: 1.5"}},
		{"one value is no list", "callbacks:\n  allow_networks: 10.0.0.0/8\n", nil, []string{"2:19", "callbacks.allow_networks", "list"}},
		{"a list is no value", "http: [1]\n", nil, []string{"1:7", "http", "single value"}},
		{"a group is no value", "data: {dir: x}\n", nil, []string{"data", "single value"}},
		{"a value is no group", "log: debug\n", nil, []string{"1:6", "log:", "group"}},
		{"a list is no file", "- http\n", nil, []string{"1:1", "NAME: VALUE"}},
		{"an ill-typed size of a bucket names line and column", "storage:\n  buckets:\n    shows:\n      s3: {endpoint: http://a, part_size: big}\n", nil, []string{"4:43", "storage.buckets.shows.s3.part_size: big"}},
		{"an ill-typed value that is referred to is named where it stands", "ingest: {idle_timeout: &t soon}\nrecord: {flush_interval: *t}\n", nil, []string{"1:27", "ingest.idle_timeout"}},
		{"a second document is not passed over", "dev: true\n---\nhttp: :80\n", nil, []string{"3:5", "second document"}},
		{"a port that is none is refused", "http: 127.0.0.1:99999\n", nil, []string{"http: 127.0.0.1:99999", "HOST:PORT"}},
		{"a port of rtmp that is none is refused", "rtmp: \":none\"\n", nil, []string{"rtmp: :none", ":1935"}},
		{"workers without end are refused", "callbacks: {workers: 2000000000}\n", nil, []string{"callbacks.workers: 2000000000", "1 to 16384"}},
		{"limits without end are refused", "", []string{"TALLYLIGHT_API_QPS_FACTOR=inf"}, []string{"api.qps_factor: +Inf", "0 (no limits)"}},
		{"an ill-typed duration names line and column", "ingest:\n  idle_timeout: soon\n", nil, []string{"2:17"}},
		{"an unknown variable is named", "", []string{"TALLYLIGHT_HTPP=:80"}, []string{"TALLYLIGHT_HTPP", "no such setting"}},
		{"an ill-typed variable is named", "", []string{"TALLYLIGHT_CALLBACKS_WORKERS=many"}, []string{"TALLYLIGHT_CALLBACKS_WORKERS", "many", "whole number"}},
		{"an address without port is refused", "http: localhost\n", nil, []string{"http: localhost", "HOST:PORT"}},
		{"a public URL without scheme is refused", "public_url: live.example.com\n", nil, []string{"public_url: live.example.com", "https://live.example.com"}},
		{"a public URL with a path is refused", "public_url: https://live.example.com/tallylight\n", nil, []string{"public_url", "scheme and host"}},
		{"a public URL with a query is refused", "", []string{"TALLYLIGHT_PUBLIC_URL=https://live.example.com/?"}, []string{"public_url", "scheme and host"}},
		{"a level that does not exist is refused", "log: {level: loud}\n", nil, []string{"log.level: loud", "debug"}},
		{"a database that is none of ours is refused", "", []string{"TALLYLIGHT_DATABASE=mysql://a@b/c"}, []string{"database: ", "postgres://user@host/name"}},
		{"a zone that does not exist is refused", "record: {time_zone: Mars/Olympus}\n", nil, []string{"record.time_zone", "Mars/Olympus"}},
		{"a network that is none is refused", "callbacks: {allow_networks: [10.0.0.1]}\n", nil, []string{"callbacks.allow_networks", "10.0.0.1", "10.0.0.0/8"}},
		{"a log of six days is refused", "callbacks: {keep_log: 144h}\n", nil, []string{"callbacks.keep_log", "144h", "168h"}},
		{"a deadline of half a second is refused", "callbacks: {on_demand_deadline: 500ms}\n", nil, []string{"callbacks.on_demand_deadline", "500ms", "1s to 2m"}},
		{"a deadline of more than two minutes is refused", "callbacks: {on_demand_deadline: 121s}\n", nil, []string{"callbacks.on_demand_deadline", "2m1s"}},
		{"a fallback that does not exist is refused", "callbacks: {on_demand_fallback: maybe}\n", nil, []string{"callbacks.on_demand_fallback: maybe", "skip or record"}},
		{"a limit of a path is refused", "callbacks: {limits: [{match: https://a.example.com/hook, rate: 1}]}\n", nil, []string{"callbacks.limits[0].match", "https://a.example.com/hook", "without path"}},
		{"a limit of a host and port is refused", "callbacks: {limits: [{match: a.example.com:8080, rate: 1}]}\n", nil, []string{"callbacks.limits[0].match", "https://example.com:8443"}},
		{"a limit of a pattern is refused", "callbacks: {limits: [{match: \"*.example.com\", rate: 1}]}\n", nil, []string{"callbacks.limits[0].match"}},
		{"a limit of another scheme is refused", "callbacks: {limits: [{match: ftp://a.example.com, rate: 1}]}\n", nil, []string{"callbacks.limits[0].match"}},
		{"a limit of nothing is refused", "callbacks: {limits: [{rate: 1}]}\n", nil, []string{"callbacks.limits[0].match: \"\""}},
		{"a limit that limits nothing is refused", "callbacks: {limits: [{match: \"*\"}]}\n", nil, []string{"callbacks.limits[0].match: *", "a concurrency or a rate"}},
		{"a second limit for an origin is refused", "callbacks: {limits: [{match: https://A.example.com, rate: 1}, {match: https://a.example.com:443, rate: 2}]}\n", nil, []string{"callbacks.limits[1].match", "already"}},
		{"too much concurrency is refused", "callbacks: {limits: [{match: a.example.com, concurrency: 257}]}\n", nil, []string{"callbacks.limits[0].concurrency: 257", "256"}},
		{"a negative rate is refused", "callbacks: {limits: [{match: a.example.com, rate: -1}]}\n", nil, []string{"callbacks.limits[0].rate: -1", "0.01"}},
		{"a rate that is no number is refused", "callbacks: {limits: [{match: a.example.com, rate: .nan}]}\n", nil, []string{"callbacks.limits[0].rate: .nan", "not a number"}},
		{"a burst without rate is refused", "callbacks: {limits: [{match: a.example.com, concurrency: 1, burst: 3}]}\n", nil, []string{"callbacks.limits[0].burst: 3", "a rate"}},
		{"an ill-typed rate names line and column", "callbacks:\n  limits:\n    - {match: a.example.com, rate: fast}\n", nil, []string{"3:36"}},
		{"an ill-typed size names line and column", "record:\n  spool_quota: much\n", nil, []string{"2:16", "record.spool_quota", "50GiB"}},
		{"an ill-typed size of the environment is named", "", []string{"TALLYLIGHT_RECORD_SPOOL_QUOTA=50GB"}, []string{"TALLYLIGHT_RECORD_SPOOL_QUOTA", "50GB", "50GiB"}},
		{"a quota of a megabyte is refused", "record: {spool_quota: 1MiB}\n", nil, []string{"record.spool_quota: 1MiB", "64MiB"}},
		{"a negative time for copies is refused", "storage: {keep_uploaded: -1s}\n", nil, []string{"storage.keep_uploaded: -1s", "0"}},
		{"an ill-typed time of a rule names line and column", "record:\n  retention:\n    - {domain: a.example.com, keep: 24h}\n    - {domain: \"*\", keep: 30 days}\n", nil, []string{"4:27", "record.retention[1].keep"}},
		{"a rule for no domain is refused", "record: {retention: [{keep: 24h}]}\n", nil, []string{"record.retention[0].domain"}},
		{"a rule without time is refused", "record: {retention: [{domain: a.example.com}]}\n", nil, []string{"record.retention[0].keep: 0s", "1h or more"}},
		{"a second rule for a domain is refused", "record: {retention: [{domain: \"*\", keep: 24h}, {domain: \"*\", keep: 48h}]}\n", nil, []string{"record.retention[1].domain: *", "already"}},
		{"an unknown key of a rule names line and column", "record:\n  retention:\n    - {domain: a.example.com, keep: 24h, days: 3}\n", nil, []string{"3:42", "days"}},
		{"rules are not for the environment", "", []string{"TALLYLIGHT_RECORD_RETENTION=x"}, []string{"TALLYLIGHT_RECORD_RETENTION", "no such setting"}},
		{"a bucket name that is none is refused", "storage: {buckets: {A: {path: /x}}}\n", nil, []string{"storage.buckets", `"A"`}},
		{"a domain that is none is refused", "ingest: {default_domain: nodots}\n", nil, []string{"ingest.default_domain", "nodots"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := Load(write(t, tt.file), tt.env)
			if err == nil {
				err = c.Validate()
			}
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not name %q", err, want)
				}
			}
		})
	}
}
