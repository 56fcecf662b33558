package s3

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/blob/blobtest"
	"tallylight/internal/blob/s3test"
	"tallylight/internal/live"
)

// buckets counts those of a server.
var buckets atomic.Int64

// newConfig returns the settings of a new bucket.
func newConfig(t *testing.T, server *s3test.Server) Config {
	t.Helper()
	name := fmt.Sprintf("bucket-%d", buckets.Add(1))
	server.CreateBucket(t, name)
	return Config{
		Endpoint:        server.URL,
		Region:          s3test.Region,
		Bucket:          name,
		AccessKeyID:     s3test.AccessKeyID,
		AccessKeySecret: s3test.AccessKeySecret,
		PathStyle:       true,
		PartSize:        MinPartSize,
		listSize:        2,
		copySize:        MinPartSize,
	}
}

func open(t *testing.T, c Config) *Bucket {
	t.Helper()
	b, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBucket(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	for _, prefix := range []string{"", "recorded/live/"} {
		t.Run("with the prefix "+prefix, func(t *testing.T) {
			blobtest.Run(t, func(t *testing.T) blob.Bucket {
				c := newConfig(t, server)
				c.Prefix = prefix
				return open(t, c)
			})
		})
	}
}

// hiding returns a handler that tells nothing of an object in headers with these
// prefixes, as a store does that does not know.
func hiding(store http.Handler, prefixes ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w = &hidingWriter{w, prefixes}
		}
		store.ServeHTTP(w, r)
	})
}

type hidingWriter struct {
	http.ResponseWriter
	prefixes []string
}

func (w *hidingWriter) WriteHeader(status int) {
	maps.DeleteFunc(w.Header(), func(name string, _ []string) bool {
		return slices.ContainsFunc(w.prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	})
	w.ResponseWriter.WriteHeader(status)
}

// Prefixes of headers.
const (
	checksumHeaders = "X-Amz-Checksum-"
	metadataHeaders = "X-Amz-Meta-"
)

func TestParts(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	for _, store := range []struct {
		name  string
		hides []string
	}{
		{"a store with checksums", nil},
		{"a store without checksums", []string{checksumHeaders}},
		{"a store that tells nothing", []string{checksumHeaders, metadataHeaders, "Etag"}},
	} {
		t.Run(store.name, func(t *testing.T) {
			t.Parallel()
			proxy := httptest.NewServer(hiding(server.Handler, store.hides...))
			t.Cleanup(proxy.Close)
			blobtest.RunParts(t, func(t *testing.T) func() blob.PartBucket {
				c := newConfig(t, server)
				c.Endpoint = proxy.URL
				return func() blob.PartBucket { return open(t, c) }
			})
		})
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	blobtest.RunFaults(t, func(t *testing.T) (func(time.Duration) blob.PartBucket, *blobtest.Faults) {
		c := newConfig(t, server)
		faults := blobtest.NewFaults(server.Handler)
		proxy := httptest.NewServer(faults)
		t.Cleanup(proxy.Close)
		c.Endpoint = proxy.URL
		return func(timeout time.Duration) blob.PartBucket {
			c.Timeout = timeout
			return open(t, c)
		}, faults
	})
}

func TestNoObjectIsReadToVerifyIt(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	for name, store := range map[string]http.Handler{
		"a store with checksums":    server.Handler,
		"a store without checksums": hiding(server.Handler, checksumHeaders),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testNoObjectIsRead(t, newConfig(t, server), store)
		})
	}
}

func testNoObjectIsRead(t *testing.T, c Config, store http.Handler) {
	c.copySize = 0
	var reads, ranges atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			reads.Add(1)
		}
		if r.Header.Get("X-Amz-Copy-Source-Range") != "" {
			ranges.Add(1)
		}
		store.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	c.Endpoint = proxy.URL
	b := open(t, c)

	content := make([]byte, MinPartSize+1)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := errors.Join(b.PutFile(t.Context(), "small", "s3_test.go"), b.PutFile(t.Context(), "large", path)); err != nil {
			t.Fatal(err)
		}
	}
	u, err := b.BeginUpload(t.Context(), "spool/1")
	if err != nil {
		t.Fatal(err)
	}
	parts := make([]blob.Part, 2)
	for i := range parts {
		from := int64(i) * MinPartSize
		section := io.NewSectionReader(bytes.NewReader(content), from, min(MinPartSize, int64(len(content))-from))
		if parts[i], err = b.PutPart(t.Context(), u, i+1, section); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := b.CompleteUpload(t.Context(), u, parts, "uploaded"); err != nil {
			t.Fatal(err)
		}
	}
	if n := reads.Load(); n != 0 {
		t.Errorf("%d objects were read", n)
	}
	if n := ranges.Load(); n != 0 {
		t.Errorf("%d ranges of an object were copied that one request can copy", n)
	}
	if err := b.PutFile(t.Context(), "uploaded", path); err != nil || reads.Load() != 0 {
		t.Errorf("PutFile of the same content: %v, with %d objects read", err, reads.Load())
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	tests := []struct {
		name   string
		change func(*Config)
		want   error
	}{
		{"a bucket that does not exist", func(c *Config) { c.Bucket = "no-such-bucket" }, live.ErrBucketNotFound},
		{"a wrong secret", func(c *Config) { c.AccessKeySecret = "wrong" }, blob.ErrDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newConfig(t, server)
			tt.change(&c)
			b := open(t, c)
			_, sizeErr := b.Size(t.Context(), "k")
			_, beginErr := b.BeginUpload(t.Context(), "n")
			for operation, err := range map[string]error{
				"PutFile":     b.PutFile(t.Context(), "k", "s3_test.go"),
				"Size":        sizeErr,
				"Delete":      b.Delete(t.Context(), "k"),
				"List":        b.List(t.Context(), "", func(blob.Object) error { return nil }),
				"BeginUpload": beginErr,
			} {
				if !errors.Is(err, tt.want) {
					t.Errorf("%s = %v, want %v", operation, err, tt.want)
				}
				if err != nil && strings.Contains(err.Error(), c.AccessKeySecret) {
					t.Errorf("%s tells the secret: %v", operation, err)
				}
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status int
		code   string
		want   error
	}{
		{http.StatusForbidden, "AccessDenied", blob.ErrDenied},
		{http.StatusForbidden, "InvalidAccessKeyId", blob.ErrDenied},
		{http.StatusForbidden, "RequestTimeTooSkewed", blob.ErrDenied},
		{http.StatusNotFound, "NoSuchBucket", live.ErrBucketNotFound},
		{http.StatusNotFound, "NoSuchUpload", blob.ErrNoUpload},
		{http.StatusServiceUnavailable, "SlowDown", nil},
		{http.StatusConflict, "ConditionalRequestConflict", nil},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(tt.status)
				fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>as it is</Message></Error>`, tt.code)
			}))
			t.Cleanup(server.Close)
			b := open(t, Config{Endpoint: server.URL, Bucket: "shows", PathStyle: true, AccessKeyID: "id", AccessKeySecret: "secret"})
			_, err := b.BeginUpload(t.Context(), "n")
			if err == nil || !strings.Contains(err.Error(), tt.code) {
				t.Fatalf("BeginUpload = %v, want an error that names %s", err, tt.code)
			}
			for _, meaning := range []error{blob.ErrDenied, blob.ErrNoUpload, blob.ErrExists, blob.ErrNotFound, live.ErrBucketNotFound} {
				if got, want := errors.Is(err, meaning), meaning == tt.want; got != want {
					t.Errorf("%v: is %v: %t, want %t", err, meaning, got, want)
				}
			}
		})
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	good := Config{Endpoint: "https://s3.eu-central-1.amazonaws.com", Bucket: "shows", Prefix: "live/", PartSize: MinPartSize}
	b, err := New(good)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Location("a/b.flv"); got != "s3://shows/live/a/b.flv" {
		t.Errorf("Location = %s", got)
	}
	for name, change := range map[string]func(*Config){
		"no endpoint":                 func(c *Config) { c.Endpoint = "" },
		"an endpoint without scheme":  func(c *Config) { c.Endpoint = "s3.amazonaws.com" },
		"an endpoint with a path":     func(c *Config) { c.Endpoint += "/shows" },
		"an endpoint with a user":     func(c *Config) { c.Endpoint = "https://me:pw@s3.amazonaws.com" },
		"an ill-formed bucket":        func(c *Config) { c.Bucket = "a/b" },
		"a prefix without a slash":    func(c *Config) { c.Prefix = "live" },
		"a prefix that leads outside": func(c *Config) { c.Prefix = "../" },
		"parts that are too small":    func(c *Config) { c.PartSize = MinPartSize - 1 },
		"parts that are too large":    func(c *Config) { c.PartSize = MaxPartSize + 1 },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: New succeeded", name)
		}
	}
}
