package rtmp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"tallylight/internal/ingest"
	"tallylight/internal/ingest/rtmp/amf"
	"tallylight/internal/live"
)

const (
	// maxStreams bounds the message streams that a connection creates.
	maxStreams = 16
	// maxDescription bounds the text of a refusal, which may quote the client.
	maxDescription = 512
	// publishTimeout bounds the registry's answer to a publish command.
	publishTimeout = 10 * time.Second
)

// errOrder means that a command came before one that must precede it.
var errOrder = errors.New("command out of order")

// A refusal ends a connection after the client has been told why.
type refusal struct {
	code        string
	description string
}

// Error returns the description.
func (r *refusal) Error() string { return r.description }

func newRefusal(code, description string) *refusal {
	return &refusal{code, strings.ToValidUTF8(description[:min(len(description), maxDescription)], "")}
}

func (c *conn) handleCommand(ctx context.Context, streamID uint32, cmd command) error {
	if !c.connected && cmd.name != "connect" {
		return fmt.Errorf("%w: %.64q before connect", errOrder, cmd.name)
	}
	switch cmd.name {
	case "connect":
		return c.connect(cmd)
	case "createStream":
		return c.createStream(cmd)
	case "publish":
		return c.publish(ctx, streamID, cmd)
	case "FCPublish":
		c.reply(0, "_result", cmd.transaction, nil, amf.Undefined{})
		c.reply(0, "onFCPublish", 0, nil, status("status", codePublishStart, cmd.text(1)))
	case "FCUnpublish":
		c.endPublication(nil)
		c.reply(0, "onFCUnpublish", 0, nil, status("status", codeUnpublishSuccess, cmd.text(1)))
	case "deleteStream", "closeStream":
		c.unpublish()
	case "releaseStream", "_checkbw":
		c.reply(0, "_result", cmd.transaction, nil, amf.Undefined{})
	case "getStreamLength":
		c.reply(0, "_result", cmd.transaction, nil, 0)
	case "play", "play2":
		return c.refuseStream(streamID, codePlayFailed, "this server records streams and does not play them")
	default:
		c.skip("command", "name", fmt.Sprintf("%.64s", cmd.name))
	}
	return nil
}

// reply queues a command message for the client.
func (c *conn) reply(streamID uint32, values ...any) {
	c.out = appendCommand(c.out, streamID, outChunkSize, values...)
}

func (c *conn) connect(cmd command) error {
	if c.connected {
		return fmt.Errorf("%w: second connect", errOrder)
	}
	info, ok := cmd.object(0)
	if !ok {
		return fmt.Errorf("%w: connect without command object", errCommand)
	}
	// The chunk size comes first, so that it holds for the client's next message
	// where the client takes it over.
	c.out = appendControl(c.out, typeSetChunkSize, outChunkSize)
	c.out = appendControl(c.out, typeWindowAckSize, ackWindow)
	const dynamic = 2
	c.out = appendMessage(c.out, chunkControl, messageHeader{typeID: typeSetPeerBandwidth},
		append(binary.BigEndian.AppendUint32(nil, ackWindow), dynamic), outChunkSize)

	t, err := parseTarget(info.String("app"), info.String("tcUrl"))
	if err != nil {
		r := newRefusal(codeConnectRejected, err.Error())
		c.reply(0, "_error", cmd.transaction, nil, status("error", r.code, r.description))
		return r
	}
	c.connected, c.target = true, t
	result := append(status("status", codeConnectSuccess, "Connection succeeded."),
		amf.Property{Name: "objectEncoding", Value: info.Number("objectEncoding")})
	c.reply(0, "_result", cmd.transaction, append(serverProperties(), enhancements(info)...), result)
	return nil
}

// serverProperties are what players and encoders expect to hear of a server.
func serverProperties() amf.Object {
	return amf.Object{
		{Name: "fmsVer", Value: "FMS/3,5,7,7009"},
		{Name: "capabilities", Value: 31},
		{Name: "mode", Value: 1},
	}
}

// enhancements tells a client that speaks Enhanced RTMP what we take (Enhanced
// RTMP v2, "Enhancing NetConnection connect Command").
func enhancements(client amf.Object) amf.Object {
	if client.Get("fourCcList") == nil && client.Get("videoFourCcInfoMap") == nil && client.Get("capsEx") == nil {
		return nil
	}
	const canForward, modEx = 4, 4
	return amf.Object{
		{Name: "fourCcList", Value: []any{"avc1", "hvc1", "av01", "mp4a", ".mp3", "Opus"}},
		{Name: "videoFourCcInfoMap", Value: amf.Object{
			{Name: "avc1", Value: canForward}, {Name: "hvc1", Value: canForward}, {Name: "av01", Value: canForward}}},
		{Name: "audioFourCcInfoMap", Value: amf.Object{
			{Name: "mp4a", Value: canForward}, {Name: ".mp3", Value: canForward}, {Name: "Opus", Value: canForward}}},
		{Name: "capsEx", Value: modEx},
	}
}

func (c *conn) createStream(cmd command) error {
	if c.streams == maxStreams {
		return fmt.Errorf("%w: more than %d message streams", errOrder, maxStreams)
	}
	c.streams++
	c.reply(0, "_result", cmd.transaction, nil, int(c.streams))
	return nil
}

// publish starts a session. The kind of publishing that the command asks for
// (live, record, append) makes no difference: what is recorded is configured
// here.
func (c *conn) publish(ctx context.Context, streamID uint32, cmd command) error {
	if c.publication != nil {
		return c.refuseStream(streamID, codePublishBadName, "the connection publishes a stream already; push each stream on a connection of its own")
	}
	name, args := parseStream(cmd.text(1))
	if name == "" {
		return c.refuseStream(streamID, codePublishBadName, "the URL names no stream; push to rtmp://HOST/APP/STREAM")
	}
	args = append(args, c.target.args...)
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	p, err := c.server.cfg.Registry.Publish(ctx, ingest.Request{
		Protocol:   "rtmp",
		Host:       c.target.domain(args),
		App:        c.target.app,
		Stream:     name,
		Args:       args,
		RemoteAddr: addrPort(c.nc.RemoteAddr()),
		LocalAddr:  addrPort(c.nc.LocalAddr()),
	})
	if err != nil {
		return c.refusePublish(streamID, err)
	}
	c.publication, c.streamID = p, streamID
	// Wakes the read that waits; arm sees why.
	c.unwatch = context.AfterFunc(p.Ended(), func() { c.nc.SetReadDeadline(time.Now()) })
	c.demuxer = demuxer{}
	c.latestMedia, c.sawMedia = time.Now(), false
	c.chunks.maxMessage = c.server.cfg.MaxMessageSize
	setReceiveMark(c.nc, batchMark)

	c.out = appendUserControl(c.out, eventStreamBegin, binary.BigEndian.AppendUint32(nil, streamID))
	c.onStatus(streamID, "status", codePublishStart, "Start publishing "+name)
	return nil
}

// refusePublish tells the client why the registry refused its push.
func (c *conn) refusePublish(streamID uint32, err error) error {
	switch {
	case errors.Is(err, live.ErrStreamBusy), errors.Is(err, live.ErrStreamName):
		return c.refuseStream(streamID, codePublishBadName, err.Error())
	case ingest.Refused(err):
		return c.refuseStream(streamID, codePublishDenied, err.Error())
	}
	c.log.Error("cannot publish", "app", c.target.app, "err", err)
	return c.refuseStream(streamID, codeFailed, "the server cannot take the stream now; its log says why")
}

func (c *conn) refuseStream(streamID uint32, code, description string) error {
	r := newRefusal(code, description)
	c.onStatus(streamID, "error", r.code, r.description)
	return r
}

func (c *conn) onStatus(streamID uint32, level, code, description string) {
	c.reply(streamID, "onStatus", 0, nil, status(level, code, description))
}

// unpublish ends the publication, if there is one, and says so.
func (c *conn) unpublish() {
	if c.publication != nil {
		c.onStatus(c.streamID, "status", codeUnpublishSuccess, "Stop publishing")
		c.endPublication(nil)
	}
}

// endPublication ends the publication, if there is one. A client whose stream
// has ended may publish again.
func (c *conn) endPublication(cause error) {
	if c.publication == nil {
		return
	}
	c.deliver()
	c.unwatch()
	c.publication.Close(cause)
	c.publication = nil
	c.setupDeadline = time.Now().Add(c.server.setupTimeout)
	setReceiveMark(c.nc, 1)
}
