package main

import (
	"context"
	"os"

	"tallylight/internal/announce"
	"tallylight/internal/ingest"
	"tallylight/internal/live"
)

// An announcedReader tells the notifier of the end of a push, after the Reader.
type announcedReader struct {
	ingest.Reader
	push *announce.Push
}

func (r announcedReader) Close(cause error) {
	defer r.push.End()
	r.Reader.Close(cause)
}

// openSession has a push recorded and, where somebody wants to know, told of.
func (s *server) openSession(ctx context.Context, session live.Session) (ingest.Reader, error) {
	reader, err := s.recorder.Open(ctx, session)
	if err != nil {
		return nil, err
	}
	push, err := s.notifier.Begin(ctx, session)
	if err != nil {
		reader.Close(err)
		return nil, err
	}
	if push == nil {
		return reader, nil
	}
	return announcedReader{reader, push}, nil
}

// pictureSize returns the size of the pictures of a session that is live.
func (s *server) pictureSize(id live.SessionID) (width, height int) {
	for _, info := range s.registry.Sessions() {
		if info.ID == id {
			return info.Width, info.Height
		}
	}
	return 0, 0
}

// nodeName is what callbacks call this machine.
func nodeName() string {
	name, err := os.Hostname()
	if err != nil {
		return "tallylight"
	}
	return name
}
