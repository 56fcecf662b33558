// Package osstest is the part of Alibaba Cloud Object Storage Service that a
// recorder uses, in memory: it checks the signature of every request as the
// service describes it, never replaces what is not to be replaced, and answers in
// the service's own words. Sections are those of the service's API reference.
package osstest

import (
	"crypto/md5"
	"fmt"
	"hash/crc64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// What a Server accepts.
const (
	Region          = "cn-hangzhou"
	AccessKeyID     = "tallylight-test"
	AccessKeySecret = "a secret of no consequence"
)

// MinPartSize is the smallest size of a part that is not the last, in bytes.
const MinPartSize = 100 << 10

// maxBodySize bounds what is read of a request, in bytes.
const maxBodySize = 64 << 20

// A Server keeps buckets in memory.
type Server struct {
	// URL is its endpoint, on loopback. Buckets are named in the path.
	URL string

	mu      sync.Mutex
	buckets map[string]*bucket
	uploads int  // begun ever, for their ids
	damage  bool // what is sent
}

type bucket struct {
	objects map[string]*object
	uploads map[string]*upload
}

type object struct {
	content     []byte
	contentType string
	etag        string
}

type upload struct {
	key         string
	contentType string
	parts       map[int]*object
}

var ecma = crc64.MakeTable(crc64.ECMA)

func newObject(content []byte, contentType string) *object {
	return &object{content: content, contentType: contentType, etag: fmt.Sprintf("%X", md5.Sum(content))}
}

func (o *object) crc64() string { return fmt.Sprint(crc64.Checksum(o.content, ecma)) }

// Start starts a server, which ends with the test.
func Start(t testing.TB) *Server {
	s := &Server{buckets: make(map[string]*bucket)}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// CreateBucket creates a bucket.
func (s *Server) CreateBucket(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets[name] = &bucket{objects: make(map[string]*object), uploads: make(map[string]*upload)}
}

// Damage sets whether one bit of every object is wrong from now on when it is
// stored, behind the back of whoever sends it.
func (s *Server) Damage(damage bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.damage = damage
}

// Uploads returns how many uploads of a bucket are neither complete nor aborted.
func (s *Server) Uploads(bucket string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.buckets[bucket].uploads)
}

// Keys returns the keys of a bucket's objects, those of uploads included.
func (s *Server) Keys(bucket string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buckets[bucket].keys("")
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r)
	if err != nil {
		panic(http.ErrAbortHandler) // nobody hears an answer
	}
	if e := checkSignature(r); e != nil {
		e.write(w, r)
		return
	}
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.buckets[name]
	if !ok {
		errNoSuchBucket.write(w, r)
		return
	}
	c := &call{server: s, bucket: b, name: name, key: key, body: body, w: w, r: r}
	if e := c.dispatch(); e != nil {
		e.write(w, r)
	}
}

// store is what becomes of an object that is sent.
func (s *Server) store(b *bucket, key string, o *object) {
	if s.damage && len(o.content) > 0 {
		content := []byte(string(o.content))
		content[len(content)/2] ^= 1
		o = newObject(content, o.contentType)
	}
	b.objects[key] = o
}
