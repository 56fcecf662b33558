package events

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

var (
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	file = Callback{ID: "evt_1", Type: "file_created", App: "live", Stream: "show", Seq: 3, OccurredAt: noon, Method: "POST",
		URL: "http://localhost:3000/hook", Header: http.Header{"Content-Type": {"application/json"}}, Body: "{\"uri\":\"a\\n.mp4\"}\r\n"}
)

func TestWhatIsAppendedIsRead(t *testing.T) {
	t.Parallel()
	want := []Event{{Time: &Time{noon}}, {Callback: &file}, {Time: &Time{noon.Add(time.Second)}}}
	var b []byte
	for _, e := range want {
		var err error
		if b, err = Append(b, e); err != nil {
			t.Fatal(err)
		}
	}
	r := NewReader(bytes.NewReader(b))
	for _, e := range want {
		if got, err := r.Read(); err != nil || !reflect.DeepEqual(got, e) {
			t.Errorf("Read() = %+v, %v, want %+v", got, err, e)
		}
	}
	if _, err := r.Read(); err != io.EOF {
		t.Errorf("at the end: %v, want io.EOF", err)
	}
}

func TestReadTakesWhatOtherServersWrite(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		stream string
		err    bool
	}{
		"comments, ids and unknown types are passed over":   {": hello\n\nevent: news\ndata: {}\n\nid: 4\nretry: 5\nevent: time\ndata: {\"now\":\"2026-11-23T12:00:00Z\"}\n\n", false},
		"lines may end in CR LF":                            {"event:time\r\ndata:{\"now\":\"2026-11-23T12:00:00Z\"}\r\n\r\n", false},
		"data may have several lines":                       {"event: time\ndata: {\"now\":\ndata: \"2026-11-23T12:00:00Z\"}\n\n", false},
		"an event that is torn off is none":                 {"event: time\ndata: {\"now\":\"2026-11-23T12:00:00Z\"}\n", true},
		"data that is no JSON is refused":                   {"event: time\ndata: soon\n\n", true},
		"data that is null is refused":                      {"event: callback\ndata: null\n\n", true},
		"a line beyond the bound is refused":                {"data: " + strings.Repeat("x", MaxEvent) + "\n\n", true},
		"many lines that are together too long are refused": {strings.Repeat("data: "+strings.Repeat("x", MaxEvent/4)+"\n", 5) + "\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := NewReader(strings.NewReader(tt.stream)).Read()
			if (err != nil) != tt.err || err == nil && (got.Time == nil || !got.Time.Now.Equal(noon)) {
				t.Errorf("Read() = %+v, %v", got, err)
			}
		})
	}
}

func TestPositionsTravelAsText(t *testing.T) {
	t.Parallel()
	want := []Position{{"live", "show", 12}, {"a.b", "c_d-e", 0}}
	got, err := ParsePositions(FormatPositions(want))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, text := range []string{"live/show", "live:1", "live/show:x", "live/show:-1", "live/sh ow:1", "/show:1", "live/show:1,", ",", strings.Repeat("a/b:1,", MaxPositions) + "a/b:1"} {
		if got, err := ParsePositions(text); !errors.Is(err, ErrPositions) {
			t.Errorf("ParsePositions(%.40q) = %v, %v, want an error", text, got, err)
		}
	}
	if got, err := ParsePositions(""); err != nil || got != nil {
		t.Errorf(`ParsePositions("") = %v, %v`, got, err)
	}
}

func FuzzRead(f *testing.F) {
	b, err := Append(nil, Event{Callback: &file})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("event: time\ndata: {}\n\n:\n\ndata\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(bytes.NewReader(b))
		for {
			e, err := r.Read()
			if err != nil {
				return
			}
			if (e.Callback == nil) == (e.Time == nil) {
				t.Fatalf("Read() = %+v", e)
			}
			if _, err := Append(nil, e); err != nil && e.Callback == nil {
				t.Fatalf("what was read cannot be written: %v", err)
			}
		}
	})
}

func FuzzParsePositions(f *testing.F) {
	f.Add("live/show:12,game/a.b:0")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParsePositions(text)
		if err != nil {
			return
		}
		again, err := ParsePositions(FormatPositions(list))
		if err != nil || !reflect.DeepEqual(again, list) {
			t.Errorf("%v became %v, %v", list, again, err)
		}
	})
}
