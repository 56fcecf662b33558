package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tallylight/internal/live"
)

func TestBodyIsWhatTheVendorDocuments(t *testing.T) {
	t.Parallel()
	status := live.StreamKey{Domain: "gs_domain", App: "gs_app", Stream: "gs_stream"}
	file := live.StreamKey{Domain: "qt01.alivecdn.com", App: "mp4flvtest_flv", Stream: "callback_test"}
	detail := live.FileDetail{
		ObjectKey: "mp4flvtest_flv/callback_test/0_2017-03-08-23:09:46_2017-03-08-23:10:40.flv",
		Duration:  69403 * time.Millisecond,
		StartTime: time.Unix(1488985786, 0),
		StopTime:  time.Unix(1488985840, 0),
	}
	withArgs := func(args ...live.Arg) *live.FileDetail {
		d := detail
		d.PushArgs = args
		return &d
	}
	lasting := func(d time.Duration) *live.FileDetail {
		return &live.FileDetail{ObjectKey: "k.mp4", Duration: d, StartTime: time.Unix(1, 999e6), StopTime: time.Unix(2, 0)}
	}
	const fileHead = `{"domain":"qt01.alivecdn.com","app":"mp4flvtest_flv","stream":"callback_test",` +
		`"uri":"mp4flvtest_flv/callback_test/0_2017-03-08-23:09:46_2017-03-08-23:10:40.flv",` +
		`"duration":69.403,"start_time":1488985786,"stop_time":1488985840`

	for _, tt := range []struct {
		name  string
		event live.Event
		want  string
	}{
		{"recording started", live.Event{Type: live.EventRecordStarted, Key: status},
			`{"domain":"gs_domain","app":"gs_app","stream":"gs_stream","event":"record_started"}`},
		{"recording paused", live.Event{Type: live.EventRecordPaused, Key: status},
			`{"domain":"gs_domain","app":"gs_app","stream":"gs_stream","event":"record_paused"}`},
		{"recording resumed", live.Event{Type: live.EventRecordResumed, Key: status},
			`{"domain":"gs_domain","app":"gs_app","stream":"gs_stream","event":"record_resumed"}`},
		{"an error tells its code and message",
			live.Event{Type: live.EventRecordError, Key: status, Detail: live.EventDetail{Error: &live.ErrorStreamFormat}},
			`{"domain":"gs_domain","app":"gs_app","stream":"gs_stream","event":"record_error",` +
				`"error_info":{"code":"StreamFormatError","message":"video stream format error"}}`},
		{"an error without detail keeps the four members of the first edition",
			live.Event{Type: live.EventRecordError, Key: status},
			`{"domain":"gs_domain","app":"gs_app","stream":"gs_stream","event":"record_error"}`},
		{"a file with push arguments",
			live.Event{Type: live.EventFileCreated, Key: file, Detail: live.EventDetail{
				File: withArgs(live.Arg{Name: "callback_args1", Value: "value1"}, live.Arg{Name: "callback_myid", Value: "1231389741"})}},
			fileHead + `,"push_args":{"callback_args1":"value1","callback_myid":"1231389741"}}`},
		{"a file without push arguments has no such member",
			live.Event{Type: live.EventFileCreated, Key: file, Detail: live.EventDetail{File: &detail}},
			fileHead + `}`},
		{"other arguments are left out, order is kept and the first value counts",
			live.Event{Type: live.EventFileCreated, Key: file, Detail: live.EventDetail{
				File: withArgs(live.Arg{Name: "auth_key", Value: "secret"}, live.Arg{Name: "callback_z", Value: "1"},
					live.Arg{Name: "callback_a", Value: ""}, live.Arg{Name: "callback_z", Value: "2"}, live.Arg{Name: "Callback_x", Value: "3"})}},
			fileHead + `,"push_args":{"callback_z":"1","callback_a":""}}`},
		{"characters that HTML minds stand for themselves",
			live.Event{Type: live.EventFileCreated, Key: file, Detail: live.EventDetail{
				File: withArgs(live.Arg{Name: "callback_<&>", Value: `a&b<c>"d"\é直播`})}},
			fileHead + `,"push_args":{"callback_<&>":"a&b<c>\"d\"\\é直播"}}`},
		{"times are whole seconds, rounded down",
			live.Event{Type: live.EventFileCreated, Detail: live.EventDetail{File: lasting(time.Second)}},
			`{"domain":"","app":"","stream":"","uri":"k.mp4","duration":1,"start_time":1,"stop_time":2}`},
		{"a duration keeps three decimals, rounded",
			live.Event{Type: live.EventFileCreated, Detail: live.EventDetail{File: lasting(1500*time.Microsecond + time.Hour)}},
			`{"domain":"","app":"","stream":"","uri":"k.mp4","duration":3600.002,"start_time":1,"stop_time":2}`},
		{"a duration has no trailing zeros",
			live.Event{Type: live.EventFileCreated, Detail: live.EventDetail{File: lasting(2500 * time.Millisecond)}},
			`{"domain":"","app":"","stream":"","uri":"k.mp4","duration":2.5,"start_time":1,"stop_time":2}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Body(tt.event)
			if err != nil || string(got) != tt.want {
				t.Errorf("Body = %s, %v\nwant   %s", got, err, tt.want)
			}
		})
	}
}

func TestBodyOfAFileEventWithoutFileFails(t *testing.T) {
	t.Parallel()
	if got, err := Body(live.Event{Type: live.EventFileCreated}); err == nil {
		t.Errorf("Body = %s, want an error", got)
	}
}

func TestDurationNeverHasMoreThanThreeDecimals(t *testing.T) {
	t.Parallel()
	for ms := time.Duration(0); ms < 200_000; ms += 7 {
		d := ms*time.Millisecond + 123*time.Microsecond
		body, err := Body(live.Event{Type: live.EventFileCreated, Detail: live.EventDetail{File: &live.FileDetail{Duration: d}}})
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(body), `"duration":`)
		number, _, _ := strings.Cut(rest, ",")
		if _, decimals, _ := strings.Cut(number, "."); len(decimals) > 3 || strings.ContainsAny(number, "eE") {
			t.Fatalf("duration of %v is written %s", d, number)
		}
	}
}

func FuzzBody(f *testing.F) {
	f.Add("play.example.com", "live", "show", "callback_id", "1231389741", int64(69403e6))
	f.Add("d", "a<b>", "s\u2028", "callback_\x00", "\xff&", int64(0))
	f.Fuzz(func(t *testing.T, domain, app, stream, name, value string, nanoseconds int64) {
		e := live.Event{Type: live.EventFileCreated, Key: live.StreamKey{Domain: domain, App: app, Stream: stream}}
		e.Detail.File = &live.FileDetail{Duration: time.Duration(nanoseconds), PushArgs: live.Args{{Name: name, Value: value}}}
		body, err := Body(e)
		if err != nil {
			t.Fatalf("Body: %v", err)
		}
		if bytes.ContainsAny(body, "\n\r") {
			t.Errorf("body is not one line: %s", body)
		}
		var decoded struct {
			App      string            `json:"app"`
			PushArgs map[string]string `json:"push_args"`
		}
		if err := json.Unmarshal(body, &decoded); err != nil {
			t.Fatalf("body %s is no JSON: %v", body, err)
		}
		if utf8.ValidString(app) && decoded.App != app {
			t.Errorf("app %q arrives as %q", app, decoded.App)
		}
		if _, repeated := decoded.PushArgs[name]; utf8.ValidString(name) && repeated != strings.HasPrefix(name, "callback_") {
			t.Errorf("argument %q repeated: %t", name, repeated)
		}
	})
}
