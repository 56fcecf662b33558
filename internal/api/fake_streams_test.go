package api

import (
	"net/netip"
	"time"

	"tallylight/internal/live"
)

// fakeStreams are the live streams of a fixture. Those that are cut are gone at
// once.
type fakeStreams struct {
	sessions []live.SessionInfo
	causes   []error // of those that were cut
}

func (f *fakeStreams) Sessions() []live.SessionInfo { return f.sessions }

func (f *fakeStreams) Cut(match func(live.Session) bool, cause error) (n int) {
	var left []live.SessionInfo
	for _, s := range f.sessions {
		if match(s.Session) {
			f.causes = append(f.causes, cause)
			n++
		} else {
			left = append(left, s)
		}
	}
	f.sessions = left
	return n
}

// push adds a live stream.
func (f *fakeStreams) push(ingest, domain, app, stream string) {
	started := testTime.Add(time.Duration(len(f.sessions)) * time.Second)
	f.sessions = append(f.sessions, live.SessionInfo{
		Session: live.Session{
			ID:           live.NewSessionID(started),
			Key:          live.StreamKey{Domain: domain, App: app, Stream: stream},
			IngestDomain: ingest,
			Protocol:     "rtmp",
			RemoteAddr:   netip.MustParseAddrPort("192.0.2.7:50123"),
			LocalAddr:    netip.MustParseAddrPort("198.51.100.1:1935"),
			Args:         live.Args{{Name: live.AuthKeyArg, Value: "secret"}},
			StartedAt:    started,
		},
		VideoCodec: "h264", AudioCodec: "aac", Width: 1920, Height: 1080,
		FrameRate: 25, VideoRate: 2500, AudioRate: 128,
	})
}
