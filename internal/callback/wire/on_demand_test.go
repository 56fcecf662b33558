package wire

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
)

func TestTheQuestionIsWhatTheVendorAsks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		q    live.Question
		want string
	}{
		{"the documented sample", live.Question{Key: live.StreamKey{Domain: "demo.aliyundoc.com", App: "seq_all", Stream: "ondemand8"}, VideoKbps: 2000, VideoCodec: "h264"},
			"app=seq_all&domain=demo.aliyundoc.com&stream=ondemand8&vbitrate=2000&codec=h264"},
		{"names that need escaping", live.Question{Key: live.StreamKey{Domain: "d", App: "a&b=c", Stream: "é #1"}, VideoCodec: "h265"},
			"app=a%26b%3Dc&domain=d&stream=%C3%A9+%231&vbitrate=0&codec=h265"},
		{"no video", live.Question{Key: live.StreamKey{Domain: "d", App: "a", Stream: "s"}}, "app=a&domain=d&stream=s&vbitrate=0&codec="},
	} {
		if got := OnDemandQuery(tt.q); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// cycles returns the intervals of an answer, in seconds.
func cycles(flv, mp4, m3u8, cmaf time.Duration) map[live.Format]time.Duration {
	all := map[live.Format]time.Duration{live.FormatFLV: flv, live.FormatMP4: mp4, live.FormatM3U8: m3u8, live.FormatCMAF: cmaf}
	for format, seconds := range all {
		all[format] = seconds * time.Second
		if seconds == 0 {
			delete(all, format)
		}
	}
	return all
}

func TestAnswersAreUnderstood(t *testing.T) {
	t.Parallel()
	yes := live.OnDemandAnswer{NeedRecord: true}
	only := func(formats ...live.Format) live.OnDemandAnswer {
		return live.OnDemandAnswer{NeedRecord: true, Formats: append([]live.Format{}, formats...)}
	}
	for _, tt := range []struct {
		name, body string
		want       live.OnDemandAnswer
		ignored    string
	}{
		{"yes", `{"NeedRecord":true}`, yes, ""},
		{"no", `{"ApiVersion":"1.0","NeedRecord":false}`, live.OnDemandAnswer{}, ""},
		{"another version", `{"ApiVersion":"7","NeedRecord":true}`, yes, ""},
		{"a version that is no text", `{"ApiVersion":1.0,"NeedRecord":true}`, yes, ""},
		{"unknown members", ` { "Code": 0, "NeedRecord" : true } ` + "\n", yes, ""},
		{"intervals", `{"NeedRecord":true,"Interval":{"Mp4":300,"Flv":120,"M3U8":180,"Cmaf":60}}`, live.OnDemandAnswer{NeedRecord: true, Cycles: cycles(120, 300, 180, 60)}, ""},
		{"the shortest and the longest", `{"NeedRecord":true,"Interval":{"Mp4":5,"Flv":21600}}`, live.OnDemandAnswer{NeedRecord: true, Cycles: cycles(21600, 5, 0, 0)}, ""},
		{"intervals out of range", `{"NeedRecord":true,"Interval":{"Flv":4,"M3U8":60,"Mp4":21601}}`, live.OnDemandAnswer{NeedRecord: true, Cycles: cycles(0, 0, 60, 0)},
			"Interval.Flv is no number from 5 to 21600; Interval.Mp4 is no number from 5 to 21600"},
		{"intervals that are no whole numbers", `{"NeedRecord":true,"Interval":{"Flv":"60","Mp4":60.5,"M3U8":null,"Cmaf":99999999999999999999}}`, yes,
			"Interval.Cmaf is no number from 5 to 21600; Interval.Flv is no number from 5 to 21600; Interval.M3U8 is no number from 5 to 21600; Interval.Mp4 is no number from 5 to 21600"},
		{"an interval of an unknown format", `{"NeedRecord":true,"Interval":{"Ts":60}}`, yes, "Interval.Ts is no format"},
		{"no interval", `{"NeedRecord":true,"Interval":null,"Format":null}`, yes, ""},
		{"an interval that is no object", `{"NeedRecord":true,"Interval":60}`, yes, "Interval is no object"},
		{"formats", `{"NeedRecord":true,"Format":["mp4","flv","m3u8","cmaf"]}`, only(live.FormatMP4, live.FormatFLV, live.FormatM3U8, live.FormatCMAF), ""},
		{"formats in capitals, and twice", `{"NeedRecord":true,"Format":["MP4","mp4"]}`, only(live.FormatMP4), ""},
		{"an empty list of formats", `{"NeedRecord":true,"Format":[]}`, only(), ""},
		{"formats that are unknown", `{"NeedRecord":true,"Format":["ts",4]}`, only(), `Format "ts" is unknown; Format 4 is unknown`},
		{"formats that are no list", `{"NeedRecord":true,"Format":"mp4"}`, yes, "Format is no array"},
	} {
		got, ignored, err := ParseOnDemandAnswer([]byte(tt.body))
		if len(got.Cycles) == 0 && len(tt.want.Cycles) == 0 {
			got.Cycles = tt.want.Cycles
		}
		if err != nil || !reflect.DeepEqual(got, tt.want) || strings.Join(ignored, "; ") != tt.ignored {
			t.Errorf("%s:\n got %+v, %q, %v\nwant %+v, %q", tt.name, got, ignored, err, tt.want, tt.ignored)
		}
	}
}

func TestAnswersWithoutADecisionAreRefused(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		``, ` `, `true`, `[]`, `"yes"`, `null`, `{}`, `{"NeedRecord":1}`, `{"NeedRecord":"true"}`, `{"NeedRecord":null}`, `{"NeedRecord":true`,
		`{"NeedRecord":true}{}`, `{"NeedRecord":true}x`, `{"Interval":{"Mp4":60}}`, "{\"NeedRecord\":true,\"x\":\"\x00\"}", `<html>`,
	} {
		if a, _, err := ParseOnDemandAnswer([]byte(body)); err == nil {
			t.Errorf("%q is taken for %+v", body, a)
		}
	}
}

func FuzzOnDemandAnswer(f *testing.F) {
	f.Add([]byte(`{"ApiVersion":"1.0","NeedRecord":true,"Interval":{"Mp4":300,"M3U8":60},"Format":["mp4","m3u8"]}`))
	f.Add([]byte(`{"NeedRecord":false,"Interval":{"Flv":1,"Ts":"x"},"Format":["",null]}`))
	f.Add([]byte(`{"NeedRecord":true,"Format":[]}`))
	f.Add([]byte(`{"NeedRecord":tru`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, _, err := ParseOnDemandAnswer(body)
		if err != nil {
			return
		}
		if !json.Valid(body) {
			t.Errorf("%q is no JSON and was taken for %+v", body, a)
		}
		for format, cycle := range a.Cycles {
			if cycle < live.MinCycleDuration || cycle > live.MaxCycleDuration {
				t.Errorf("%q gives %s a cycle of %v", body, format, cycle)
			}
		}
		written, err := OnDemandBody(a)
		if err != nil {
			t.Fatal(err)
		}
		again, ignored, err := ParseOnDemandAnswer(written)
		if err != nil || len(ignored) > 0 || !reflect.DeepEqual(again, a) {
			t.Errorf("%q is %+v, written as %s, which is %+v, %q, %v", body, a, written, again, ignored, err)
		}
	})
}
