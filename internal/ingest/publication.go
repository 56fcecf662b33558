package ingest

import (
	"context"
	"log/slog"
	"sync/atomic"

	"tallylight/internal/live"
	"tallylight/internal/media"
	"tallylight/internal/media/codec"
)

// A Publication is a session that is live. Write and Close serve one goroutine;
// the other methods serve any.
type Publication struct {
	registry *Registry
	session  live.Session
	reader   Reader
	closed   bool

	ended context.Context // ends when the server ends the session
	end   context.CancelCauseFunc

	video, audio  meter
	other         atomic.Int64 // bytes of configurations and data
	width, height atomic.Int64
	rates         rates
}

// Ended returns a context that ends when the server wants the session to end,
// for the reason that context.Cause tells. Whoever feeds the publication then
// closes it.
func (p *Publication) Ended() context.Context { return p.ended }

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
	for i := range units {
		u := &units[i]
		m := &p.video
		switch {
		case u.Config && u.Kind == media.Video:
			p.measure(u)
			fallthrough
		case u.Config || u.Kind == media.Data:
			p.other.Add(int64(len(u.Body)))
			continue
		case u.Kind == media.Audio:
			m = &p.audio
		}
		m.add(u)
	}
}

// measure takes the size of the pictures from a decoder configuration. One that
// cannot be read tells none.
func (p *Publication) measure(u *media.Unit) {
	info, _ := codec.Parse(media.Track{Codec: u.Codec, Config: u.Body})
	p.width.Store(int64(info.Width))
	p.height.Store(int64(info.Height))
}

// Close ends the session. A nil cause means that the publisher ended it in
// order. The stream is free for another publisher once Close has returned.
// Closing again does nothing.
func (p *Publication) Close(cause error) {
	if p.closed {
		return
	}
	p.closed = true
	defer p.registry.remove(p)
	p.end(nil)
	p.reader.Close(cause)

	now := p.registry.cfg.Now()
	p.registry.history.end(p.session.ID, now)
	info := p.Info()
	log := p.log().With("elapsed", now.Sub(p.session.StartedAt), "bytes", info.Bytes,
		"video_frames", info.VideoFrames, "video_codec", info.VideoCodec,
		"audio_frames", info.AudioFrames, "audio_codec", info.AudioCodec)
	if cause != nil {
		log = log.With("cause", cause.Error())
	}
	log.Info("publish ended")
}

// Info returns the session with its counters.
func (p *Publication) Info() live.SessionInfo {
	return live.SessionInfo{
		Session:     p.session,
		Bytes:       p.bytes(),
		Dropped:     p.reader.Dropped(),
		VideoFrames: p.video.frames.Load(),
		AudioFrames: p.audio.frames.Load(),
		VideoCodec:  p.video.codecName(),
		AudioCodec:  p.audio.codecName(),
		Width:       int(p.width.Load()),
		Height:      int(p.height.Load()),
		FrameRate:   int(p.video.frameRate.Load()),
		VideoRate:   int(p.video.bitRate.Load()),
		AudioRate:   int(p.audio.bitRate.Load()),
	}
}

func (p *Publication) bytes() int64 {
	return p.video.bytes.Load() + p.audio.bytes.Load() + p.other.Load()
}

func (p *Publication) log() *slog.Logger {
	s := p.session
	return p.registry.cfg.Log.With("session_id", s.ID, "protocol", s.Protocol,
		"domain", s.Key.Domain, "app", s.Key.App, "stream", s.Key.Stream)
}
