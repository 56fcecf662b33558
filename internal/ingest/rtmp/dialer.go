package rtmp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"tallylight/internal/ingest/rtmp/amf"
)

// defaultPort is RTMP's.
const defaultPort = "1935"

// Dial publishes a stream with the zero Dialer.
func Dial(ctx context.Context, rawURL string) (*Publisher, error) {
	var d Dialer
	return d.Dial(ctx, rawURL)
}

// A Dialer connects publishers. Its zero value is ready for use.
type Dialer struct {
	// ChunkSize is the size of the chunks that are sent, 1 to 16,777,215 bytes.
	// 0 means 65,536.
	ChunkSize int
	// Timeout bounds Dial, each write to the server, and Close. 0 means 10
	// seconds.
	Timeout time.Duration
}

// A StatusError is a server's refusal.
type StatusError struct {
	Code        string // such as NetStream.Publish.BadName
	Description string
}

// Error returns code and description.
func (e *StatusError) Error() string { return e.Code + ": " + e.Description }

// Dial connects to a server and publishes the stream of rawURL,
// rtmp://HOST[:PORT]/APP/STREAM[?ARGS]. A refusal is a *StatusError. ctx bounds
// Dial only, not the Publisher.
func (d *Dialer) Dial(ctx context.Context, rawURL string) (*Publisher, error) {
	a, err := parseAddress(rawURL)
	if err != nil {
		return nil, err
	}
	p := &Publisher{chunkSize: d.ChunkSize, timeout: d.Timeout, stream: a.stream}
	if p.chunkSize == 0 {
		p.chunkSize = outChunkSize
	}
	if p.chunkSize < 1 || p.chunkSize > maxChunkSize {
		return nil, fmt.Errorf("chunk size %d is not within 1 to %d", p.chunkSize, maxChunkSize)
	}
	if p.timeout == 0 {
		p.timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	if p.conn, err = new(net.Dialer).DialContext(ctx, "tcp", a.hostPort); err != nil {
		return nil, err
	}
	if err := d.publish(ctx, p, a); err != nil {
		p.conn.Close()
		return nil, fmt.Errorf("publish to %s: %w", a.hostPort, err)
	}
	return p, nil
}

// publish brings a connection to where media can be sent.
func (d *Dialer) publish(ctx context.Context, p *Publisher, a address) error {
	stop := context.AfterFunc(ctx, func() { p.conn.SetDeadline(time.Now()) })
	s := setup{conn: p.conn, chunkSize: p.chunkSize, chunks: newChunkReader(maxSetupMessage)}
	defer s.chunks.close()
	err := s.run(a)
	if !stop() { // the deadline has been used up
		return errors.Join(ctx.Err(), err)
	}
	return err
}

// An address is what a push URL says.
type address struct {
	hostPort string
	tcURL    string
	app      string
	stream   string // with the parameters, as ffmpeg and OBS send it
}

func parseAddress(rawURL string) (address, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return address{}, err
	}
	app, stream, _ := strings.Cut(strings.Trim(u.EscapedPath(), "/"), "/")
	if u.Scheme != "rtmp" || u.Hostname() == "" || app == "" || stream == "" {
		return address{}, errors.New("push URL is not of the form rtmp://HOST/APP/STREAM")
	}
	port := u.Port()
	if port == "" {
		port = defaultPort
	}
	if u.RawQuery != "" {
		stream += "?" + u.RawQuery
	}
	return address{
		hostPort: net.JoinHostPort(u.Hostname(), port),
		tcURL:    "rtmp://" + u.Host + "/" + app,
		app:      app,
		stream:   stream,
	}, nil
}

// A setup is a client's exchange with the server up to the publish command's
// answer.
type setup struct {
	conn      net.Conn
	chunkSize int
	chunks    *chunkReader
	in        []byte // read and not yet parsed
	buf       [4096]byte
}

// run sends what ffmpeg and OBS send.
func (s *setup) run(a address) error {
	if err := s.handshake(); err != nil {
		return fmt.Errorf("%w: %w", errHandshake, err)
	}
	out := appendControl(nil, typeSetChunkSize, uint32(s.chunkSize))
	out = appendCommand(out, 0, s.chunkSize, "connect", 1, amf.Object{
		{Name: "app", Value: a.app},
		{Name: "type", Value: "nonprivate"},
		{Name: "flashVer", Value: "FMLE/3.0 (compatible; Tallylight)"},
		{Name: "tcUrl", Value: a.tcURL},
	})
	if err := s.call(out, 1); err != nil {
		return err
	}
	out = appendCommand(nil, 0, s.chunkSize, "releaseStream", 2, nil, a.stream)
	out = appendCommand(out, 0, s.chunkSize, "FCPublish", 3, nil, a.stream)
	out = appendCommand(out, 0, s.chunkSize, "createStream", 4, nil)
	if err := s.call(out, 4); err != nil {
		return err
	}
	out = appendCommand(nil, publisherStream, s.chunkSize, "publish", 5, nil, a.stream, "live")
	return s.call(out, 5)
}

func (s *setup) handshake() error {
	if _, err := s.conn.Write(appendHello(nil)); err != nil {
		return err
	}
	var answer [1 + 2*handshakeSize]byte // S0, S1, S2
	if _, err := io.ReadFull(s.conn, answer[:]); err != nil {
		return err
	}
	if answer[0] != version {
		return fmt.Errorf("version %d", answer[0])
	}
	_, err := s.conn.Write(answer[1 : 1+handshakeSize]) // C2 repeats S1
	return err
}

// call sends commands and waits for the answer to the transaction given, or for
// a status of the stream.
func (s *setup) call(out []byte, transaction float64) error {
	if _, err := s.conn.Write(out); err != nil {
		return err
	}
	for {
		cmd, err := s.nextCommand()
		if err != nil {
			return err
		}
		answers := cmd.transaction == transaction
		info, _ := cmd.object(1)
		switch {
		case cmd.name == "_result" && answers:
			return nil
		case cmd.name == "_error" && answers, cmd.name == "onStatus" && info.String("level") == "error":
			return &StatusError{Code: info.String("code"), Description: info.String("description")}
		case cmd.name == "onStatus" && info.String("code") == codePublishStart:
			return nil
		}
	}
}

// nextCommand waits for the next command message of the server.
func (s *setup) nextCommand() (command, error) {
	for {
		if len(s.in) == 0 {
			n, err := s.conn.Read(s.buf[:])
			if err != nil {
				return command{}, err
			}
			s.in = s.buf[:n]
		}
		n, m, err := s.chunks.read(s.in)
		if err != nil {
			return command{}, err
		}
		s.in = s.in[n:]
		if m == nil {
			continue
		}
		isCommand := m.typeID == typeCommandAMF0 || m.typeID == typeCommandAMF3
		var cmd command
		if isCommand {
			cmd, err = parseCommand(m.typeID, m.body())
		}
		m.unit.Release()
		if isCommand || err != nil {
			return cmd, err
		}
	}
}
