package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"tallylight/internal/ingest/rtmp"
	"tallylight/internal/media"
)

// An encoder pushes one stream after the other: it breaks off, comes back to the
// same stream, and now and then goes on to the next.
type encoder struct {
	world  *world
	number int
	rng    *rand.Rand

	streams int // begun
	app     string
}

// stream returns the number of the encoder's stream: no two encoders have one in
// common.
func (e *encoder) stream() uint32 { return uint32(e.streams*1000 + e.number) }

func streamName(stream uint32) string { return fmt.Sprintf("s%07d", stream) }

func (e *encoder) nextStream() {
	e.streams++
	e.app = rules[(e.number+e.streams)%len(rules)].app
}

// A plan is what an encoder does with a push.
type plan struct {
	lasts  time.Duration
	end    ending
	pause  time.Duration // before the next
	clock  uint32        // the first timestamp, in milliseconds
	pace   float64       // how much faster than real time
	change bool          // the next push is of another stream
}

// An ending is how an encoder ends a push.
type ending int

const (
	inOrder   ending = iota
	abrupt           // the connection is reset
	inSilence        // it stops sending, and breaks off when the server has given up
)

// plan draws the next push.
func (e *encoder) plan() plan {
	r := e.rng
	p := plan{end: abrupt, clock: r.Uint32(), pace: 1, change: r.IntN(4) == 0}
	switch n := r.IntN(10); {
	case n == 0:
		p.lasts = between(r, 0, 300*time.Millisecond)
	case n < 7:
		p.lasts = between(r, 500*time.Millisecond, 6*time.Second)
	default:
		p.lasts = between(r, 6*time.Second, 30*time.Second)
	}
	switch n := r.IntN(20); {
	case n < 10:
		p.end = inOrder
	case n == 10:
		p.end = inSilence
	}
	switch n := r.IntN(20); {
	case n < 14:
		p.pause = between(r, 0, 500*time.Millisecond)
	case n < 19:
		p.pause = between(r, 500*time.Millisecond, 4*time.Second)
	default:
		p.pause = between(r, 14*time.Second, 19*time.Second) // about the shorter DelayTime
	}
	if r.IntN(3) == 0 {
		p.clock = 0
	}
	if r.IntN(5) == 0 {
		p.pace = 2
	}
	return p
}

// between draws a duration.
func between(r *rand.Rand, shortest, longest time.Duration) time.Duration {
	return shortest + time.Duration(r.Int64N(int64(longest-shortest)))
}

// run pushes until ctx ends.
func (e *encoder) run(ctx context.Context) {
	e.nextStream()
	for ctx.Err() == nil {
		p := e.plan()
		publisher, run := e.dial(ctx)
		if publisher == nil {
			return
		}
		e.push(ctx, publisher, p, e.world.ledger.open(e.stream(), e.app, run))
		if p.change {
			e.nextStream()
		}
		sleep(ctx, p.pause)
	}
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// dial connects as soon as there is a server that takes the stream, and returns
// the server's run with the connection.
func (e *encoder) dial(ctx context.Context) (*rtmp.Publisher, int) {
	d := rtmp.Dialer{Timeout: 10 * time.Second}
	url := fmt.Sprintf("rtmp://%s/%s/%s?vhost=%s", e.world.server.rtmp, e.app, streamName(e.stream()), ingestDomain)
	for ctx.Err() == nil {
		run := e.world.server.run()
		publisher, err := d.Dial(ctx, url)
		if err == nil && e.world.server.run() == run {
			return publisher, run
		}
		if err == nil {
			publisher.Abort() // of which run the connection was is not known
		}
		sleep(ctx, between(e.rng, 20*time.Millisecond, 100*time.Millisecond))
	}
	return nil, 0
}

// tick is how often an encoder looks for frames that are due.
const tick = 20 * time.Millisecond

// push sends frames at their time, until the plan or ctx ends the push, or the
// server does.
func (e *encoder) push(ctx context.Context, publisher *rtmp.Publisher, p plan, to *push) {
	const tagAudio, tagVideo = 8, 9
	c := e.world.clip
	buf := publisher.AppendTag(nil, tagVideo, p.clock, append([]byte{0x17, 0, 0, 0, 0}, c.config[0]...))
	buf = publisher.AppendTag(buf, tagAudio, p.clock, append([]byte{0xaf, 0}, c.config[1]...))
	start := time.Now()
	var next [2]uint32 // frame, by kind
	for {
		passed := time.Duration(float64(time.Since(start)) * p.pace)
		if passed >= p.lasts || ctx.Err() != nil {
			break
		}
		before := next
		for { // what is due, in the order of its time
			video, audio := timeOf(media.Video, next[0]), timeOf(media.Audio, next[1])
			if min(video, audio) > passed {
				break
			}
			if video <= audio {
				id := frameID{to.id, media.Video, next[0]}
				buf = publisher.AppendTag(buf, tagVideo, p.clock+uint32(video.Milliseconds()), c.videoBody(id))
				next[0]++
			} else {
				id := frameID{to.id, media.Audio, next[1]}
				buf = publisher.AppendTag(buf, tagAudio, p.clock+uint32(audio.Milliseconds()), append([]byte{0xaf, 1}, c.payload(id)...))
				next[1]++
			}
		}
		if err := publisher.Send(buf); err != nil {
			publisher.Abort() // the server is gone
			return
		}
		for k := range next {
			to.noteSent(k, int(next[k]-before[k]))
		}
		buf = buf[:0]
		paused := time.Now()
		sleep(ctx, tick)
		e.world.server.noteLag(to.run, time.Since(paused)-tick)
	}
	e.end(ctx, publisher, p.end, to)
}

// end ends a push as planned; once the run is over all end in order.
func (e *encoder) end(ctx context.Context, publisher *rtmp.Publisher, how ending, to *push) {
	if how == inSilence {
		sleep(ctx, 12*time.Second) // the server waits for ten
	}
	if how == inOrder || ctx.Err() != nil {
		if publisher.Close() == nil {
			return
		}
	}
	to.breakOff()
	publisher.Abort()
}

// videoBody returns the body of a video message.
func (c *clip) videoBody(id frameID) []byte {
	s := c.frame(media.Video, id.index)
	ms := s.composition.Milliseconds()
	head := []byte{0x27, 1, byte(ms >> 16), byte(ms >> 8), byte(ms)}
	if s.key {
		head[0] = 0x17
	}
	return append(head, c.payload(id)...)
}
