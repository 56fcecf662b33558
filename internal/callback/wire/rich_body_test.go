package wire

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"tallylight/internal/live"
)

func TestRichBodyTellsMoreThanTheVendor(t *testing.T) {
	t.Parallel()
	base := live.Event{
		ID: "evt_1", Type: live.EventRecordError, Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: "show"},
		Seq: 7, Recording: "rec_1", OccurredAt: time.Date(2026, 11, 23, 20, 0, 0, 5e6, time.FixedZone("", 8*3600)),
	}
	event := func(typ live.EventType, d live.EventDetail) live.Event {
		e := base
		e.Type, e.Detail = typ, d
		return e
	}
	const (
		head   = `{"domain":"play.example.com","app":"live","stream":"show",`
		common = `"seq":7,"occurred_at":"2026-11-23T12:00:00.005Z","recording_id":"rec_1"`
	)
	file := live.FileDetail{
		ID: "file_1", Format: live.FormatMP4, Bucket: "shows", ObjectKey: "live/show.mp4",
		StartTime: time.Unix(100, 0), StopTime: time.Unix(104, 0), Duration: 4 * time.Second, Size: 1_000_000,
		PushArgs: live.Args{{Name: "callback_a", Value: "1"}, {Name: "b", Value: "2"}},
		Endpoint: "oss-cn-hangzhou.aliyuncs.com", Codecs: []string{"h264", "aac"}, Width: 1280, Height: 720,
	}
	gapped := file
	gapped.SHA256 = "0f12"
	gapped.Gaps = live.Gaps{More: 3, List: []live.Gap{
		{From: base.OccurredAt, To: base.OccurredAt.Add(1500 * time.Millisecond), At: 2*time.Second + 1999*time.Microsecond},
		{From: base.OccurredAt.Add(time.Minute), To: base.OccurredAt.Add(time.Minute), At: 0},
	}}
	for _, tt := range []struct {
		name  string
		event live.Event
		want  string
	}{
		{"a state", event(live.EventRecordStarted, live.EventDetail{}),
			head + `"event":"record_started","id":"evt_1","type":"record_started",` + common + `}`},
		{"an error", event(live.EventRecordError, live.EventDetail{Error: &live.ErrorStreamFormat}),
			head + `"event":"record_error","error_info":{"code":"StreamFormatError","message":"video stream format error"},` +
				`"id":"evt_1","type":"record_error",` + common + `}`},
		{"a file", event(live.EventFileCreated, live.EventDetail{File: &file}),
			head + `"uri":"live/show.mp4","duration":4,"start_time":100,"stop_time":104,"push_args":{"callback_a":"1"},` +
				`"id":"evt_1","type":"file_created",` + common + `,"file_id":"file_1","format":"mp4","size":1000000,"bitrate":2000000,` +
				`"codecs":["h264","aac"],"resolution":{"width":1280,"height":720},` +
				`"storage":{"endpoint":"oss-cn-hangzhou.aliyuncs.com","bucket":"shows","object_key":"live/show.mp4"}}`},
		{"a file with gaps and a digest", event(live.EventFileCreated, live.EventDetail{File: &gapped}),
			head + `"uri":"live/show.mp4","duration":4,"start_time":100,"stop_time":104,"push_args":{"callback_a":"1"},` +
				`"id":"evt_1","type":"file_created",` + common + `,"file_id":"file_1","format":"mp4","size":1000000,"bitrate":2000000,` +
				`"codecs":["h264","aac"],"resolution":{"width":1280,"height":720},` +
				`"storage":{"endpoint":"oss-cn-hangzhou.aliyuncs.com","bucket":"shows","object_key":"live/show.mp4"},"sha256":"0f12",` +
				`"gaps":[{"from":"2026-11-23T12:00:00.005Z","to":"2026-11-23T12:00:01.505Z","at":2001},` +
				`{"from":"2026-11-23T12:01:00.005Z","to":"2026-11-23T12:01:00.005Z","at":0}],"more_gaps":3}`},
		{"a file of which little is known", event(live.EventFileCreated, live.EventDetail{File: &live.FileDetail{StartTime: time.Unix(0, 0), StopTime: time.Unix(0, 0)}}),
			head + `"uri":"","duration":0,"start_time":0,"stop_time":0,` +
				`"id":"evt_1","type":"file_created",` + common + `,"file_id":"","format":"","size":0,"storage":{"bucket":"","object_key":""}}`},
		{"a push", event(live.EventPublish, live.EventDetail{Publish: &live.PublishDetail{
			Session: "ses_1", IP: "192.0.2.1", Node: "edge", Args: live.Args{{Name: "a", Value: "1"}, {Name: "a", Value: "2"}}, Width: 640, Height: 360}}),
			head + `"id":"evt_1","type":"publish",` + common + `,"session_id":"ses_1","ip":"192.0.2.1","node":"edge","args":{"a":"1"},"resolution":{"width":640,"height":360}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := RichBody(tt.event)
			if err != nil || string(got) != tt.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, tt.want)
			}
			if tt.event.Type.OfPushes() {
				return
			}
			vendor, err := Body(tt.event)
			if err != nil || !bytes.HasPrefix(got, bytes.TrimSuffix(vendor, []byte("}"))) {
				t.Errorf("it does not begin with the vendor's members: %s", vendor)
			}
		})
	}
}

func TestRichBodyOfAnEventWithoutItsDetailFails(t *testing.T) {
	t.Parallel()
	for _, typ := range []live.EventType{live.EventFileCreated, live.EventPublish, live.EventPublishDone} {
		if b, err := RichBody(live.Event{Type: typ}); err == nil {
			t.Errorf("%s: %s", typ, b)
		}
	}
}

func FuzzRichBody(f *testing.F) {
	f.Add("live", "show", "live/show.mp4", "callback_a", "1", int64(9))
	f.Add("\xff", "<&>", "\u2028", `"`, "\\", int64(-1))
	f.Fuzz(func(t *testing.T, app, stream, key, name, value string, size int64) {
		b, err := RichBody(live.Event{Type: live.EventFileCreated, Key: live.StreamKey{App: app, Stream: stream}, Detail: live.EventDetail{
			File: &live.FileDetail{ObjectKey: key, Size: size, Duration: time.Duration(size), PushArgs: live.Args{{Name: pushArgPrefix + name, Value: value}}}}})
		if err != nil || !json.Valid(b) {
			t.Errorf("%s: %v", b, err)
		}
	})
}
