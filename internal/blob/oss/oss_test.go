package oss

import (
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tallylight/internal/blob"
	"tallylight/internal/blob/blobtest"
	"tallylight/internal/blob/oss/osstest"
	"tallylight/internal/blob/remote"
	"tallylight/internal/live"
)

// buckets counts those of all servers.
var buckets atomic.Int64

// newConfig returns the settings of a new bucket.
func newConfig(server *osstest.Server) Config {
	name := fmt.Sprintf("bucket-%d", buckets.Add(1))
	server.CreateBucket(name)
	return Config{
		Endpoint:        server.URL,
		Region:          osstest.Region,
		Bucket:          name,
		AccessKeyID:     osstest.AccessKeyID,
		AccessKeySecret: osstest.AccessKeySecret,
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
	server := osstest.Start(t)
	for _, prefix := range []string{"", "recorded/live/"} {
		t.Run("with the prefix "+prefix, func(t *testing.T) {
			blobtest.Run(t, func(t *testing.T) blob.Bucket {
				c := newConfig(server)
				c.Prefix = prefix
				return open(t, c)
			})
		})
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	server := osstest.Start(t)
	blobtest.RunParts(t, func(t *testing.T) func() blob.PartBucket {
		c := newConfig(server)
		return func() blob.PartBucket { return open(t, c) }
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	server := osstest.Start(t)
	blobtest.RunFaults(t, func(t *testing.T) (func(time.Duration) blob.PartBucket, *blobtest.Faults) {
		c := newConfig(server)
		faults := blobtest.NewFaults(server)
		proxy := httptest.NewServer(faults)
		t.Cleanup(proxy.Close)
		c.Endpoint = proxy.URL
		return func(timeout time.Duration) blob.PartBucket {
			c.Timeout = timeout
			return open(t, c)
		}, faults
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	server := osstest.Start(t)
	tests := []struct {
		name   string
		change func(*Config)
		want   error
	}{
		{"a bucket that does not exist", func(c *Config) { c.Bucket = "no-such-bucket" }, live.ErrBucketNotFound},
		{"a wrong secret", func(c *Config) { c.AccessKeySecret = "wrong" }, blob.ErrDenied},
		{"an unknown access key", func(c *Config) { c.AccessKeyID = "wrong" }, blob.ErrDenied},
		{"another region", func(c *Config) { c.Region = "cn-beijing" }, blob.ErrDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newConfig(server)
			tt.change(&c)
			b := open(t, c)
			_, sizeErr := b.Size(t.Context(), "k")
			_, beginErr := b.BeginUpload(t.Context(), "n")
			for operation, err := range map[string]error{
				"PutFile":     b.PutFile(t.Context(), "k", "oss_test.go"),
				"Size":        sizeErr,
				"Delete":      b.Delete(t.Context(), "k"),
				"List":        b.List(t.Context(), "", func(blob.Object) error { return nil }),
				"BeginUpload": beginErr,
			} {
				if !errors.Is(err, tt.want) {
					t.Errorf("%s = %v, want %v", operation, err, tt.want)
				}
				if err != nil && (strings.Contains(err.Error(), c.AccessKeySecret) || strings.Contains(err.Error(), "\n")) {
					t.Errorf("%s tells the secret, or more than a line: %v", operation, err)
				}
			}
		})
	}
}

func TestWhatTheStoreDamagesIsDeleted(t *testing.T) {
	t.Parallel()
	server := osstest.Start(t)
	c := newConfig(server)
	b := open(t, c)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, MinPartSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	u, err := b.BeginUpload(t.Context(), "spool/1")
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	part, err := b.PutPart(t.Context(), u, 1, io.NewSectionReader(file, 0, MinPartSize))
	if err != nil {
		t.Fatal(err)
	}

	server.Damage(true)
	if err := b.PutFile(t.Context(), "a", path); !errors.Is(err, remote.ErrMismatch) {
		t.Errorf("PutFile = %v, want ErrMismatch", err)
	}
	if err := b.CompleteUpload(t.Context(), u, []blob.Part{part}, "b"); !errors.Is(err, remote.ErrMismatch) {
		t.Errorf("CompleteUpload = %v, want ErrMismatch", err)
	}
	if keys, uploads := server.Keys(c.Bucket), server.Uploads(c.Bucket); len(keys) != 0 || uploads != 0 {
		t.Errorf("the store still has %q and %d uploads", keys, uploads)
	}
	server.Damage(false)
	if err := b.PutFile(t.Context(), "a", path); err != nil {
		t.Errorf("PutFile when the store is well again: %v", err)
	}
	if err := b.CompleteUpload(t.Context(), u, []blob.Part{part}, "b"); !errors.Is(err, blob.ErrNoUpload) {
		t.Errorf("CompleteUpload again = %v, want ErrNoUpload", err)
	}
}

func TestNothingIsLeftOfUploads(t *testing.T) {
	t.Parallel()
	server := osstest.Start(t)
	c := newConfig(server)
	faults := blobtest.NewFaults(server)
	proxy := httptest.NewServer(faults)
	t.Cleanup(proxy.Close)
	c.Endpoint = proxy.URL
	b := open(t, c)
	upload := func(content, key string) (blob.Upload, error) {
		u, err := b.BeginUpload(t.Context(), "spool/"+content)
		if err != nil {
			t.Fatal(err)
		}
		part, err := b.PutPart(t.Context(), u, 1, io.NewSectionReader(strings.NewReader(content), 0, int64(len(content))))
		if err != nil {
			t.Fatal(err)
		}
		err = b.CompleteUpload(t.Context(), u, []blob.Part{part}, key)
		faults.Clear()
		return u, err
	}
	wantOne := func(when string) {
		t.Helper()
		if keys, uploads := server.Keys(c.Bucket), server.Uploads(c.Bucket); len(keys) != 1 || uploads != 0 {
			t.Errorf("%s, the store has %q and %d uploads, want one object", when, keys, uploads)
		}
	}
	if _, err := upload("x", "a"); err != nil {
		t.Fatal(err)
	}
	wantOne("after one that is complete")
	u, err := upload("y", "a")
	if !errors.Is(err, blob.ErrExists) {
		t.Fatalf("CompleteUpload = %v, want ErrExists", err)
	}
	if err := b.AbortUpload(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	wantOne("after one that is aborted")

	faults.Set(blobtest.Error, 5) // where it is complete, but not copied
	if u, err = upload("z", "b"); err == nil {
		t.Fatal("CompleteUpload succeeded although a request failed")
	}
	if keys := server.Keys(c.Bucket); len(keys) != 2 {
		t.Fatalf("the store has %q, want one object and one upload that is complete", keys)
	}
	if err := b.AbortUpload(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	wantOne("after one that is aborted when it is complete")
}

func TestNothingIsLeftOfAFailedPut(t *testing.T) {
	t.Parallel()
	server := osstest.Start(t)
	c := newConfig(server)
	faults := blobtest.NewFaults(server)
	proxy := httptest.NewServer(faults)
	t.Cleanup(proxy.Close)
	c.Endpoint = proxy.URL
	b := open(t, c)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, MinPartSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for before := range 5 { // a look, the upload's beginning, two parts, the end
		faults.Set(blobtest.Error, before)
		if err := b.PutFile(t.Context(), "a", path); err == nil {
			t.Fatalf("PutFile succeeded although request %d failed", before+1)
		}
		if keys, uploads := server.Keys(c.Bucket), server.Uploads(c.Bucket); len(keys) != 0 || uploads != 0 {
			t.Errorf("after request %d had failed, the store has %q and %d uploads", before+1, keys, uploads)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	good := Config{
		Endpoint: "https://oss-cn-hangzhou.aliyuncs.com", Region: "cn-hangzhou", Bucket: "shows", Prefix: "live/",
		AccessKeyID: "id", AccessKeySecret: "secret", PartSize: MinPartSize,
	}
	b, err := New(good)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.Location("a/b.flv"); got != "oss://shows/live/a/b.flv" {
		t.Errorf("Location = %s", got)
	}
	for name, change := range map[string]func(*Config){
		"no endpoint":                 func(c *Config) { c.Endpoint = "" },
		"an endpoint without scheme":  func(c *Config) { c.Endpoint = "oss-cn-hangzhou.aliyuncs.com" },
		"no region":                   func(c *Config) { c.Region = "" },
		"an ill-formed bucket":        func(c *Config) { c.Bucket = "Shows" },
		"no access key":               func(c *Config) { c.AccessKeyID = "" },
		"no secret":                   func(c *Config) { c.AccessKeySecret = "" },
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
