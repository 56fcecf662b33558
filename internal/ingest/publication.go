package ingest

import (
	"log/slog"
	"sync/atomic"

	"tallylight/internal/live"
	"tallylight/internal/media"
)

// A Publication is a session that is live. Write and Close serve one goroutine;
// the other methods serve any.
type Publication struct {
	registry *Registry
	session  live.Session
	reader   Reader
	closed   bool

	bytes      atomic.Int64
	frames     [media.Data + 1]atomic.Int64 // by kind
	videoCodec atomic.Uint32
	audioCodec atomic.Uint32
}

// SessionInfo is a session and what has come in of it so far.
type SessionInfo struct {
	live.Session
	Bytes       int64 // of coded media, without the protocol's own
	VideoFrames int64
	AudioFrames int64
	VideoCodec  media.Codec // the latest; CodecUnknown before the first frame
	AudioCodec  media.Codec
}

// Session returns the session.
func (p *Publication) Session() live.Session { return p.session }

// Write hands units to the session's Reader. It takes over the caller's hold on
// each unit; the slice stays the caller's. It never blocks.
func (p *Publication) Write(units []media.Unit) {
	if len(units) == 0 {
		return
	}
	if p.closed {
		for i := range units {
			units[i].Release()
		}
		return
	}
	p.count(units)
	p.reader.Write(units)
}

func (p *Publication) count(units []media.Unit) {
	var bytes int64
	var frames [media.Data + 1]int64
	for i := range units {
		u := &units[i]
		bytes += int64(len(u.Body))
		switch {
		case u.Config:
		case u.Kind == media.Video:
			frames[media.Video]++
			p.videoCodec.Store(uint32(u.Codec))
		case u.Kind == media.Audio:
			frames[media.Audio]++
			p.audioCodec.Store(uint32(u.Codec))
		}
	}
	p.bytes.Add(bytes)
	for kind, n := range frames {
		if n > 0 {
			p.frames[kind].Add(n)
		}
	}
}

// Close ends the session. A nil cause means that the publisher ended it in
// order. The stream is free for another publisher once Close has returned.
// Closing again does nothing.
func (p *Publication) Close(cause error) {
	if p.closed {
		return
	}
	p.closed = true
	defer p.registry.remove(p.session.Key)
	p.reader.Close(cause)

	info := p.Info()
	log := p.log().With("elapsed", p.registry.cfg.Now().Sub(p.session.StartedAt), "bytes", info.Bytes,
		"video_frames", info.VideoFrames, "video_codec", info.VideoCodec.String(),
		"audio_frames", info.AudioFrames, "audio_codec", info.AudioCodec.String())
	if cause != nil {
		log = log.With("cause", cause.Error())
	}
	log.Info("publish ended")
}

// Info returns the session with its counters.
func (p *Publication) Info() SessionInfo {
	return SessionInfo{
		Session:     p.session,
		Bytes:       p.bytes.Load(),
		VideoFrames: p.frames[media.Video].Load(),
		AudioFrames: p.frames[media.Audio].Load(),
		VideoCodec:  media.Codec(p.videoCodec.Load()),
		AudioCodec:  media.Codec(p.audioCodec.Load()),
	}
}

func (p *Publication) log() *slog.Logger {
	s := p.session
	return p.registry.cfg.Log.With("session_id", s.ID, "protocol", s.Protocol,
		"domain", s.Key.Domain, "app", s.Key.App, "stream", s.Key.Stream)
}
