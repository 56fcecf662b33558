package receiver

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
)

const testKey = "testkeyyourkey12"

var (
	testSecret = wire.Secret("a secret for these tests")
	arrival    = time.Date(2026, 11, 23, 12, 30, 15, 678e6, time.UTC)
)

const (
	statusBody = `{"domain":"play.example.com","app":"live","stream":"show","event":"record_started"}`
	fileBody   = `{"domain":"play.example.com","app":"live","stream":"show","uri":"record/live/show/1.mp4","duration":69.403,"start_time":1488985786,"stop_time":1488985840}`
)

// testReceiver returns a receiver whose clock stands at arrival, and what it
// prints.
func testReceiver(t *testing.T, c Config) (*Receiver, *strings.Builder) {
	t.Helper()
	out := new(strings.Builder)
	c.Out = out
	v, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	v.now = func() time.Time { return arrival }
	return v, out
}

// post returns a callback to hooks.example.com:8080 as it comes in.
func post(body string, sign func(h http.Header)) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/hook?token=1", strings.NewReader(body))
	r.Host = "hooks.example.com:8080"
	if sign != nil {
		signed := http.Header{}
		sign(signed)
		for name, values := range signed {
			r.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	return r
}

func signedLive(key string, at time.Time) func(http.Header) {
	return func(h http.Header) { wire.SignLive(h, "hooks.example.com", key, at) }
}

// signedPush returns the callback about a push.
func signedPush() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/?action=publish&id=show&app=push.example.com&appname=live", nil)
	signed := http.Header{}
	wire.SignLive(signed, "push.example.com", testKey, arrival)
	for name, values := range signed {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	return r
}

func TestALineTellsWhatCameIn(t *testing.T) {
	t.Parallel()
	checking := Config{Key: testKey, Secret: testSecret}
	event := live.Event{ID: "evt_1", Seq: 7, Type: live.EventRecordStarted}
	for _, tt := range []struct {
		name    string
		config  Config
		request *http.Request
		want    string
		status  int
	}{
		{"an unsigned status", checking, post(statusBody, nil),
			"12:30:15.678  record_started  play.example.com/live/show  seq -    attempt -   vendor unsigned     webhook unsigned     → 200", 200},
		{"a signed status with our headers", checking,
			post(statusBody, func(h http.Header) {
				signedLive(testKey, arrival)(h)
				wire.SetEventHeaders(h, event, 2)
				wire.SignWebhook(h, "evt_1", []byte(statusBody), []wire.Secret{testSecret}, arrival)
			}),
			"12:30:15.678  record_started  play.example.com/live/show  seq 7    attempt 2   vendor valid        webhook valid        → 200", 200},
		{"a signature without a key to check it", Config{}, post(statusBody, signedLive(testKey, arrival)),
			"12:30:15.678  record_started  play.example.com/live/show  seq -    attempt -   vendor not checked  webhook unsigned     → 200", 200},
		{"a webhook signature without a secret to check it", Config{},
			post(statusBody, func(h http.Header) {
				wire.SignWebhook(h, "evt_1", []byte(statusBody), []wire.Secret{testSecret}, arrival)
			}),
			"12:30:15.678  record_started  play.example.com/live/show  seq -    attempt -   vendor unsigned     webhook not checked  → 200", 200},
		{"a signature made with another key", checking, post(statusBody, signedLive("otherkeyyourkey1", arrival)),
			"12:30:15.678  record_started  play.example.com/live/show  seq -    attempt -   vendor INVALID: ALI-LIVE-SIGNATURE does not match host hooks.example.com and the key webhook unsigned     → 200", 200},
		{"a signature too old", checking, post(statusBody, signedLive(testKey, arrival.Add(-301*time.Second))),
			"12:30:15.678  record_started  play.example.com/live/show  seq -    attempt -   vendor INVALID: timestamp is 5m1s old, at most 5m0s is allowed webhook unsigned     → 200", 200},
		{"a file", checking, post(fileBody, nil),
			"12:30:15.678  file_created    play.example.com/live/show  seq -    attempt -   vendor unsigned     webhook unsigned     → 200  record/live/show/1.mp4", 200},
		{"another status is answered", Config{Status: 503}, post(statusBody, nil),
			"12:30:15.678  record_started  play.example.com/live/show  seq -    attempt -   vendor unsigned     webhook unsigned     → 503", 503},
		{"the question whether to record", checking, httptest.NewRequest(http.MethodGet, "/?app=live&domain=play.example.com&stream=show&vbitrate=2000&codec=h264", nil),
			"12:30:15.678  on_demand       play.example.com/live/show  seq -    attempt -   vendor unsigned     webhook unsigned     → 200  h264 2000 kbit/s  {\"ApiVersion\":\"1.0\",\"NeedRecord\":true}", 200},
		{"news of a push, signed for its ingest domain", checking, signedPush(),
			"12:30:15.678  publish         push.example.com/live/show  seq -    attempt -   vendor valid        webhook unsigned     → 200", 200},
		{"a browser", checking, httptest.NewRequest(http.MethodGet, "/favicon.ico", nil),
			"12:30:15.678  unknown         GET /favicon.ico: neither a POST nor a question whether to record nor news of a push  → 404", 404},
		{"a body that is no JSON", checking, post("hello", nil),
			"12:30:15.678  unknown         POST /hook?token=1: body: invalid character 'h' looking for beginning of value  → 400", 400},
		{"a body of another kind", checking, post(`{"event":"x"}`, nil),
			"12:30:15.678  unknown         POST /hook?token=1: body lacks domain, app, stream, or both event and uri  → 400", 400},
		{"a body too large", checking, post(`{"domain":"`+strings.Repeat("x", maxBody)+`"}`, nil),
			"12:30:15.678  unknown         POST /hook?token=1: body has more than 1048576 bytes  → 413", 413},
		{"characters that a terminal obeys", checking, post(`{"domain":"a\u001b[31m","app":"b\nc","stream":"\u202e","event":"\u009b2J"}`, nil),
			"12:30:15.678  \uFFFD2J             a\uFFFD[31m/b\uFFFDc/\uFFFD  seq -    attempt -   vendor unsigned     webhook unsigned     → 200", 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, out := testReceiver(t, tt.config)
			w := httptest.NewRecorder()
			v.ServeHTTP(w, tt.request)
			if got := out.String(); got != tt.want+"\n" {
				t.Errorf("printed %q\nwant    %q", got, tt.want+"\n")
			}
			if w.Code != tt.status {
				t.Errorf("answered %d, want %d", w.Code, tt.status)
			}
		})
	}
}

func TestStreamsAreAligned(t *testing.T) {
	t.Parallel()
	v, out := testReceiver(t, Config{})
	for _, stream := range []string{"a-long-name", "b", strings.Repeat("c", 100), "d"} {
		v.ServeHTTP(httptest.NewRecorder(), post(fmt.Sprintf(`{"domain":"d","app":"a","stream":%q,"event":"record_started"}`, stream), nil))
	}
	lines := strings.Split(out.String(), "\n")
	if a, b := strings.Index(lines[0], "seq"), strings.Index(lines[1], "seq"); a != b {
		t.Errorf("columns differ:\n%s\n%s", lines[0], lines[1])
	}
	if at := strings.Index(lines[3], "seq"); at != strings.Index(lines[0], "seq")+maxColumn-len("d/a/a-long-name") {
		t.Errorf("a very long name moved the column to %d", at)
	}
}

func TestTheBodyIsShownOnRequest(t *testing.T) {
	t.Parallel()
	v, out := testReceiver(t, Config{ShowBody: true})
	v.ServeHTTP(httptest.NewRecorder(), post(statusBody, nil))
	_, got, _ := strings.Cut(out.String(), "\n")
	want := "  {\n    \"domain\": \"play.example.com\",\n    \"app\": \"live\",\n    \"stream\": \"show\",\n    \"event\": \"record_started\"\n  }\n"
	if got != want {
		t.Errorf("body:\n%s\nwant:\n%s", got, want)
	}
}

func TestADeepBodyDoesNotFillTheScreen(t *testing.T) {
	t.Parallel()
	v, out := testReceiver(t, Config{ShowBody: true})
	deep := strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	v.ServeHTTP(httptest.NewRecorder(), post(`{"domain":"d","app":"a","stream":"s","event":"e","x":`+deep+`}`, nil))
	if n := strings.Count(out.String(), "\n"); n != 2 || out.Len() > 1000 {
		t.Errorf("printed %d lines with %d bytes", n, out.Len())
	}
}

func TestJSONIsOneObjectALine(t *testing.T) {
	t.Parallel()
	v, out := testReceiver(t, Config{JSON: true, Key: testKey})
	v.ServeHTTP(httptest.NewRecorder(), post(statusBody, func(h http.Header) {
		signedLive(testKey, arrival)(h)
		wire.SetEventHeaders(h, live.Event{ID: "evt_1", Seq: 7, Type: live.EventRecordStarted}, 2)
	}))
	v.ServeHTTP(httptest.NewRecorder(), post("hello\n", nil))
	want := `{"time":"2026-11-23T12:30:15.678Z","method":"POST","host":"hooks.example.com:8080","path":"/hook?token=1",` +
		`"event":"record_started","domain":"play.example.com","app":"live","stream":"show","event_id":"evt_1","seq":7,"attempt":2,` +
		`"vendor_signature":"valid","webhook_signature":"unsigned","status":200,"body":` + statusBody + "}\n" +
		`{"time":"2026-11-23T12:30:15.678Z","method":"POST","host":"hooks.example.com:8080","path":"/hook?token=1",` +
		`"problem":"body: invalid character 'h' looking for beginning of value","vendor_signature":"unsigned","webhook_signature":"unsigned","status":400}` + "\n"
	if got := out.String(); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
}

func TestTheQuestionWhetherToRecordIsAnswered(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		decision *live.OnDemandAnswer
		want     string
	}{
		{"yes where nothing is said", nil, `{"ApiVersion":"1.0","NeedRecord":true}`},
		{"no", &live.OnDemandAnswer{}, `{"ApiVersion":"1.0","NeedRecord":false}`},
		{"some formats", &live.OnDemandAnswer{NeedRecord: true, Formats: []live.Format{live.FormatMP4, live.FormatFLV}}, `{"ApiVersion":"1.0","NeedRecord":true,"Format":["mp4","flv"]}`},
		{"a cycle", &live.OnDemandAnswer{NeedRecord: true, Cycles: map[live.Format]time.Duration{live.FormatM3U8: time.Minute}}, `{"ApiVersion":"1.0","NeedRecord":true,"Interval":{"M3U8":60}}`},
	} {
		v, _ := testReceiver(t, Config{Decision: tt.decision})
		w := httptest.NewRecorder()
		v.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?app=live&domain=play.example.com&stream=show", nil))
		if w.Body.String() != tt.want || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: answer = %s %v", tt.name, w.Body, w.Header())
		}
	}
}

func TestTheSignatureOfAQuestionIsVerified(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]Verdict{testKey: Valid, "otherkeyyourkey1": "INVALID: ALI-LIVE-SIGNATURE does not match host hooks.example.com and the key"} {
		var got Verdict
		v, _ := testReceiver(t, Config{Key: testKey, OnCallback: func(c Callback) { got = c.VendorSignature }})
		r := post("", signedLive(key, arrival))
		r.Method, r.URL.RawQuery = http.MethodGet, "app=live&domain=play.example.com&stream=show&vbitrate=0&codec="
		v.ServeHTTP(httptest.NewRecorder(), r)
		if got != want {
			t.Errorf("signed with %s: %s, want %s", key, got, want)
		}
	}
}

func TestTheAnswerWaitsForTheDelayAndTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []Callback
		v, _ := testReceiver(t, Config{Delay: 3 * time.Second, OnCallback: func(c Callback) { told = append(told, c) }})
		start := time.Now()
		answered := make(chan struct{})
		go func() {
			v.ServeHTTP(httptest.NewRecorder(), post(statusBody, nil))
			close(answered)
		}()
		synctest.Wait()
		if len(told) != 1 || told[0].Event != live.EventRecordStarted || told[0].Status != 200 {
			t.Errorf("told %+v before the delay", told)
		}
		<-answered
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("answered after %v, want 3 s", took)
		}
	})
}

func TestCallbacksAreToldOneAtATime(t *testing.T) {
	t.Parallel()
	told := 0 // guarded by the receiver alone
	v, out := testReceiver(t, Config{OnCallback: func(Callback) { told++ }})
	var requests sync.WaitGroup
	for range 50 {
		requests.Go(func() { v.ServeHTTP(httptest.NewRecorder(), post(statusBody, nil)) })
	}
	requests.Wait()
	if lines := strings.Count(out.String(), "\n"); told != 50 || lines != 50 {
		t.Errorf("told of %d, printed %d lines, want 50", told, lines)
	}
}

func TestNewRefusesAStatusThatHTTPLacks(t *testing.T) {
	t.Parallel()
	for _, status := range []int{-1, 1, 100, 199, 600} {
		if _, err := New(Config{Status: status}); err == nil {
			t.Errorf("New accepts status %d", status)
		}
	}
}

func FuzzReceiver(f *testing.F) {
	for _, body := range []string{statusBody, fileBody, "", "{}", "[]", `{"domain":1}`, `{"domain":"a\u001b[31m","app":"b\nc","stream":"\u202e","event":"\u009b2J"}`} {
		f.Add(http.MethodPost, "token=1", body, "7", "1519375990")
	}
	f.Add(http.MethodGet, "app=live&domain=d&stream=s", "", "", "")
	f.Fuzz(func(t *testing.T, method, query, body, number, timestamp string) {
		var got Callback
		v, out := testReceiver(t, Config{Key: testKey, Secret: testSecret, OnCallback: func(c Callback) { got = c }})
		r := post(body, nil)
		r.Method = method
		r.URL.RawQuery = query
		r.Header.Set(wire.HeaderEventSeq, number)
		r.Header.Set(wire.HeaderAttempt, number)
		r.Header.Set(wire.HeaderWebhookID, number)
		r.Header.Set(wire.HeaderLiveTimestamp, timestamp)
		r.Header.Set(wire.HeaderLiveSignature, timestamp)
		v.ServeHTTP(httptest.NewRecorder(), r)
		line, ok := strings.CutSuffix(out.String(), "\n")
		if !ok || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("printed %q, want one line without control characters", out)
		}
		if (got.Event == "") == (got.Problem == "") {
			t.Errorf("event %q with problem %q", got.Event, got.Problem)
		}
		if _, err := json.Marshal(got); err != nil {
			t.Errorf("JSON: %v", err)
		}
	})
}
