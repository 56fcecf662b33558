package callback

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
)

// testQuestion asks sinkAddress about a push.
var testQuestion = live.Question{
	Key:       live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"},
	URL:       "http://public.example/decide?token=a%20b",
	VideoKbps: 2000, VideoCodec: "h264",
}

// testAsker returns an asker on a network, and what it logs.
func testAsker(t *testing.T, n *pipeNet, c AskerConfig) (*Asker, *bytes.Buffer) {
	t.Helper()
	logged := new(bytes.Buffer)
	c.Guard, c.Log = testGuard(t, GuardConfig{}), slog.New(slog.NewTextHandler(logged, nil))
	c.Guard.dial = n.dial
	a := NewAsker(c)
	t.Cleanup(a.Close)
	return a, logged
}

// answer returns an answer as it is sent.
func answer(status, body string, header ...string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s", status, len(body), strings.Join(append(header, ""), "\r\n"), body)
}

const (
	yesBody = `{"ApiVersion":"1.0","NeedRecord":true}`
	gzipped = "Content-Encoding: gzip"
)

func packed(body string) string { return packedWith(nil, body) }

// packedWith packs a body behind the extra bytes that a gzip header can have.
func packedWith(extra []byte, body string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Extra = extra
	io.WriteString(w, body)
	w.Close()
	return b.String()
}

func TestTheQuestionIsAGet(t *testing.T) {
	t.Parallel()
	const head = "GET /decide?token=a%20b&app=live&domain=play.example.com&stream=show&vbitrate=2000&codec=h264 HTTP/1.1\r\n" +
		"Host: public.example\r\nUser-Agent: Go-http-client/1.1\r\n"
	// The bubble's clock starts at 946684800.
	sum := md5.Sum([]byte("public.example|946684800|testkeyyourkey12"))
	for _, tt := range []struct {
		name   string
		config AskerConfig
		key    string
		want   string
	}{
		{"bare", AskerConfig{}, "", head + "Accept-Encoding: gzip\r\n\r\n"},
		{"signed as the vendor signs", AskerConfig{}, "testkeyyourkey12",
			head + "ALI-LIVE-SIGNATURE: " + hex.EncodeToString(sum[:]) + "\r\nALI-LIVE-TIMESTAMP: 946684800\r\nAccept-Encoding: gzip\r\n\r\n"},
		{"under another user agent", AskerConfig{UserAgent: "Tallylight"}, "",
			strings.Replace(head, "Go-http-client/1.1", "Tallylight", 1) + "Accept-Encoding: gzip\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newPipeNet()
				var got string
				defer n.serveRaw(func(w io.Writer, request string) {
					got = request
					io.WriteString(w, answer("200 OK", yesBody))
				})()
				a, _ := testAsker(t, n, tt.config)
				q := testQuestion
				q.SignKey = tt.key
				if answer, err := a.Ask(t.Context(), q); err != nil || !answer.NeedRecord {
					t.Errorf("%+v, %v", answer, err)
				}
				if got != tt.want {
					t.Errorf("asked\n%s\nwant\n%s", got, tt.want)
				}
				a.Close()
				synctest.Wait()
			})
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	long := `{"NeedRecord":true,"x":"` + strings.Repeat("x", 2048) + `"}`
	for _, tt := range []struct {
		name, answer string
		ok           bool
	}{
		{"plain", answer("200 OK", yesBody), true},
		{"packed", answer("200 OK", packed(yesBody), gzipped), true},
		{"of 2048 bytes", answer("200 OK", yesBody+strings.Repeat(" ", 2048-len(yesBody))), true},
		{"cut behind the decision", answer("200 OK", yesBody+strings.Repeat(" ", 1<<20)), true},
		{"cut within", answer("200 OK", long), false},
		{"of a megabyte", answer("200 OK", strings.Repeat("x", 1<<20)), false},
		{"packed and cut within", answer("200 OK", packed(long), gzipped), false},
		{"a bomb, a megabyte in one kilobyte", answer("200 OK", packed(yesBody[:len(yesBody)-1]+strings.Repeat(" ", 1<<20)+"}"), gzipped), false},
		{"packed in more than 2048 bytes", answer("200 OK", packedWith(make([]byte, 2048), yesBody), gzipped), false},
		{"packed, as it says, but not", answer("200 OK", yesBody, gzipped), false},
		{"packed in another way", answer("200 OK", yesBody+"\x00", "Content-Encoding: br"), false},
		{"no JSON", answer("200 OK", "ok"), false},
		{"empty", answer("200 OK", ""), false},
		{"shorter than it says", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + yesBody, false},
		{"of status 201", answer("201 Created", yesBody), false},
		{"of status 204", "HTTP/1.1 204 No Content\r\n\r\n", false},
		{"of status 404", answer("404 Not Found", yesBody), false},
		{"of status 500", answer("500 Internal Server Error", yesBody), false},
		{"a redirect", answer("302 Found", yesBody, "Location: http://public.example/other"), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newPipeNet()
				var asked atomic.Int64
				defer n.serveRaw(func(w io.Writer, request string) {
					asked.Add(1)
					if !strings.HasPrefix(request, "GET /decide?") {
						t.Errorf("asked %s", request)
					}
					io.WriteString(w, tt.answer)
				})()
				a, _ := testAsker(t, n, AskerConfig{})
				answer, err := a.Ask(t.Context(), testQuestion)
				if (err == nil) != tt.ok || answer.NeedRecord != tt.ok {
					t.Errorf("%+v, %v", answer, err)
				}
				want := int64(1 + burstRetries)
				if tt.ok {
					want = 1
				}
				if asked.Load() != want {
					t.Errorf("asked %d times, want %d", asked.Load(), want)
				}
				a.Close()
				synctest.Wait()
			})
		})
	}
}

func TestTheAnswerIsTheOperators(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newPipeNet()
		defer n.serveRaw(func(w io.Writer, _ string) {
			io.WriteString(w, answer("200 OK", `{"NeedRecord":true,"Interval":{"Mp4":60,"Flv":1},"Format":["mp4","ts"]}`))
		})()
		a, logged := testAsker(t, n, AskerConfig{})
		got, err := a.Ask(t.Context(), testQuestion)
		want := live.OnDemandAnswer{NeedRecord: true, Cycles: map[live.Format]time.Duration{live.FormatMP4: time.Minute}, Formats: []live.Format{live.FormatMP4}}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		for _, text := range []string{"domain=play.example.com", "stream=show", "origin=http://public.example", "Interval.Flv", "ts"} {
			if !strings.Contains(logged.String(), text) {
				t.Errorf("the log lacks %q:\n%s", text, logged)
			}
		}
		if strings.Contains(logged.String(), "token") {
			t.Errorf("the log has the query:\n%s", logged)
		}
		a.Close()
		synctest.Wait()
	})
}

func TestAQuestionIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newPipeNet()
		start := time.Now()
		var times []time.Duration
		signatures := map[string]bool{}
		defer n.serveRaw(func(w io.Writer, request string) {
			times = append(times, time.Since(start))
			_, signature, _ := strings.Cut(request, "ALI-LIVE-SIGNATURE: ")
			signatures[signature[:32]] = true
			if len(times) <= burstRetries {
				io.WriteString(w, answer("503 Service Unavailable", ""))
				return
			}
			io.WriteString(w, answer("200 OK", yesBody))
		})()
		a, _ := testAsker(t, n, AskerConfig{})
		q := testQuestion
		q.SignKey = "testkeyyourkey12"
		if answer, err := a.Ask(t.Context(), q); err != nil || !answer.NeedRecord {
			t.Errorf("%+v, %v", answer, err)
		}
		if len(times) != 1+burstRetries || len(signatures) != len(times) {
			t.Errorf("asked at %v with %d signatures, want %d of each", times, len(signatures), 1+burstRetries)
		}
		for i := 1; i < len(times); i++ {
			if wait := times[i] - times[i-1]; wait < time.Second || wait > 1200*time.Millisecond {
				t.Errorf("asked again after %v, want a second and a fifth of it at most", wait)
			}
		}
		a.Close()
		synctest.Wait()
	})
}

// A server that gives no whole answer costs its time, the deadline at most.
func TestAServerThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer func(w io.Writer, _ string)
	}{
		{"hangs", func(io.Writer, string) {}},
		{"hangs within its answer", func(w io.Writer, _ string) { io.WriteString(w, answer("200 OK", yesBody)[:60]) }},
		{"sends a byte a second", func(w io.Writer, _ string) {
			for _, b := range []byte(answer("200 OK", yesBody)) {
				if _, err := w.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newPipeNet()
				var asked atomic.Int64
				defer n.serveRaw(func(w io.Writer, request string) {
					asked.Add(1)
					tt.answer(w, request)
				})()
				a, _ := testAsker(t, n, AskerConfig{Deadline: 12 * time.Second})
				start := time.Now()
				_, err := a.Ask(t.Context(), testQuestion)
				if !errors.Is(err, errNoDecision) {
					t.Errorf("%v, want that the deadline has passed", err)
				}
				if elapsed := time.Since(start); elapsed != 12*time.Second || asked.Load() != 2 {
					t.Errorf("asked %d times in %v, want 2 in 12s", asked.Load(), elapsed)
				}
				a.Close()
				time.Sleep(time.Minute) // the server finds its connection gone
				synctest.Wait()
			})
		})
	}
}

func TestTheCallerEndsAQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newPipeNet()
		defer n.serveRaw(func(io.Writer, string) {})()
		a, _ := testAsker(t, n, AskerConfig{})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		if _, err := a.Ask(ctx, testQuestion); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want that it was cancelled", err)
		}
		if elapsed := time.Since(start); elapsed != time.Second {
			t.Errorf("ended after %v, want 1s", elapsed)
		}
		a.Close()
		synctest.Wait()
	})
}

func TestAQuestionThatMayNotBeAskedIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for u, want := range map[string]error{
		"":                              live.ErrURLMalformed,
		"ftp://public.example/":         live.ErrURLMalformed,
		"http://private.example/decide": live.ErrURLUnsafe,
		"http://127.0.0.1/":             live.ErrURLUnsafe,
		"http://169.254.169.254/":       live.ErrURLUnsafe,
	} {
		synctest.Test(t, func(t *testing.T) {
			n := newPipeNet()
			a, _ := testAsker(t, n, AskerConfig{})
			q := testQuestion
			q.URL = u
			start := time.Now()
			if _, err := a.Ask(t.Context(), q); !errors.Is(err, want) {
				t.Errorf("%q: %v, want %v", u, err, want)
			}
			if n.dialled() > 0 || time.Since(start) > 0 {
				t.Errorf("%q: dialled %d times in %v, want never and at once", u, n.dialled(), time.Since(start))
			}
		})
	}
}

func TestAServerThatHangsHoldsFewConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newPipeNet()
		var open atomic.Int64
		l := n.listen(sinkAddress)
		defer l.Close()
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				open.Add(1)
				go func() {
					defer conn.Close()
					io.Copy(io.Discard, conn) // until the asker gives up
					open.Add(-1)
				}()
			}
		}()
		a, _ := testAsker(t, n, AskerConfig{PerOrigin: 4})
		var questions sync.WaitGroup
		start := time.Now()
		for range 50 {
			questions.Go(func() {
				if _, err := a.Ask(t.Context(), testQuestion); !errors.Is(err, errNoDecision) {
					t.Errorf("%v, want that the deadline has passed", err)
				}
			})
		}
		most := int64(0)
		for range 34 {
			time.Sleep(time.Second)
			synctest.Wait()
			most = max(most, open.Load())
		}
		if most != 4 {
			t.Errorf("%d connections at a time, want 4", most)
		}
		questions.Wait()
		if elapsed := time.Since(start); elapsed != DefaultAskDeadline {
			t.Errorf("the questions took %v, want %v", elapsed, DefaultAskDeadline)
		}
		a.Close()
		synctest.Wait()
	})
}
