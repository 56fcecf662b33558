package rtmp

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"tallylight/internal/ingest"
	"tallylight/internal/media"
)

const (
	// maxSetupMessage bounds messages before a push has been accepted, in bytes.
	maxSetupMessage = 64 << 10
	// setupTimeout bounds the time between connecting and publishing.
	setupTimeout = 10 * time.Second
	// pollInterval is how often a publishing socket is read that has less than
	// batchMark bytes, which is the rule for a stream that comes in real time. It
	// is part of what a killed server can lose, see docs/architecture.md.
	pollInterval = 250 * time.Millisecond
	// writeTimeout bounds one answer.
	writeTimeout = 10 * time.Second
	// lingerTimeout and lingerBytes bound what is read and dropped of a client
	// that was refused, so that it gets to read why.
	lingerTimeout = 2 * time.Second
	lingerBytes   = 1 << 20

	// ackWindow is after how many bytes either side acknowledges, unless the
	// client says otherwise.
	ackWindow = 2_500_000
	// outChunkSize is the size of the chunks that we send. ffmpeg takes it over
	// for what it sends.
	outChunkSize = 65536
)

// Why a connection is ended by us.
var (
	errSetupTimeout = errors.New("did not publish in time")
	errIdle         = errors.New("no audio or video came in")
	errShutdown     = errors.New("server shuts down")
	errUnfinished   = errors.New("connection ended before the stream did")
)

// A conn is the server's side of a connection. One goroutine owns it.
type conn struct {
	server *Server
	nc     net.Conn
	log    *slog.Logger

	handshake handshake
	chunks    *chunkReader
	out       []byte // answers to what was read
	deaf      bool   // the client takes no answers any more; it is still read

	connected   bool
	target      target
	streams     uint32 // message streams created
	publication *ingest.Publication
	unwatch     func() bool // stops waiting for the end of the publication
	streamID    uint32      // message stream of the publication
	demuxer     demuxer
	units       []media.Unit // of the batch being fed

	setupDeadline time.Time // while there is no publication
	latestMedia   time.Time // while there is one
	sawMedia      bool      // since latestMedia was set

	ackWindow uint64
	acked     uint64
	stats     connStats
}

// connStats counts what came in on a connection.
type connStats struct {
	bytes     uint64
	messages  uint64
	skipped   uint64 // messages of unknown type, unknown commands, media outside a push
	malformed uint64 // media and data messages that could not be read
}

func newConn(s *Server, nc net.Conn) *conn {
	return &conn{
		server:        s,
		nc:            nc,
		log:           s.cfg.Log.With("remote_addr", nc.RemoteAddr().String()),
		chunks:        newChunkReader(maxSetupMessage),
		setupDeadline: time.Now().Add(s.setupTimeout),
		ackWindow:     ackWindow,
	}
}

// run serves the connection until it ends or ctx does.
func (c *conn) run(ctx context.Context) {
	err := c.readLoop(ctx)
	if ctx.Err() != nil {
		err = errShutdown
	}
	if cut := c.cut(); cut != nil {
		c.endPublication(cut)
		err = c.refuseStream(c.streamID, codePublishDenied, cut.Error())
		c.flush()
	}
	c.endPublication(endCause(err))
	c.chunks.close()
	c.logEnd(err)
	if _, refused := errors.AsType[*refusal](err); refused {
		c.linger()
	}
}

// cut returns why the registry wants the publication to end, nil if it does not.
func (c *conn) cut() error {
	if c.publication == nil {
		return nil
	}
	return context.Cause(c.publication.Ended())
}

// endCause turns why a connection ended into why its publication did.
func endCause(err error) error {
	if isGone(err) {
		return fmt.Errorf("%w: %w", errUnfinished, err)
	}
	return err
}

// isGone reports whether err means that the client is no longer there.
func isGone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ETIMEDOUT)
}

func (c *conn) logEnd(err error) {
	log := c.log.With("bytes", c.stats.bytes, "messages", c.stats.messages,
		"skipped", c.stats.skipped, "malformed", c.stats.malformed, "discarded", c.chunks.discarded)
	r, refused := errors.AsType[*refusal](err)
	switch {
	case refused:
		c.server.stats.refused.Add(1)
		log.Warn("push refused", "code", r.code, "reason", r.description)
	case isGone(err), errors.Is(err, errShutdown):
		log.Debug("connection ended", "reason", err)
	default:
		c.server.stats.failed.Add(1)
		log.Warn("connection ended by us", "reason", err)
	}
}

// feed takes the bytes of one read and hands on what they complete.
func (c *conn) feed(ctx context.Context, b *batch, n int) error {
	c.stats.bytes += uint64(n)
	c.units = b.units
	err := c.consume(ctx, b.bytes[:n])
	c.deliver()
	b.units, c.units = c.units, nil
	if c.connected {
		c.acknowledge()
	}
	c.flush()
	return err
}

func (c *conn) consume(ctx context.Context, b []byte) error {
	for !c.handshake.done() && len(b) > 0 {
		rest, answer, err := c.handshake.feed(b)
		if err != nil {
			return err
		}
		c.out = append(c.out, answer...)
		b = rest
	}
	for len(b) > 0 {
		n, m, err := c.chunks.read(b)
		if err != nil {
			return err
		}
		b = b[n:]
		if m == nil {
			continue
		}
		c.stats.messages++
		if err := c.handle(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// handle takes one message and the hold on its body.
func (c *conn) handle(ctx context.Context, m *message) error {
	switch m.typeID {
	case typeAudio, typeVideo, typeDataAMF0, typeDataAMF3, typeAggregate:
		c.handleMedia(m)
		return nil
	}
	defer m.unit.Release()
	switch m.typeID {
	case typeCommandAMF0, typeCommandAMF3:
		cmd, err := parseCommand(m.typeID, m.body())
		if err != nil {
			return err
		}
		return c.handleCommand(ctx, m.streamID, cmd)
	case typeUserControl:
		c.handleUserControl(m.body())
	case typeWindowAckSize:
		if n, ok := m.uint32Body(); ok && n > 0 {
			c.ackWindow = uint64(n)
		}
	case typeAcknowledgement, typeSetPeerBandwidth:
		// We send too little for either to matter.
	default:
		c.skip("message", "type", m.typeID)
	}
	return nil
}

func (c *conn) handleMedia(m *message) {
	if c.publication == nil {
		m.unit.Release()
		c.skip("media outside a push", "type", m.typeID)
		return
	}
	var err error
	if c.units, err = c.demuxer.append(c.units, m); err != nil {
		c.stats.malformed++
		c.server.stats.malformed.Add(1)
		c.log.Debug("malformed message skipped", "type", m.typeID, "err", err)
	}
	if len(c.units) >= maxBatchUnits {
		c.deliver()
	}
}

func (c *conn) handleUserControl(body []byte) {
	if len(body) >= 6 && binary.BigEndian.Uint16(body) == eventPingRequest {
		c.out = appendUserControl(c.out, eventPingResponse, body[2:6])
	}
}

// skip counts something that is not served and does no harm.
func (c *conn) skip(what string, args ...any) {
	c.stats.skipped++
	c.server.stats.skipped.Add(1)
	c.log.Debug("skipped", append(args, "what", what)...)
}

// deliver hands the units read so far to the publication.
func (c *conn) deliver() {
	if len(c.units) == 0 {
		return
	}
	c.sawMedia = c.sawMedia || hasMedia(c.units)
	c.publication.Write(c.units)
	clear(c.units)
	c.units = c.units[:0]
}

// acknowledge answers every window of bytes (RTMP, section 5.4.3).
func (c *conn) acknowledge() {
	if c.stats.bytes-c.acked >= c.ackWindow {
		c.acked = c.stats.bytes
		c.out = appendControl(c.out, typeAcknowledgement, uint32(c.stats.bytes))
	}
}

// flush sends the answers. A client that takes none is still read: its stream
// matters more than that it knows how we are.
func (c *conn) flush() {
	if len(c.out) == 0 {
		return
	}
	if !c.deaf {
		c.nc.SetWriteDeadline(time.Now().Add(writeTimeout))
		if _, err := c.nc.Write(c.out); err != nil {
			c.deaf = true
			c.log.Debug("client takes no answers", "err", err)
		}
	}
	c.out = nil
}

// arm sets until when the next read may wait. It fails when the client's time is
// over.
func (c *conn) arm(ctx context.Context) error {
	now := time.Now()
	deadline := c.setupDeadline
	if c.publication != nil {
		if c.sawMedia {
			c.latestMedia, c.sawMedia = now, false
		}
		idle := c.latestMedia.Add(c.server.cfg.IdleTimeout)
		if !now.Before(idle) {
			return fmt.Errorf("%w for %s", errIdle, c.server.cfg.IdleTimeout)
		}
		deadline = earlier(idle, nextPoll(now))
	} else if !now.Before(deadline) {
		return fmt.Errorf("%w, %s", errSetupTimeout, c.server.setupTimeout)
	}
	if err := c.nc.SetReadDeadline(deadline); err != nil {
		return err
	}
	// Asked last: shutting down and cutting off end a context first and the
	// deadline after, so that one of the two is seen.
	return cmp.Or(ctx.Err(), c.cut())
}

// processStart is what polls are counted from.
var processStart = time.Now()

// nextPoll returns when sockets are to be read again. It is the same instant for
// all of them: what costs most in a recorder of many streams is to wake up, and
// together they wake the process a few times a second.
func nextPoll(now time.Time) time.Time {
	return now.Add(pollInterval - now.Sub(processStart)%pollInterval)
}

// readPlain reads where readiness cannot be waited for apart from reading.
func (c *conn) readPlain(ctx context.Context) error {
	b := batches.Get().(*batch)
	defer batches.Put(b)
	for {
		if err := c.arm(ctx); err != nil {
			return err
		}
		n, err := c.nc.Read(b.bytes[:])
		if n > 0 {
			if err := c.feed(ctx, b, n); err != nil {
				return err
			}
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
}

// linger closes our side and reads on for a moment. Closing with bytes unread
// would reset the connection, and the client might not see the last answer.
func (c *conn) linger() {
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	c.nc.SetReadDeadline(time.Now().Add(lingerTimeout))
	io.CopyN(io.Discard, c.nc, lingerBytes)
}

// addrPort returns an address of TCP, or the zero AddrPort if it is another.
func addrPort(addr net.Addr) netip.AddrPort {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		a := tcp.AddrPort()
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	}
	return netip.AddrPort{}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
