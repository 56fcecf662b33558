// Package s3test runs a real S3 server, the Versity gateway on a fresh folder, for
// the tests of whoever stores objects.
package s3test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// What a Server accepts.
const (
	Region          = "us-east-1"
	AccessKeyID     = "tallylight-test"
	AccessKeySecret = "a secret of no consequence"
)

// programVariable names the gateway's program; unset, it is where
// "scripts/setup versitygw" puts it.
const programVariable = "VERSITYGW"

// A Server is a running S3 server.
type Server struct {
	// URL is its endpoint, on loopback. Buckets are named in the path.
	URL string
	// Dir is the folder of its buckets: an object is the file <bucket>/<key>.
	Dir string
	// Handler answers as the server does, for tests that put something between.
	Handler http.Handler
}

// Start starts a server, which ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	// The gateway listens on a socket of its folder, which needs no free port; a
	// proxy of ours, which can pick one, stands before it.
	dir, err := os.MkdirTemp("", "s3test-") // short, as paths of sockets must be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	objects, metadata, socket := filepath.Join(dir, "objects"), filepath.Join(dir, "metadata"), filepath.Join(dir, "socket")
	if err := errors.Join(os.Mkdir(objects, 0o755), os.Mkdir(metadata, 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(t), "--port", socket, "--region", Region,
		"--access", AccessKeyID, "--secret", AccessKeySecret, "posix", "--sidecar", metadata, objects)
	run(t, cmd)

	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", r.In.Host
			r.Out.Host = r.In.Host // it is signed
		},
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", socket)
			},
			DisableCompression: true,
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return &Server{URL: server.URL, Dir: objects, Handler: proxy}
}

// run starts the gateway and returns when it says that it listens.
func run(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	var complaints strings.Builder
	cmd.Stderr = &complaints
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	listens, drained := make(chan bool, 1), make(chan struct{})
	go func() {
		defer close(drained)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if strings.Contains(lines.Text(), "service listening") {
				listens <- true
				break
			}
		}
		close(listens)
		io.Copy(io.Discard, stdout) // the log of requests
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-drained
		cmd.Wait()
	})
	if !<-listens {
		cmd.Wait()
		t.Fatalf("%s ended:\n%s", cmd, complaints.String())
	}
}

// program returns the path of the gateway.
func program(t testing.TB) string {
	t.Helper()
	if path := os.Getenv(programVariable); path != "" {
		return path
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "bin", "versitygw")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Fatal("the S3 server of the tests is missing: run scripts/setup versitygw")
	return ""
}

// CreateBucket creates a bucket at the server.
func (s *Server) CreateBucket(t testing.TB, name string) {
	t.Helper()
	client, err := minio.New(strings.TrimPrefix(s.URL, "http://"), &minio.Options{
		Creds:        credentials.NewStaticV4(AccessKeyID, AccessKeySecret, ""),
		Region:       Region,
		BucketLookup: minio.BucketLookupPath,
	})
	if err == nil {
		err = client.MakeBucket(t.Context(), name, minio.MakeBucketOptions{})
	}
	if err != nil {
		t.Fatalf("create bucket %s: %v", name, err)
	}
}
