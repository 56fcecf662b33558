package rtmp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"tallylight/internal/ingest"
	"tallylight/internal/ingest/rtmp/amf"
	"tallylight/internal/live"
	"tallylight/internal/media"
)

// frame is the body of an H.264 frame.
func frame(payload string) []byte { return []byte("\x27\x01\x00\x00\x00" + payload) }

// dialRaw connects a client that has done its handshake and nothing else.
func dialRaw(t *testing.T, addr string) *setup {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	s := &setup{conn: nc, chunkSize: defaultChunkSize, chunks: newChunkReader(maxSetupMessage)}
	if err := s.handshake(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *setup) send(t *testing.T, b []byte) {
	t.Helper()
	if _, err := s.conn.Write(b); err != nil {
		t.Fatal(err)
	}
}

func (s *setup) command(t *testing.T, values ...any) {
	t.Helper()
	s.send(t, appendCommand(nil, 0, s.chunkSize, values...))
}

func (s *setup) connect(t *testing.T) {
	t.Helper()
	s.command(t, "connect", 1, amf.Object{{Name: "app", Value: "live"}, {Name: "tcUrl", Value: "rtmp://" + testDomain + "/live"}})
	s.wait(t, "_result")
}

func (s *setup) publish(t *testing.T, stream string) {
	t.Helper()
	s.command(t, "publish", 5, nil, stream, "live")
	if cmd := s.wait(t, "onStatus"); code(cmd) != codePublishStart {
		t.Fatalf("publish is answered by %v", cmd)
	}
}

// wait skips to the next command of that name.
func (s *setup) wait(t *testing.T, name string) command {
	t.Helper()
	for {
		cmd, err := s.nextCommand()
		if err != nil {
			t.Fatalf("wait for %s: %v", name, err)
		}
		if cmd.name == name {
			return cmd
		}
	}
}

// waitMessage skips to the next message of a type and returns its body.
func (s *setup) waitMessage(t *testing.T, typeID byte) []byte {
	t.Helper()
	for {
		for len(s.in) > 0 {
			n, m, err := s.chunks.read(s.in)
			if err != nil {
				t.Fatal(err)
			}
			s.in = s.in[n:]
			if m != nil && m.typeID == typeID {
				return bytes.Clone(m.body())
			}
		}
		n, err := s.conn.Read(s.buf[:])
		if err != nil {
			t.Fatalf("wait for message of type %d: %v", typeID, err)
		}
		s.in = s.buf[:n]
	}
}

// waitEnd waits until the server has closed the connection.
func (s *setup) waitEnd(t *testing.T) {
	t.Helper()
	if _, err := io.Copy(io.Discard, s.conn); err != nil && !isGone(err) {
		t.Errorf("server does not close the connection: %v", err)
	}
}

// code returns the code of a status, which is in the first object that has one.
func code(cmd command) string {
	for i := range cmd.args {
		if o, ok := cmd.object(i); ok && o.String("code") != "" {
			return o.String("code")
		}
	}
	return ""
}

func TestAPushArrivesAsItWasSent(t *testing.T) {
	t.Parallel()
	for _, chunkSize := range []int{1, 128, 4096, 65536, maxChunkSize} {
		t.Run(fmt.Sprint(chunkSize), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			p, err := (&Dialer{ChunkSize: chunkSize}).Dial(t.Context(), r.url("show")+"&callback_id=7")
			if err != nil {
				t.Fatal(err)
			}
			session := <-r.sessions
			const start = extendedTimestamp - 100 // passes into extended timestamps
			want := []recorded{{media.Data, 0, false, false, start * ms, 0, amf0("onMetaData", amf.Object{{Name: "width", Value: 640.0}})}}
			if err := p.WriteTag(typeDataAMF0, start, []byte(want[0].body)); err != nil {
				t.Fatal(err)
			}
			for i := range 100 {
				at := start + uint32(i)*40
				video, audio := strings.Repeat("v", 1+i*i*3), strings.Repeat("a", 1+i)
				out := p.AppendTag(nil, typeVideo, at, frame(video))
				out = p.AppendTag(out, typeAudio, at, []byte("\xaf\x01"+audio))
				if err := p.Send(out); err != nil {
					t.Fatal(err)
				}
				dts := time.Duration(at) * ms
				want = append(want, recorded{media.Video, media.H264, false, false, dts, 0, video}, recorded{media.Audio, media.AAC, false, true, dts, 0, audio})
			}
			if err := p.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			got, cause := session.wait(t)
			if cause != nil {
				t.Errorf("session ended with cause %v, want none", cause)
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %d units, want %d, or their content differs", len(got), len(want))
			}
			s := session.session
			if want := (live.StreamKey{Domain: testDomain, App: "live", Stream: "show"}); s.Key != want || s.Protocol != "rtmp" ||
				s.Args.Get("callback_id") != "7" || !s.RemoteAddr.Addr().IsLoopback() {
				t.Errorf("session %+v", s)
			}
		})
	}
}

func TestDialIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(_ *rig, _ *Config, c *ingest.Config) {
		open := c.Open
		c.Open = func(ctx context.Context, s live.Session) (ingest.Reader, error) {
			if s.Key.Stream == "broken" {
				return nil, errors.New("secret detail")
			}
			return open(ctx, s)
		}
	})
	r.publish(t, "busy")
	for _, tc := range []struct{ name, url, code, description string }{
		{"unknown domain", "/live/show?vhost=other.example.com", codePublishDenied, "domain not found: other.example.com; add it"},
		{"stopped domain", "/live/show?vhost=stopped.example.com", codePublishDenied, "domain is stopped: stopped.example.com; start it"},
		{"no domain", "/live/show", codePublishDenied, "add ?vhost=DOMAIN to the URL, or set ingest.default_domain"},
		{"invalid domain", "/live/show?vhost=a..b", codePublishDenied, "domain not found"},
		{"busy stream", "/live/busy?vhost=" + testDomain, codePublishBadName, "stream has a publisher already"},
		{"invalid stream", "/live/a%20b?vhost=" + testDomain, codePublishBadName, "invalid app or stream name"},
		{"stream of two parts", "/live/a/b?vhost=" + testDomain, codePublishBadName, "invalid app or stream name"},
		{"stream too long", "/live/" + strings.Repeat("a", 300) + "?vhost=" + testDomain, codePublishBadName, "300 bytes"},
		{"invalid app", "/li:ve/show?vhost=" + testDomain, codeConnectRejected, "invalid app or stream name"},
		{"failing recorder", "/live/broken?vhost=" + testDomain, codeFailed, "its log says why"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, err := Dial(t.Context(), "rtmp://"+r.addr+tc.url)
			if err == nil {
				p.Close()
			}
			refusal, ok := errors.AsType[*StatusError](err)
			if !ok || refusal.Code != tc.code || !strings.Contains(refusal.Description, tc.description) {
				t.Errorf("Dial: %v, want %s with %q", err, tc.code, tc.description)
			}
			if strings.Contains(fmt.Sprint(err), "secret") {
				t.Errorf("Dial: %v tells what the log only should", err)
			}
		})
	}
}

func TestCommandsAreRefusedAndTheConnectionIsClosed(t *testing.T) {
	t.Parallel()
	connectTo := func(app string) func(*testing.T, *setup) {
		return func(t *testing.T, s *setup) {
			s.command(t, "connect", 1, amf.Object{{Name: "app", Value: app}, {Name: "tcUrl", Value: "rtmp://" + testDomain + "/" + app}})
		}
	}
	for _, tc := range []struct {
		name   string
		do     func(*testing.T, *setup)
		answer string
		code   string
	}{
		{"app of two parts", connectTo("live/room"), "_error", codeConnectRejected},
		{"no app", connectTo(""), "_error", codeConnectRejected},
		{"no stream", func(t *testing.T, s *setup) {
			s.connect(t)
			s.command(t, "publish", 5, nil, "?k=v", "live")
		}, "onStatus", codePublishBadName},
		{"play", func(t *testing.T, s *setup) {
			s.connect(t)
			s.command(t, "play", 5, nil, "show")
		}, "onStatus", codePlayFailed},
		{"second publish", func(t *testing.T, s *setup) {
			s.connect(t)
			s.publish(t, "show")
			s.command(t, "publish", 6, nil, "other", "live")
			s.send(t, make([]byte, batchMark)) // or the server would read it a second later
		}, "onStatus", codePublishBadName},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			s := dialRaw(t, r.addr)
			tc.do(t, s)
			if cmd := s.wait(t, tc.answer); code(cmd) != tc.code {
				t.Errorf("answer %v, want code %s", cmd, tc.code)
			}
			s.waitEnd(t)
			s.conn.Close()
			r.shutDown(t)
			if got := r.server.Stats(); got.Refused != 1 || got.Open != 0 {
				t.Errorf("stats %+v, want one refused and none open", got)
			}
		})
	}
}

func TestARefusedClientReadsTheAnswerAlthoughItHasSentMore(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := dialRaw(t, r.addr)
	s.connect(t)
	refused := appendCommand(nil, 0, s.chunkSize, "play", 5, nil, "show")
	s.send(t, append(refused, make([]byte, 2*batchSize)...))
	if cmd := s.wait(t, "onStatus"); code(cmd) != codePlayFailed {
		t.Errorf("answer %v", cmd)
	}
	if _, err := io.Copy(io.Discard, s.conn); err != nil {
		t.Errorf("connection ends with %v, want it to end in order", err)
	}
	s.conn.Close()
}

func TestASessionEndsWithItsCause(t *testing.T) {
	t.Parallel()
	fast := func(_ *rig, c *Config, _ *ingest.Config) { c.IdleTimeout = 50 * time.Millisecond }
	for _, tc := range []struct {
		name    string
		end     func(*testing.T, *rig, *Publisher)
		want    error // nil for in order
		options []rigOption
	}{
		{"FCUnpublish", endBy("FCUnpublish"), nil, nil},
		{"deleteStream", endBy("deleteStream"), nil, nil},
		{"closeStream", endBy("closeStream"), nil, nil},
		{"connection closed", func(_ *testing.T, _ *rig, p *Publisher) { p.conn.Close() }, errUnfinished, nil},
		{"connection reset", func(t *testing.T, _ *rig, p *Publisher) {
			if err := p.Abort(); err != nil {
				t.Error(err)
			}
		}, errUnfinished, nil},
		{"malformed chunk", func(t *testing.T, _ *rig, p *Publisher) {
			if err := p.Send(append(set(0), make([]byte, batchMark)...)); err != nil {
				t.Error(err)
			}
		}, errChunk, nil},
		{"no media", func(*testing.T, *rig, *Publisher) {}, errIdle, []rigOption{fast}},
		{"nothing but data", func(t *testing.T, _ *rig, p *Publisher) {
			text := []byte(amf0("onTextData", strings.Repeat("x", batchMark)))
			for give := time.Now().Add(5 * time.Second); time.Now().Before(give); {
				if p.WriteTag(typeDataAMF0, 0, text) != nil {
					return // the server has closed
				}
			}
			t.Error("data alone keeps the session going")
		}, errIdle, []rigOption{fast}},
		{"cut by the registry", func(_ *testing.T, r *rig, _ *Publisher) {
			r.registry.Cut(func(live.Session) bool { return true }, live.ErrStreamForbidden)
		}, live.ErrStreamForbidden, nil},
		{"server shuts down", func(_ *testing.T, r *rig, _ *Publisher) { r.stop() }, errShutdown, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, tc.options...)
			p, session := r.publish(t, "show")
			if err := p.WriteTag(typeVideo, 0, frame("before the end")); err != nil {
				t.Fatal(err)
			}
			tc.end(t, r, p)
			units, cause := session.wait(t)
			if !errors.Is(cause, tc.want) || (cause == nil) != (tc.want == nil) {
				t.Errorf("cause %v, want %v", cause, tc.want)
			}
			switch tc.name {
			case "server shuts down", "cut by the registry", "connection reset": // which may overtake what was sent
			default:
				if len(units) == 0 || units[0].body != "before the end" {
					t.Errorf("units %v, want what came before the end", units)
				}
			}
		})
	}
}

func TestAPushThatIsCutIsToldWhyAndClosed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, session := r.publish(t, "show")
	cut := time.Now()
	if n := r.registry.Cut(func(s live.Session) bool { return s.Key.Stream == "show" }, live.ErrStreamForbidden); n != 1 {
		t.Fatalf("%d sessions were cut", n)
	}
	session.wait(t)
	if waited := time.Since(cut); waited >= pollInterval/2 {
		t.Errorf("the session ended after %s, want at once", waited)
	}
	p.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	answers, err := io.ReadAll(p.conn)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{codePublishDenied, live.ErrStreamForbidden.Error()} {
		if !strings.Contains(string(answers), text) {
			t.Errorf("the answer does not say %q: %q", text, answers)
		}
	}
	r.publish(t, "show") // the registry forgets; forbidding is the store's
}

func endBy(command string) func(*testing.T, *rig, *Publisher) {
	return func(t *testing.T, _ *rig, p *Publisher) {
		if err := p.Send(appendCommand(nil, 0, p.chunkSize, command, 6, nil, "show")); err != nil {
			t.Error(err)
		}
	}
}

func TestConnectionsThatAreNoPushAreClosed(t *testing.T) {
	t.Parallel()
	hello := append(appendHello(nil), make([]byte, handshakeSize)...)
	for name, in := range map[string][]byte{
		"HTTP":                          []byte("GET / HTTP/1.1\r\n\r\n"),
		"command before connect":        append(bytes.Clone(hello), appendCommand(nil, 0, defaultChunkSize, "createStream", 1, nil)...),
		"connect without object":        append(bytes.Clone(hello), appendCommand(nil, 0, defaultChunkSize, "connect", 1, nil)...),
		"malformed command":             append(bytes.Clone(hello), appendMessage(nil, 3, messageHeader{typeID: typeCommandAMF0}, []byte{2}, 128)...),
		"command without name":          append(bytes.Clone(hello), appendCommand(nil, 0, defaultChunkSize, 1, 1, nil)...),
		"large message before publish":  append(bytes.Clone(hello), cat(4, be24(0), be24(maxSetupMessage+1), 9, 1, 0, 0, 0)...),
		"type 3 chunk at the beginning": append(bytes.Clone(hello), 3<<6|3),
		"a second connect":              append(bytes.Clone(hello), twice(appendCommand(nil, 0, defaultChunkSize, "connect", 1, amf.Object{{Name: "app", Value: "live"}}))...),
		"more streams than anyone uses": append(append(bytes.Clone(hello), appendCommand(nil, 0, defaultChunkSize, "connect", 1, amf.Object{{Name: "app", Value: "live"}})...), bytes.Repeat(appendCommand(nil, 0, defaultChunkSize, "createStream", 2, nil), maxStreams+1)...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			_, other := r.publish(t, "other")
			nc, err := net.Dial("tcp", r.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			nc.SetDeadline(time.Now().Add(5 * time.Second)) // well before setupTimeout
			if _, err := nc.Write(in); err != nil {
				t.Fatal(err)
			}
			(&setup{conn: nc}).waitEnd(t)
			if got := len(r.registry.Sessions()); got != 1 {
				t.Errorf("%d sessions, want the other one", got)
			}
			nc.Close()
			r.shutDown(t)
			if got := r.server.Stats(); got.Failed != 1 {
				t.Errorf("stats %+v, want one failed", got)
			}
			if _, cause := other.wait(t); !errors.Is(cause, errShutdown) {
				t.Errorf("the other session ended with %v", cause)
			}
		})
	}
}

func twice(b []byte) []byte { return append(bytes.Clone(b), b...) }

func TestConnectionsThatDoNotPublishTimeOut(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*testing.T, *rig) *setup{
		"silent from the beginning": func(t *testing.T, r *rig) *setup {
			nc, err := net.Dial("tcp", r.addr)
			if err != nil {
				t.Fatal(err)
			}
			return &setup{conn: nc}
		},
		"silent after the handshake": func(t *testing.T, r *rig) *setup { return dialRaw(t, r.addr) },
		"silent after connect": func(t *testing.T, r *rig) *setup {
			s := dialRaw(t, r.addr)
			s.connect(t)
			return s
		},
		"silent after unpublishing": func(t *testing.T, r *rig) *setup {
			s := dialRaw(t, r.addr)
			s.connect(t)
			s.publish(t, "show")
			s.command(t, "closeStream", 0, nil)
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(r *rig, _ *Config, _ *ingest.Config) { r.setupTimeout = 200 * time.Millisecond })
			s := do(t, r)
			s.conn.SetDeadline(time.Now().Add(5 * time.Second))
			s.waitEnd(t)
			s.conn.Close()
		})
	}
}

func TestAPanicEndsOneConnectionOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(_ *rig, _ *Config, c *ingest.Config) {
		open := c.Open
		c.Open = func(ctx context.Context, s live.Session) (ingest.Reader, error) {
			reader, err := open(ctx, s)
			if s.Key.Stream == "bad" {
				reader.(*capture).onWrite = func() { panic("fault") }
			}
			return reader, err
		}
	})
	good, goodSession := r.publish(t, "good")
	bad, badSession := r.publish(t, "bad")
	if err := bad.WriteTag(typeVideo, 0, frame(strings.Repeat("x", batchMark))); err != nil {
		t.Fatal(err)
	}
	if _, cause := badSession.wait(t); cause == nil || !strings.Contains(cause.Error(), "fault") {
		t.Errorf("cause %v, want the panic", cause)
	}
	if got := r.server.Stats().Panics; got != 1 {
		t.Errorf("%d panics, want 1", got)
	}
	if err := good.WriteTag(typeVideo, 0, frame("x")); err != nil {
		t.Error(err)
	}
	if err := good.Close(); err != nil {
		t.Error(err)
	}
	if units, cause := goodSession.wait(t); len(units) != 1 || cause != nil {
		t.Errorf("the other session has %d units and ended with %v", len(units), cause)
	}
}

func TestConnectionsAreLimited(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(_ *rig, c *Config, _ *ingest.Config) { c.MaxConnections = 1 })
	p, session := r.publish(t, "first")
	if _, err := Dial(t.Context(), r.url("second")); err == nil {
		t.Error("second connection was taken")
	}
	if got := r.server.Stats(); got.Rejected != 1 || got.Open != 1 {
		t.Errorf("stats %+v, want one rejected and one open", got)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	session.wait(t)
}

func TestAServerAnswers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := dialRaw(t, r.addr)
	s.command(t, "connect", 1, amf.Object{{Name: "app", Value: "live"}, {Name: "tcUrl", Value: "rtmp://" + testDomain + "/live"},
		{Name: "fourCcList", Value: []any{"hvc1"}}, {Name: "objectEncoding", Value: 3}})
	if got := s.waitMessage(t, typeWindowAckSize); binary.BigEndian.Uint32(got) != ackWindow {
		t.Errorf("window acknowledgement size %x", got)
	}
	if s.chunks.chunkSize != outChunkSize {
		t.Errorf("chunk size %d before all else, want %d", s.chunks.chunkSize, outChunkSize)
	}
	result := s.wait(t, "_result")
	if properties, _ := result.object(0); !strings.Contains(fmt.Sprint(properties.Get("fourCcList")), "hvc1") {
		t.Errorf("connect is answered by %v, want fourCcList", result)
	}
	if info, _ := result.object(1); info.String("code") != codeConnectSuccess || info.Number("objectEncoding") != 3 {
		t.Errorf("connect is answered by %v", result)
	}

	s.command(t, "releaseStream", 2, nil, "show")
	s.wait(t, "_result")
	s.command(t, "FCPublish", 3, nil, "show")
	if cmd := s.wait(t, "onFCPublish"); code(cmd) != codePublishStart {
		t.Errorf("FCPublish is answered by %v", cmd)
	}
	s.command(t, "_checkbw", 4, nil)
	if cmd := s.wait(t, "_result"); cmd.transaction != 4 {
		t.Errorf("_checkbw is answered by %v", cmd)
	}
	s.command(t, "getStreamLength", 5, nil, "show")
	if cmd := s.wait(t, "_result"); cmd.transaction != 5 || cmd.args[1] != 0.0 {
		t.Errorf("getStreamLength is answered by %v", cmd)
	}
	s.command(t, "nobodyKnows", 6, nil) // is skipped
	s.send(t, appendMessage(nil, 3, messageHeader{typeID: 99}, []byte("x"), 128))
	s.send(t, appendMessage(nil, 4, messageHeader{typeID: typeVideo}, frame("before publish"), 128))
	s.send(t, appendMessage(nil, 3, messageHeader{typeID: typeCommandAMF3}, append([]byte{0}, amf0("createStream", 7, nil)...), 128))
	if cmd := s.wait(t, "_result"); cmd.transaction != 7 || cmd.args[1] != 1.0 {
		t.Errorf("createStream is answered by %v", cmd)
	}
	if got := r.server.Stats().Skipped; got != 3 {
		t.Errorf("%d skipped, want 3", got)
	}
	s.send(t, appendUserControl(nil, eventPingRequest, []byte("abcd")))
	if got := s.waitMessage(t, typeUserControl); string(got) != "\x00\x07abcd" {
		t.Errorf("ping is answered by %q", got)
	}
	s.send(t, appendControl(nil, typeWindowAckSize, 5000))
	s.send(t, appendMessage(nil, 3, messageHeader{typeID: 99}, make([]byte, 6000), 128))
	if got := binary.BigEndian.Uint32(s.waitMessage(t, typeAcknowledgement)); got < 5000 {
		t.Errorf("%d bytes are acknowledged, want 5000 or more", got)
	}
}

func TestAConnectionPublishesAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	s := dialRaw(t, r.addr)
	s.connect(t)
	for _, tc := range []struct {
		stream     string
		timestamps []uint32
		want       []time.Duration
	}{
		{"first", []uint32{1<<31 - 10, 10}, []time.Duration{(1<<31 - 10) * ms, (1<<31 + 10) * ms}}, // turns
		{"second", []uint32{500, 540}, []time.Duration{500 * ms, 540 * ms}},                        // and starts anew
	} {
		stream := tc.stream
		s.publish(t, stream)
		session := <-r.sessions
		for _, timestamp := range tc.timestamps {
			s.send(t, appendMessage(nil, 4, messageHeader{typeID: typeVideo, timestamp: timestamp}, frame(stream), 128))
		}
		s.command(t, "FCUnpublish", 6, nil, stream)
		if cmd := s.wait(t, "onFCUnpublish"); code(cmd) != codeUnpublishSuccess {
			t.Errorf("FCUnpublish is answered by %v", cmd)
		}
		s.command(t, "deleteStream", 7, nil, 1)
		units, cause := session.wait(t)
		if cause != nil || len(units) != 2 || units[0].body != stream || session.session.Key.Stream != stream {
			t.Fatalf("session of %s: units %v, cause %v", session.session.Key.Stream, units, cause)
		}
		if got := []time.Duration{units[0].dts, units[1].dts}; !slices.Equal(got, tc.want) {
			t.Errorf("session of %s: times %v, want %v", stream, got, tc.want)
		}
	}
}

func TestLittleIsReadWithinAPollInterval(t *testing.T) {
	t.Parallel()
	written := make(chan struct{}, 1)
	r := newRig(t, func(_ *rig, _ *Config, c *ingest.Config) {
		open := c.Open
		c.Open = func(ctx context.Context, s live.Session) (ingest.Reader, error) {
			reader, err := open(ctx, s)
			reader.(*capture).onWrite = func() { written <- struct{}{} }
			return reader, err
		}
	})
	p, _ := r.publish(t, "show")
	if err := p.WriteTag(typeVideo, 0, frame("little")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-written:
	case <-time.After(5 * time.Second): // far more than pollInterval, less than the idle timeout
		t.Error("less than the receive mark is not read")
	}
}

func TestServeReturnsAlthoughAClientIsSilent(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(r *rig, _ *Config, _ *ingest.Config) { r.setupTimeout = time.Hour })
	s := dialRaw(t, r.addr)
	s.connect(t)
	r.shutDown(t)
}

func TestServeReturnsAlthoughAClientNeverStopsSending(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, session := r.publish(t, "show")
	sending := make(chan struct{})
	go func() {
		defer close(sending)
		out := p.AppendTag(nil, typeVideo, 0, frame(strings.Repeat("x", 200_000)))
		for p.Send(out) == nil {
		}
	}()
	r.shutDown(t)
	if _, cause := session.wait(t); !errors.Is(cause, errShutdown) {
		t.Errorf("cause %v, want the shutdown", cause)
	}
	<-sending
}

// failingListener fails as a listener does that lacks file descriptors.
type failingListener struct {
	net.Listener
	failures int
}

func (l *failingListener) Accept() (net.Conn, error) {
	if l.failures > 0 {
		l.failures--
		return nil, errors.New("too many open files")
	}
	return l.Listener.Accept()
}

func TestAcceptIsTriedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- r.server.Serve(ctx, &failingListener{ln, 2}) }()
	p, err := Dial(ctx, "rtmp://"+ln.Addr().String()+"/live/show?vhost="+testDomain)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

func TestServeFailsWithItsListener(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := r.server.Serve(t.Context(), ln); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve: %v, want net.ErrClosed", err)
	}
}

// TestConnectionsThatAreNotTCPAreServed takes the plain way of reading, which
// TLS and other systems than Linux take.
func TestConnectionsThatAreNotTCPAreServed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- r.server.Serve(ctx, wrappingListener{ln}) }()
	r.addr = ln.Addr().String()
	p, session := r.publish(t, "show")
	if err := p.WriteTag(typeVideo, 0, frame("x")); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if units, cause := session.wait(t); len(units) != 1 || cause != nil {
		t.Errorf("%d units, cause %v", len(units), cause)
	}
	_, session = r.publish(t, "interrupted")
	cancel()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, cause := session.wait(t); !errors.Is(cause, errShutdown) {
		t.Errorf("cause %v, want the shutdown", cause)
	}
}

// A wrappingListener hides that its connections are TCP.
type wrappingListener struct{ net.Listener }

func (l wrappingListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	return struct{ net.Conn }{nc}, err
}
