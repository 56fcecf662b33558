//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"tallylight/internal/ingest/rtmp"
	"tallylight/internal/media/flv"
)

// lateAfter is how far behind its time a frame counts as late.
const lateAfter = 500 * time.Millisecond

// writeTimeout bounds how long a server may refuse to read.
const writeTimeout = 30 * time.Second

// A sink takes the tags of one stream. rtmp.Publisher is one.
type sink interface {
	WriteTag(tagType byte, timestamp uint32, body []byte) error
	// Close ends the stream in order and waits until the server has read all.
	Close() error
}

// dial opens the sink of a stream.
func dial(ctx context.Context, t target, stream string) (sink, error) {
	if t.Protocol == protocolRaw {
		return dialRaw(ctx, t.Addr, stream)
	}
	d := rtmp.Dialer{ChunkSize: t.ChunkSize, Timeout: writeTimeout}
	return d.Dial(ctx, fmt.Sprintf("rtmp://%s/%s/%s%s", t.Addr, app, stream, t.Query))
}

// A rawSink sends an FLV file.
type rawSink struct {
	conn *net.TCPConn
	buf  []byte
}

func dialRaw(ctx context.Context, addr, stream string) (*rawSink, error) {
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	const flvHeader = "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00" // audio and video
	s := &rawSink{conn: nc.(*net.TCPConn)}
	return s, s.send(fmt.Appendf(nil, "%-*s%s", rawNameSize, stream, flvHeader))
}

func (s *rawSink) WriteTag(tagType byte, timestamp uint32, body []byte) error {
	tag := flv.Tag{Type: flv.TagType(tagType), Timestamp: time.Duration(timestamp) * time.Millisecond, Body: body}
	s.buf = tag.Append(s.buf[:0])
	return s.send(s.buf)
}

func (s *rawSink) send(b []byte) error {
	s.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err := s.conn.Write(b)
	return err
}

func (s *rawSink) Close() error {
	defer s.conn.Close()
	if err := s.conn.CloseWrite(); err != nil {
		return err
	}
	s.conn.SetReadDeadline(time.Now().Add(writeTimeout))
	_, err := io.Copy(io.Discard, s.conn)
	return err
}

// A stream pushes the clip again and again, each frame at its time and with one
// write, as encoders do.
type stream struct {
	name string
	clip clip
	sink sink

	video, audio, bytes atomic.Int64 // sent; bytes of audio and video bodies
	late                atomic.Int64 // frames sent more than lateAfter behind their time
	maxLate             atomic.Int64 // nanoseconds
	maxWrite            atomic.Int64 // nanoseconds that sending a frame took
}

var errStalled = errors.New("server does not read")

// run sends frames from start on until stop is set; started is called after the
// first. Then it ends the stream.
func (s *stream) run(start time.Time, started func(), stop *atomic.Bool) error {
	time.Sleep(time.Until(start))
	for _, tag := range s.clip.setup {
		if err := s.send(tag, 0); err != nil {
			return err
		}
	}
	for offset := time.Duration(0); ; offset += clipDuration {
		for i, tag := range s.clip.frames {
			at := offset + tag.Timestamp
			time.Sleep(time.Until(start.Add(at)))
			if stop.Load() {
				return s.sink.Close()
			}
			begun := time.Now()
			if err := s.send(tag, at); err != nil {
				return err
			}
			now := time.Now()
			s.count(tag, now.Sub(start.Add(at)), now.Sub(begun))
			if offset == 0 && i == 0 {
				started()
			}
		}
	}
}

func (s *stream) send(tag flv.Tag, at time.Duration) error {
	err := s.sink.WriteTag(byte(tag.Type), uint32(at.Milliseconds()), tag.Body)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return fmt.Errorf("stream %s: %w: %w", s.name, errStalled, err)
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", s.name, err)
	}
	return nil
}

func (s *stream) count(tag flv.Tag, behind, write time.Duration) {
	if tag.Type == flv.TagVideo {
		s.video.Add(1)
	} else {
		s.audio.Add(1)
	}
	s.bytes.Add(int64(len(tag.Body)))
	if behind > lateAfter {
		s.late.Add(1)
	}
	// This goroutine alone stores them.
	s.maxLate.Store(max(s.maxLate.Load(), int64(behind)))
	s.maxWrite.Store(max(s.maxWrite.Load(), int64(write)))
}
