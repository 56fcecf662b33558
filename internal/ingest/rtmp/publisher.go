package rtmp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"tallylight/internal/ingest/rtmp/amf"
)

// publisherStream is the message stream id of a Publisher's stream: what a
// server answers to the first createStream of a connection.
const publisherStream = 1

// A Publisher pushes one stream. It has no goroutine and no timer, so that
// thousands cost no more than their connections. Its methods serve one goroutine
// at a time.
type Publisher struct {
	conn      net.Conn
	chunkSize int
	timeout   time.Duration
	stream    string
	buf       []byte // of WriteTag
}

// WriteTag sends the body of an FLV tag as a message: audio (8), video (9) or
// script data (18), which is sent as encoders send metadata. The timestamp is in
// milliseconds and wraps at 32 bits.
func (p *Publisher) WriteTag(tagType byte, timestamp uint32, body []byte) error {
	p.buf = p.AppendTag(p.buf[:0], tagType, timestamp, body)
	return p.Send(p.buf)
}

// AppendTag appends what WriteTag sends, so that several tags can be sent at
// once. What it appends depends on nothing but its arguments and the chunk size:
// publishers of the same chunk size can send the same bytes.
func (p *Publisher) AppendTag(dst []byte, tagType byte, timestamp uint32, body []byte) []byte {
	chunkStream := byte(chunkData)
	switch tagType {
	case typeAudio:
		chunkStream = chunkAudio
	case typeVideo:
		chunkStream = chunkVideo
	case typeDataAMF0:
		if bytes.HasPrefix(body, onMetaData) {
			body = append(amf.Append(nil, setDataFrame), body...)
		}
	}
	m := messageHeader{typeID: tagType, streamID: publisherStream, timestamp: timestamp}
	return appendMessage(dst, chunkStream, m, body, p.chunkSize)
}

// onMetaData is the beginning of a script tag with metadata.
var onMetaData = amf.Append(nil, "onMetaData")

// Send sends what AppendTag appended.
func (p *Publisher) Send(b []byte) error {
	p.conn.SetWriteDeadline(time.Now().Add(p.timeout))
	_, err := p.conn.Write(b)
	return err
}

// Close ends the stream in order and closes the connection. If it returns nil,
// the server has read everything.
func (p *Publisher) Close() error {
	defer p.conn.Close()
	out := appendCommand(nil, 0, p.chunkSize, "FCUnpublish", 6, nil, p.stream)
	out = appendCommand(out, 0, p.chunkSize, "deleteStream", 7, nil, publisherStream)
	if err := p.Send(out); err != nil {
		return fmt.Errorf("end stream: %w", err)
	}
	if half, ok := p.conn.(interface{ CloseWrite() error }); ok {
		if err := half.CloseWrite(); err != nil {
			return fmt.Errorf("end stream: %w", err)
		}
	}
	p.conn.SetReadDeadline(time.Now().Add(p.timeout))
	_, err := io.Copy(io.Discard, p.conn)
	if err != nil {
		return fmt.Errorf("wait for the server to end: %w", err)
	}
	return nil
}

// Abort closes the connection at once, as an encoder that fails would.
func (p *Publisher) Abort() error {
	if tcp, ok := p.conn.(*net.TCPConn); ok {
		return errors.Join(tcp.SetLinger(0), tcp.Close())
	}
	return p.conn.Close()
}
