package callback

import (
	"context"
	"errors"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

// A Sample describes an event that did not happen, so that a receiver can be tried
// with it. Members that its type does not have are not looked at.
type Sample struct {
	Type live.EventType
	Key  live.StreamKey

	Bucket, ObjectKey string        // of a file
	Duration          time.Duration // of a file: how long it plays
	Size              int64         // of a file, in bytes
	Error             live.ErrorDetail
	IP, Node          string // of a push: where it came from, and to
}

// emptySHA256 is the digest of a file that holds nothing, as that of a sample does.
const emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// DefaultSample returns a sample in which everything is set.
func DefaultSample(t live.EventType, key live.StreamKey) Sample {
	return Sample{
		Type: t, Key: key,
		Bucket: "shows", ObjectKey: "record/live/show/sample.mp4", Duration: time.Minute, Size: 15_000_000,
		Error: live.ErrorStreamFormat,
		IP:    "192.0.2.1", Node: "tallylight",
	}
}

// Event returns the event as if it occurred at now, under a fresh id.
func (s Sample) Event(now time.Time) live.Event {
	e := live.Event{ID: live.NewEventID(now), Type: s.Type, Seq: 1, OccurredAt: now, Key: s.Key}
	switch e.Type {
	case live.EventPublish, live.EventPublishDone:
		e.Detail.Publish = &live.PublishDetail{Session: live.NewSessionID(now), IP: s.IP, Node: s.Node, Width: 1280, Height: 720}
		return e
	case live.EventRecordError:
		e.Detail.Error = &s.Error
	case live.EventFileCreated:
		e.Detail.File = &live.FileDetail{
			ID: live.NewRecordFileID(now), Format: live.FormatMP4, Bucket: s.Bucket, ObjectKey: s.ObjectKey,
			StartTime: now.Add(-s.Duration), StopTime: now, Duration: s.Duration, Size: s.Size,
			Codecs: []string{"h264", "aac"}, Width: 1280, Height: 720,
			SHA256: emptySHA256,
		}
		e.Detail.File.Gaps.Add(live.Gap{From: now.Add(-s.Duration / 2), To: now.Add(-s.Duration / 4), At: s.Duration * 3 / 4})
	}
	e.Recording = live.NewRecordingID(now)
	return e
}

// WouldOwe returns the deliveries that would be owed for an event. It fails with
// live.ErrDomainNotFound.
func WouldOwe(ctx context.Context, r store.Reader, e live.Event) (owed []live.Delivery, err error) {
	if _, err := r.Domain(ctx, e.Key.Domain); err != nil {
		return nil, err
	}
	main := live.Delivery{Event: e}
	if e.Type.OfPushes() {
		var c live.StreamsNotifyConfig
		c, err = r.StreamsNotifyConfig(ctx, e.Key.Domain)
		main.URL, main.SignKey = c.NotifyURL, c.SignKey()
	} else {
		var c live.NotifyConfig
		if c, err = r.NotifyConfig(ctx, e.Key.Domain); err == nil && c.Wants(e.Type) {
			main.URL, main.SignKey = c.NotifyURL, c.SignKey()
		}
	}
	if err != nil && !errors.Is(err, live.ErrConfigNotFound) {
		return nil, err
	}
	if main.URL != "" {
		owed = append(owed, main)
	}
	endpoints, err := r.Endpoints(ctx, e.Key.Domain)
	for _, p := range endpoints {
		if p.Wants(e.Type) {
			owed = append(owed, live.Delivery{Event: e, URL: p.URL, Endpoint: p.ID, Rich: p.Rich})
		}
	}
	return owed, err
}
