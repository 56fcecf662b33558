package wire

import (
	"testing"
	"time"

	"tallylight/internal/live"
)

func TestPublishQuery(t *testing.T) {
	t.Parallel()
	e := live.Event{
		ID: "evt_1", Type: live.EventPublish, OccurredAt: time.Unix(1609220385, 999),
		Key: live.StreamKey{Domain: "push.example.com", App: "live", Stream: "show"},
		Detail: live.EventDetail{Publish: &live.PublishDetail{
			Session: "ses_1", IP: "2001:db8::1", Node: "node-1", Width: 1280, Height: 720,
			Args: live.Args{{Name: "vhost", Value: "push.example.com"}, {Name: "t", Value: "a & b"}, {Name: "t", Value: ""}},
		}},
	}
	const common = "&ip=2001%3Adb8%3A%3A1&id=show&app=push.example.com&appname=live&time=1609220385&usrargs=vhost%3Dpush.example.com%26t%3Da%2B%2526%2Bb%26t%3D&node=node-1"
	for _, tt := range []struct {
		name   string
		change func(e *live.Event, p *live.PublishDetail)
		want   string
	}{
		{"publish tells the size", func(*live.Event, *live.PublishDetail) {}, "action=publish" + common + "&height=720&width=1280"},
		{"publish of unknown size", func(_ *live.Event, p *live.PublishDetail) { p.Width, p.Height = 0, 0 }, "action=publish" + common},
		{"publish_done does not", func(e *live.Event, _ *live.PublishDetail) { e.Type = live.EventPublishDone }, "action=publish_done" + common},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e, p := e, *e.Detail.Publish
			e.Detail.Publish = &p
			tt.change(&e, &p)
			if got, err := PublishQuery(e); err != nil || got != tt.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, tt.want)
			}
		})
	}
	if q, err := PublishQuery(live.Event{Type: live.EventPublish}); err == nil {
		t.Errorf("without a push: %q", q)
	}
}
