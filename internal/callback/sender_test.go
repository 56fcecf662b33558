package callback

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
)

// serveRaw answers the connections to sinkAddress by hand: answer writes what
// follows a request, whose bytes it is given, until the connection breaks.
func (n *pipeNet) serveRaw(answer func(w io.Writer, request string)) (shut func()) {
	l := n.listen(sinkAddress)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for {
					request, err := readRaw(r)
					if err != nil {
						return
					}
					answer(conn, request)
				}
			}()
		}
	}()
	return func() { l.Close() }
}

// readRaw reads one request as it is.
func readRaw(r *bufio.Reader) (string, error) {
	var request strings.Builder
	length := 0
	for {
		text, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		request.WriteString(text)
		if number, ok := strings.CutPrefix(text, "Content-Length: "); ok {
			length, _ = strconv.Atoi(strings.TrimSpace(number))
		}
		if text == "\r\n" {
			break
		}
	}
	_, err := io.CopyN(&request, r, int64(length))
	return request.String(), err
}

func testSender(t *testing.T, n *pipeNet, c Config) *sender {
	t.Helper()
	c.Guard = testGuard(t, GuardConfig{})
	c.Guard.dial = n.dial
	s := New(c).sender
	t.Cleanup(s.transport.CloseIdleConnections)
	return s
}

func testDelivery(url string) live.Delivery {
	return live.Delivery{
		ID:       "dlv_1",
		Event:    live.Event{ID: "evt_1", Type: live.EventRecordPaused, Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"}, Seq: 7},
		URL:      url,
		Attempts: 2,
	}
}

func TestTheRequestIsWhatTheVendorSends(t *testing.T) {
	t.Parallel()
	const body = `{"domain":"play.example.com","app":"live","stream":"show","event":"record_paused"}`
	head := func(path, host string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 82\r\n"
	}
	// The bubble's clock starts at 946684800.
	for _, tt := range []struct {
		name   string
		config Config
		change func(*live.Delivery)
		want   string
	}{
		{"bare", Config{}, func(*live.Delivery) {},
			head("/hook?a=b", "public.example") + "Content-Type: application/json\r\n\r\n" + body},
		{"signed as the vendor signs", Config{}, func(d *live.Delivery) { d.SignKey = "testkeyyourkey12" },
			head("/hook?a=b", "public.example") + "ALI-LIVE-SIGNATURE: " + wire.LiveSignature("public.example", "946684800", "testkeyyourkey12") +
				"\r\nALI-LIVE-TIMESTAMP: 946684800\r\nContent-Type: application/json\r\n\r\n" + body},
		{"signed for a host in punycode", Config{}, func(d *live.Delivery) { d.SignKey, d.URL = "k", "http://B\u00fccher.example/" },
			head("/", "xn--bcher-kva.example") + "ALI-LIVE-SIGNATURE: " + wire.LiveSignature("xn--bcher-kva.example", "946684800", "k") +
				"\r\nALI-LIVE-TIMESTAMP: 946684800\r\nContent-Type: application/json\r\n\r\n" + body},
		{"of a push, by GET, signed for the ingest domain", Config{}, func(d *live.Delivery) {
			d.SignKey = "testkeyyourkey12"
			d.Event.Type, d.Event.Key.Domain = live.EventPublishDone, "push.example.com"
			d.Event.Detail.Publish = &live.PublishDetail{IP: "192.0.2.1", Node: "n"}
		}, "GET /hook?a=b&action=publish_done&ip=192.0.2.1&id=show&app=push.example.com&appname=live&time=-62135596800&usrargs=&node=n HTTP/1.1\r\n" +
			"Host: public.example\r\nUser-Agent: Go-http-client/1.1\r\nALI-LIVE-SIGNATURE: " + wire.LiveSignature("push.example.com", "946684800", "testkeyyourkey12") +
			"\r\nALI-LIVE-TIMESTAMP: 946684800\r\n\r\n"},
		{"with our headers", Config{EventHeaders: true}, func(*live.Delivery) {},
			head("/hook?a=b", "public.example") + "Content-Type: application/json\r\nWebhook-Id: evt_1\r\n" +
				"X-Live-Attempt: 3\r\nX-Live-Event-Seq: 7\r\nX-Live-Event-Type: record_paused\r\n\r\n" + body},
		{"with the signature of Standard Webhooks", Config{Secret: wire.Secret("k")}, func(*live.Delivery) {},
			head("/hook?a=b", "public.example") + "Content-Type: application/json\r\nWebhook-Id: evt_1\r\n" +
				"Webhook-Signature: " + wire.WebhookSignature("evt_1", "946684800", []byte(body), wire.Secret("k")) + "\r\nWebhook-Timestamp: 946684800\r\n\r\n" + body},
		{"under another user agent", Config{UserAgent: "Tallylight"}, func(*live.Delivery) {},
			strings.Replace(head("/hook?a=b", "public.example"), "Go-http-client/1.1", "Tallylight", 1) + "Content-Type: application/json\r\n\r\n" + body},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newPipeNet()
				var got string
				defer n.serveRaw(func(w io.Writer, request string) {
					got = request
					io.WriteString(w, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				})()
				d := testDelivery("http://public.example/hook?a=b")
				tt.change(&d)
				s := testSender(t, n, tt.config)
				a := s.send(t.Context(), d, burstTimeout)
				if a.Status != 200 || a.Number != 3 || a.Response != "ok" || a.Err != "" || a.Address == "" {
					t.Errorf("attempt = %+v", a)
				}
				if got != tt.want {
					t.Errorf("request:\n%s\nwant:\n%s", got, tt.want)
				}
			})
		})
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	drip := func(w io.Writer, text string) {
		for i := range text {
			time.Sleep(1100 * time.Millisecond)
			if _, err := io.WriteString(w, text[i:i+1]); err != nil {
				return
			}
		}
	}
	flood := func(w io.Writer, unit string) (sent int) {
		for {
			n, err := io.WriteString(w, unit)
			sent += n
			if err != nil {
				return sent
			}
		}
	}
	block := strings.Repeat("x", 4096)
	for _, tt := range []struct {
		name   string
		answer func(w io.Writer) (sent int)
		status int
		err    string
		kept   int           // bytes of the response
		most   int           // bytes sent
		within time.Duration // from the request on
	}{
		{"a gigabyte", func(w io.Writer) int {
			io.WriteString(w, ok+"Content-Length: 1073741824\r\n\r\n")
			return flood(w, block)
		}, 200, "", keptResponse, 128 << 10, 0},
		{"a body without end", func(w io.Writer) int {
			io.WriteString(w, ok+"Transfer-Encoding: chunked\r\n\r\n")
			return flood(w, "1000\r\n"+block+"\r\n")
		}, 200, "", keptResponse, 128 << 10, 0},
		{"a body of a byte now and then", func(w io.Writer) int {
			io.WriteString(w, ok+"Content-Length: 100\r\n\r\n!")
			drip(w, block)
			return 0
		}, 200, "", 1, 0, responseWait},
		{"a body that never comes", func(w io.Writer) int {
			io.WriteString(w, ok+"Content-Length: 100\r\n\r\n")
			flood(w, "")
			return 0
		}, 200, "", 0, 0, responseWait},
		{"a header of a byte now and then", func(w io.Writer) int {
			drip(w, ok+"\r\n")
			return 0
		}, 0, "no answer within 5s", 0, 0, burstTimeout},
		{"a header without end", func(w io.Writer) int {
			io.WriteString(w, ok)
			return flood(w, "X-Filler: "+block+"\r\n")
		}, 0, "headers exceeded", 0, 2 * maxResponseHeader, 0},
		{"a status line without end", func(w io.Writer) int {
			return flood(w, block)
		}, 0, "headers exceeded", 0, 2 * maxResponseHeader, 0},
		{"informational answers without end", func(w io.Writer) int {
			return flood(w, "HTTP/1.1 103 Early Hints\r\nLink: "+block+"\r\n\r\n")
		}, 0, "headers exceeded", 0, 4 * maxResponseHeader, 0},
		{"no HTTP", func(w io.Writer) int {
			io.WriteString(w, "SSH-2.0-OpenSSH_9.2 "+block+"\r\n")
			return 0
		}, 0, "malformed HTTP", 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newPipeNet()
				l := n.listen(sinkAddress)
				defer l.Close()
				sent := make(chan int, 1)
				go func() {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					if _, err := readRaw(bufio.NewReader(conn)); err != nil {
						return
					}
					sent <- tt.answer(&untilClosed{conn})
					conn.Close()
				}()
				s := testSender(t, n, Config{})
				start := time.Now()
				a := s.send(t.Context(), testDelivery(hook), burstTimeout)
				if took := time.Since(start); took != tt.within {
					t.Errorf("took %v, want %v", took, tt.within)
				}
				if a.Status != tt.status || !strings.Contains(a.Err, tt.err) || (a.Err == "") != (tt.err == "") || len(a.Response) != tt.kept || len(a.Err) > maxErrText {
					t.Errorf("attempt = %+v, want status %d, error %q, %d bytes", a, tt.status, tt.err, tt.kept)
				}
				s.transport.CloseIdleConnections()
				if n := <-sent; n > tt.most {
					t.Errorf("the receiver could send %d bytes, want %d at most", n, tt.most)
				}
			})
		})
	}
}

// untilClosed turns the writing of nothing into waiting for the other side.
type untilClosed struct{ net.Conn }

func (c *untilClosed) Write(p []byte) (int, error) {
	if len(p) > 0 {
		return c.Conn.Write(p)
	}
	_, err := io.Copy(io.Discard, c.Conn)
	if err == nil {
		err = io.EOF
	}
	return 0, err
}

func TestTheResponseIsKeptAsText(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newPipeNet()
		defer n.serve(sinkAddress, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
			io.WriteString(w, "caf\xe9")
		}))()
		s := testSender(t, n, Config{})
		if a := s.send(t.Context(), testDelivery(hook), burstTimeout); a.Status != 418 || a.Response != "caf\uFFFD" {
			t.Errorf("attempt = %+v", a)
		}
		s.transport.CloseIdleConnections()
	})
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newPipeNet()
		defer n.serve(sinkAddress, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, strings.Repeat("x", 10<<10)) // more than is kept
		}))()
		s := testSender(t, n, Config{})
		for range 5 {
			if a := s.send(t.Context(), testDelivery(hook), burstTimeout); a.Status != 200 {
				t.Fatalf("attempt = %+v", a)
			}
		}
		if n.dialled() != 1 {
			t.Errorf("%d connections were opened for 5 callbacks, want 1", n.dialled())
		}
		time.Sleep(idleTimeout + time.Second)
		s.send(t.Context(), testDelivery(hook), burstTimeout)
		if n.dialled() != 2 {
			t.Errorf("%d connections, want a second one after a long idle time", n.dialled())
		}
		s.transport.CloseIdleConnections()
	})
}

func TestTheAddressOfAnAttemptIsTheOneDialled(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	g, err := NewGuard(GuardConfig{Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	s := New(Config{Guard: g}).sender
	server := &http.Server{Handler: &sink{}}
	go server.Serve(l)
	if a := s.send(context.Background(), testDelivery(fmt.Sprintf("http://%s/", address)), burstTimeout); a.Status != 200 || a.Address != address {
		t.Errorf("attempt = %+v, want status 200 from %s", a, address)
	}
	server.Close()
	s.transport.CloseIdleConnections()
	a := s.send(context.Background(), testDelivery(fmt.Sprintf("http://%s/", address)), burstTimeout)
	if a.Status != 0 || a.Address != address || !strings.Contains(a.Err, "refused") {
		t.Errorf("attempt = %+v, want a refused connection to %s", a, address)
	}
}
