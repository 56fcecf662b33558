package api

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/events"
	"tallylight/internal/api/wire"
	"tallylight/internal/callback"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// followFixture is a fixture whose callbacks tell the key that they are signed
// with.
func followFixture(t *testing.T) *fixture {
	t.Helper()
	return sqliteFixture(t, func(c *Config) {
		c.Request = func(dv live.Delivery, now time.Time) (*http.Request, []byte, error) {
			if strings.HasPrefix(dv.URL, "ftp:") {
				return nil, nil, live.ErrURLMalformed
			}
			r, err := http.NewRequest(http.MethodPost, dv.URL, nil)
			if err == nil {
				r.Header.Set("Key", dv.SignKey)
			}
			return r, []byte("body of " + dv.Event.ID), err
		}
	})
}

// addEvents commits events of a stream that occur now, and wakes who follows.
func (f *fixture) addEvents(domain, stream string, ids ...string) {
	f.t.Helper()
	ctx := f.t.Context()
	err := f.store.Update(ctx, func(tx store.Tx) error {
		for _, id := range ids {
			_, err := tx.AddEvent(ctx, live.Event{ID: live.EventID(id), Type: live.EventRecordStarted, OccurredAt: f.now,
				Key: live.StreamKey{Domain: domain, App: "live", Stream: stream}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.server.WakeFollowers()
}

// follow opens the stream at url and returns its reader, behind the first event,
// which is the time.
func (f *fixture) follow(url string, pairs ...string) *events.Reader {
	f.t.Helper()
	p := params("TallylightFollowEvents", append([]string{"DomainName=" + playDomain, "CallbackUrl=http://localhost:3000/hook"}, pairs...)...)
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, url+"/?"+f.sign(testKey, http.MethodGet, p).Encode(), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { response.Body.Close() })
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != events.ContentType {
		body, _ := io.ReadAll(response.Body)
		f.t.Fatalf("%s %s", response.Status, body)
	}
	reader := events.NewReader(response.Body)
	first, err := reader.Read()
	if err != nil || first.Time == nil || !first.Time.Now.Equal(f.now) {
		f.t.Fatalf("first event %+v, %v, want the time", first, err)
	}
	return reader
}

// serve listens on loopback.
func (f *fixture) serve() string {
	f.t.Helper()
	srv := httptest.NewServer(f.server)
	f.t.Cleanup(srv.Close)
	f.t.Cleanup(f.server.EndStreams) // first, as Close waits for requests
	return srv.URL
}

// read returns the ids of the next callbacks, with their numbers.
func read(t *testing.T, r *events.Reader, n int) (list []string) {
	t.Helper()
	for len(list) < n {
		e, err := r.Read()
		if err != nil {
			t.Fatalf("after %v: %v", list, err)
		}
		if e.Callback != nil {
			list = append(list, fmt.Sprintf("%s/%s:%d", e.Callback.ID, e.Callback.Stream, e.Callback.Seq))
		}
	}
	return list
}

func TestFollowersGetTheEventsOfTheirDomain(t *testing.T) {
	t.Parallel()
	f := followFixture(t)
	f.mustCall("AddLiveRecordNotifyConfig", "DomainName="+playDomain, "NotifyUrl=http://cb.example.com/", "NotifyAuthKey=testkeyyourkey12")
	f.addEvents(playDomain, "old", "before")
	url := f.serve()
	first, second := f.follow(url), f.follow(url)
	f.addEvents(foreignDomain, "show", "foreign")
	f.addEvents(playDomain, "show", "a", "b")
	f.addEvents(playDomain, "old", "c")
	for _, r := range []*events.Reader{first, second} {
		got := read(t, r, 3)
		slices.Sort(got) // streams stand in no order to each other
		if want := []string{"a/show:1", "b/show:2", "c/old:2"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	f.addEvents(playDomain, "show", "d")
	e, err := first.Read()
	if err != nil || e.Callback == nil {
		t.Fatalf("%+v, %v", e, err)
	}
	want := events.Callback{ID: "d", Type: "record_started", App: "live", Stream: "show", Seq: 3, OccurredAt: f.now, Method: "POST",
		URL: "http://localhost:3000/hook", Header: http.Header{"Key": {"testkeyyourkey12"}}, Body: "body of d"}
	if !reflect.DeepEqual(*e.Callback, want) {
		t.Errorf("got %+v\nwant %+v", *e.Callback, want)
	}
}

func TestAFollowerWhoComesBackMissesNothing(t *testing.T) {
	t.Parallel()
	f := followFixture(t)
	f.addEvents(playDomain, "known", "k1", "k2")
	f.addEvents(playDomain, "quiet", "q1")
	f.addEvents(playDomain, "other", "o1")
	f.now = f.now.Add(time.Minute)
	f.addEvents(playDomain, "known", "k3")
	f.addEvents(playDomain, "other", "o2", "o3")
	f.addEvents(playDomain, "new", "n1")
	got := read(t, f.follow(f.serve(), "After=live/known:1", "Since=2026-11-23T08:00:30Z"), 5)
	slices.Sort(got)
	if want := []string{"k2/known:2", "k3/known:3", "n1/new:1", "o2/other:2", "o3/other:3"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestManyEventsComeInOrder(t *testing.T) {
	t.Parallel()
	f := followFixture(t)
	r := f.follow(f.serve())
	ids, want := make([]string, 3*followBatch), make([]string, 3*followBatch)
	for i := range ids {
		ids[i] = fmt.Sprintf("evt_%d", i)
		want[i] = fmt.Sprintf("evt_%d/show:%d", i, i+1)
	}
	f.addEvents(playDomain, "show", ids...)
	if got := read(t, r, len(ids)); !slices.Equal(got, want) {
		t.Errorf("got %d events in another order: %v", len(got), got)
	}
}

func TestFollowingEndsWithTheServer(t *testing.T) {
	t.Parallel()
	f := followFixture(t)
	srv := httptest.NewServer(f.server)
	defer srv.Close()
	r := f.follow(srv.URL)
	f.server.EndStreams()
	if _, err := r.Read(); err != io.EOF {
		t.Errorf("Read() = %v, want the end", err)
	}
}

func TestFollowersAreCounted(t *testing.T) {
	t.Parallel()
	f := followFixture(t)
	call := params("TallylightFollowEvents", "DomainName="+playDomain, "CallbackUrl=http://localhost/")
	for range maxFollowers {
		if !f.server.followers.enter() {
			t.Fatal("refused too early")
		}
	}
	f.call(call).wantError(t, apierr.Throttling)
	f.server.followers.leave()
	f.server.EndStreams() // an answer would end at once
	if a := f.call(call); a.status != http.StatusOK {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	if !f.server.followers.enter() {
		t.Error("one who has gone is still counted")
	}
}

func TestFollowingIsRefused(t *testing.T) {
	t.Parallel()
	valid := []string{"DomainName=" + playDomain, "CallbackUrl=http://localhost/"}
	for name, tt := range map[string]struct {
		change string
		want   *apierr.Error
	}{
		"without a domain":             {"DomainName=", apierr.Missing("DomainName")},
		"without a URL":                {"CallbackUrl=", apierr.Missing("CallbackUrl")},
		"for a domain of others":       {"DomainName=" + foreignDomain, apierr.InvalidDomainNotFound},
		"for an unknown domain":        {"DomainName=nowhere.example.com", apierr.InvalidDomainNotFound},
		"for a URL of another kind":    {"CallbackUrl=ftp://localhost/", apierr.Invalid("CallbackUrl")},
		"from positions that are none": {"After=live", apierr.Invalid("After")},
		"since a time that is none":    {"Since=yesterday", apierr.Invalid("Since")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			followFixture(t).call(params("TallylightFollowEvents", append(slices.Clone(valid), tt.change)...)).wantError(t, tt.want)
		})
	}
	t.Run("by a server that has no callbacks", func(t *testing.T) {
		t.Parallel()
		newFixture(t).call(params("TallylightFollowEvents", valid...)).wantError(t, apierr.InvalidActionNotFound)
	})
}

func TestAUserNeedsPermissionToFollow(t *testing.T) {
	t.Parallel()
	call := params("TallylightFollowEvents", "DomainName="+playDomain, "CallbackUrl=http://localhost/")
	f := followFixture(t).addUser(`{"Effect":"Allow","Action":"live:Describe*","Resource":"*"}`,
		`{"Effect":"Allow","Action":"live:TallylightFollowEvents","Resource":"acs:cdn:*:*:domain/`+pushDomain+`"}`)
	f.callAs(userKey, call).wantError(t, apierr.Forbidden)
	f.server.EndStreams() // an answer would end at once
	if a := f.callAs(userKey, call.With("DomainName", pushDomain)); a.status != http.StatusOK || a.header.Get("Content-Type") != events.ContentType {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

// TestTheStreamMatchesItsExample holds the beginning of a stream against the
// example of the reference: the time, and an event. With -update it writes it.
func TestTheStreamMatchesItsExample(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t, func(c *Config) { c.Request = callback.RequestFor })
	f.addEvents(playDomain, "show", "evt_01k9vq3c5x8j2m4n6p7r9s1t3v")
	p := f.sign(testKey, "GET", params("TallylightFollowEvents", "DomainName="+playDomain,
		"CallbackUrl=http://localhost:3000/hook", "Since="+wire.FormatTime(f.now)))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.serve()+"/?"+p.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var got strings.Builder
	for lines := bufio.NewScanner(response.Body); strings.Count(got.String(), "\n\n") < 2 && lines.Scan(); {
		got.WriteString(lines.Text() + "\n")
	}
	golden(t, "TallylightFollowEvents.events", got.String())
	golden(t, "TallylightFollowEvents.request", "GET /?"+p.Encode()+" HTTP/1.1\n")
}
