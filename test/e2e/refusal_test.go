package e2e

import (
	"errors"
	"os/exec"
	"testing"
	"time"

	"tallylight/internal/ingest/rtmp"
)

func TestPushesToNowhereAreRefused(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	s.configure(t, time.Hour)
	s.must(t, "AddLiveDomain", "DomainName", "unmapped.example.com", "LiveDomainType", "liveEdge", "Region", "cn-shanghai")
	for _, tt := range []struct {
		name   string
		path   string
		code   string
		reason string // in the refusal and in the log
	}{
		{"unknown domain", "/live/show?vhost=unknown.example.com", "NetStream.Publish.Denied", "domain not found: unknown.example.com"},
		{"unmapped ingest domain", "/live/show?vhost=unmapped.example.com", "NetStream.Publish.Denied", "ingest domain is not mapped to a streaming domain: unmapped.example.com"},
		{"no domain", "/live/show", "NetStream.Publish.Denied", "push names no domain"},
		{"wrong character in the app", "/li+ve/show?vhost=" + ingestDomain, "NetConnection.Connect.Rejected", "invalid app or stream name"},
		{"wrong character in the stream", "/live/sh+ow?vhost=" + ingestDomain, "NetStream.Publish.BadName", "invalid app or stream name"},
		{"stream of two parts", "/live/show/er?vhost=" + ingestDomain, "NetStream.Publish.BadName", "invalid app or stream name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := rtmp.Dial(t.Context(), "rtmp://"+s.rtmp+tt.path)
			status, refused := errors.AsType[*rtmp.StatusError](err)
			if !refused || status.Code != tt.code {
				t.Fatalf("Dial = %v, want the status %s", err, tt.code)
			}
			s.awaitLog(t, "push refused", "code="+tt.code, tt.reason)
		})
	}
}

func TestSecondPublisherIsRefusedAndHarmsNotTheFirst(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir())
	s.configure(t, time.Hour)
	tags := bFramesAndAAC.tags(t)
	first := dial(t, s.pushURL("show"))
	for _, tag := range tags[:len(tags)/2] {
		write(t, first, tag)
	}

	second := exec.CommandContext(t.Context(), "ffmpeg", ffmpegArgs(t, h264Alone, s.pushURL("show"), nil)...)
	if output, err := second.CombinedOutput(); err == nil {
		t.Errorf("ffmpeg pushed beside another publisher: %s", output)
	}
	_, err := rtmp.Dial(t.Context(), s.pushURL("show"))
	if status, refused := errors.AsType[*rtmp.StatusError](err); !refused || status.Code != "NetStream.Publish.BadName" {
		t.Errorf("Dial = %v, want the status NetStream.Publish.BadName", err)
	}
	s.awaitLog(t, "push refused", "stream has a publisher already")

	pushAll(t, first, tags[len(tags)/2:])
	s.stop(t)
	for _, format := range formats {
		checkRecording(t, s.recording(t, "show", format), bFramesAndAAC.path(t))
	}
}
