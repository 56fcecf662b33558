package e2e

import (
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// A getReceiver keeps the queries of the GETs that come to it.
type getReceiver struct {
	queries chan url.Values
	headers chan http.Header
}

func (r *getReceiver) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	if req.Method == http.MethodGet {
		r.headers <- req.Header
		r.queries <- req.URL.Query()
	}
}

func (r *getReceiver) next(t *testing.T) (url.Values, http.Header) {
	t.Helper()
	select {
	case q := <-r.queries:
		return q, <-r.headers
	case <-time.After(patience):
		t.Fatal("no callback")
		return nil, nil
	}
}

func TestPushesAreToldOfAndTheirEndAlsoAfterACrash(t *testing.T) {
	t.Parallel()
	r := &getReceiver{queries: make(chan url.Values, 10), headers: make(chan http.Header, 10)}
	hook := httptest.NewServer(r)
	t.Cleanup(hook.Close)
	data := t.TempDir()
	s := startServer(t, data)
	s.configure(t, time.Hour)
	s.must(t, "SetLiveStreamsNotifyUrlConfig", "DomainName", ingestDomain, "NotifyUrl", hook.URL+"/?tenant=7",
		"NotifyReqAuth", "yes", "NotifyAuthKey", notifyAuthKey)

	begin := func(stream string) {
		p := dial(t, s.pushURL(stream, "title=a%20%26%20b"))
		for _, tag := range before(bFramesAndAAC.tags(t), time.Second) {
			write(t, p, tag)
		}
		query, header := r.next(t)
		checkPublish(t, query, header, "publish", stream)
		if query.Get("width") != "320" || query.Get("height") != "180" {
			t.Errorf("size is %sx%s", query.Get("width"), query.Get("height"))
		}
		if stream == "ends" {
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	begin("ends")
	query, header := r.next(t)
	checkPublish(t, query, header, "publish_done", "ends")

	begin("crashes")
	s.kill()
	startServer(t, data)
	for query.Get("action") != "publish_done" || query.Get("id") != "crashes" {
		query, header = r.next(t) // the outcome of the first may have been lost: it comes again
	}
	checkPublish(t, query, header, "publish_done", "crashes")
}

func checkPublish(t *testing.T, query url.Values, header http.Header, action, stream string) {
	t.Helper()
	for name, want := range map[string]string{
		"tenant": "7", "action": action, "id": stream, "app": ingestDomain, "appname": "live", "ip": "127.0.0.1",
		"usrargs": "vhost=" + ingestDomain + "&title=a+%26+b",
	} {
		if got := query.Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", action, name, got, want)
		}
	}
	if query.Get("node") == "" || query.Get("time") == "" {
		t.Errorf("%s: %v", action, query)
	}
	sum := md5.Sum([]byte(ingestDomain + "|" + header.Get("ALI-LIVE-TIMESTAMP") + "|" + notifyAuthKey))
	if got, want := header.Get("ALI-LIVE-SIGNATURE"), hex.EncodeToString(sum[:]); got != want {
		t.Errorf("%s: signature %q, want %q", action, got, want)
	}
}
