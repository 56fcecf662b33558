package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"tallylight/internal/blob/s3test"
)

// An objectStore is an S3 server behind a door that tests can shut.
type objectStore struct {
	*minio.Client
	URL  string
	away atomic.Bool
	// parts counts the parts that were begun. While hold is set, they wait for
	// the server that sends them to die.
	change
	parts atomic.Int32
	hold  atomic.Bool
}

func startObjectStore(t *testing.T) *objectStore {
	t.Helper()
	server := s3test.Start(t)
	server.CreateBucket(t, bucket)
	o := &objectStore{}
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.away.Load() {
			panic(http.ErrAbortHandler)
		}
		if r.Method == http.MethodPut && r.URL.Query().Has("partNumber") {
			o.parts.Add(1)
			o.happened()
			if o.hold.Load() {
				io.Copy(io.Discard, r.Body) // or the end of the connection goes unnoticed
				<-r.Context().Done()
				panic(http.ErrAbortHandler)
			}
		}
		server.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(door.Close)
	o.URL = door.URL
	client, err := minio.New(strings.TrimPrefix(server.URL, "http://"), &minio.Options{
		Creds:        credentials.NewStaticV4(s3test.AccessKeyID, s3test.AccessKeySecret, ""),
		Region:       s3test.Region,
		BucketLookup: minio.BucketLookupPath,
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Client = client
	return o
}

// config writes a configuration in which the tests' bucket is in the store.
func (o *objectStore) config(t *testing.T) string {
	t.Helper()
	text := fmt.Sprintf("storage:\n  buckets:\n    %s:\n      s3: {endpoint: %q, path_style: true, part_size: 5MiB, access_key_id: %q, access_key_secret: %q}\n",
		bucket, o.URL, s3test.AccessKeyID, s3test.AccessKeySecret)
	path := filepath.Join(t.TempDir(), "tallylight.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// fetch returns a copy of an object.
func (o *objectStore) fetch(t *testing.T, key string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(key))
	if err := o.FGetObject(t.Context(), bucket, key, path, minio.GetObjectOptions{}); err != nil {
		t.Fatalf("fetch %s: %v", key, err)
	}
	return path
}

// The server is killed while parts of its files are on their way, goes on with
// the recording when it runs again, and cannot reach the store when the files are
// finished.
func TestRecordingsReachAnObjectStore(t *testing.T) {
	t.Parallel()
	store := startObjectStore(t)
	r := newReceiver(t)
	r.answerWith(func(c callback) int {
		if _, err := store.StatObject(t.Context(), bucket, c.file(t).URI, minio.StatObjectOptions{}); err != nil {
			t.Errorf("told of %s, which the store does not have: %v", c.file(t).URI, err)
		}
		return http.StatusOK
	})
	config, data := store.config(t), t.TempDir()
	s := startServer(t, data, "--config", config)
	s.addDomains(t)
	s.record(t, "live", []string{"flv", "mp4", "m3u8"}, time.Hour)
	s.notify(t, r.URL, false)

	tags := large.tags(t) // whose audio is a frame longer than its eight seconds
	twice := slices.Concat(tags, shiftTags(tags, sourceSeconds*time.Second+100*time.Millisecond))
	store.hold.Store(true)
	p := dial(t, s.pushURL("show"))
	for _, tag := range twice {
		write(t, p, tag)
	}
	store.await(t, "a part on its way", func() bool { return store.parts.Load() > 0 })
	s.kill()
	store.hold.Store(false)
	before := store.parts.Load()
	s = startServer(t, data, "--config", config)
	push(t, s.pushURL("show"), twice)
	store.await(t, "parts after the restart", func() bool { return store.parts.Load() > before })
	store.away.Store(true)
	s.must(t, "RealTimeRecordCommand", "DomainName", streamingDomain, "AppName", "live", "StreamName", "show", "Command", "cancel_delay")
	s.awaitLog(t, "bucket is away")
	if got := r.received(); len(got) > 0 {
		t.Errorf("told of %d files that could not be stored", len(got))
	}
	store.away.Store(false)

	var uris []string
	for _, c := range r.awaitAccepted(t, 3) {
		f := c.file(t)
		uris = append(uris, f.URI)
		// Of the first push, which was faster than its clock, much can have come in
		// the last moment before the kill.
		if f.Duration < 2*sourceSeconds+1 || f.Duration > 4*sourceSeconds+1 {
			t.Errorf("%s lasts %v s, want all of the second push's %d and some of the first's", f.URI, f.Duration, 2*sourceSeconds)
		}
	}
	s.stop(t)
	if left, err := filepath.Glob(filepath.Join(data, "spool", "[^.]*")); err != nil || len(left) > 0 {
		t.Errorf("the spool still has %v, %v", left, err)
	}
	checkReconciled(t, data, "--config", config)
	files := recordFiles(t, data)
	if len(files) != 3 {
		t.Fatalf("record files %+v, want 3", files)
	}
	for _, f := range files {
		if !slices.Contains(uris, f.Object) {
			t.Errorf("nobody was told of %s", f.Object)
		}
		if f.Format == "m3u8" {
			continue // its slices were looked at
		}
		path := store.fetch(t, f.Object)
		if info, err := os.Stat(path); err != nil || info.Size() != f.Size {
			t.Errorf("%s has %v bytes, want %d: %v", f.Object, info.Size(), f.Size, err)
		}
		checkPlays(t, path)
		// The second push is there as it was.
		got, want := packetsOf(t, path), packetsOf(t, large.path(t))
		for stream := range want {
			pushed := slices.Repeat(hashes(want[stream]), 2)
			if recorded := hashes(got[stream]); len(recorded) < len(pushed) || !slices.Equal(recorded[len(recorded)-len(pushed):], pushed) {
				t.Errorf("%s does not end in the %d packets of %s of the second push", path, len(pushed), stream)
			}
		}
	}
	checkMissing(t, store, data, config, files[0])
}

// checkMissing deletes an object, which reconcile has to name.
func checkMissing(t *testing.T, store *objectStore, data, config string, f recordFile) {
	t.Helper()
	if err := store.RemoveObject(t.Context(), bucket, f.Object, minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := runToEnd(t, keyEnviron, "records", "reconcile", "--data", data, "--config", config)
	if status != 1 || !strings.Contains(stdout, "the object "+f.Object+" is missing") || !strings.Contains(stdout, ": 1 missing") {
		t.Errorf("records reconcile exits with %d, want 1 and the name of %s\n%s%s", status, f.Object, stdout, stderr)
	}
}
