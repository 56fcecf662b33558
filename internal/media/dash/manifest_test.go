package dash_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"tallylight/internal/media/dash"
)

// checkXML reads a manifest as XML and returns what its elements say, such as
// `S t="0" d="90000"`.
func checkXML(t *testing.T, manifest []byte) (elements []string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(manifest))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return elements
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, manifest)
		}
		if start, ok := token.(xml.StartElement); ok {
			s := start.Name.Local
			for _, a := range start.Attr {
				s += " " + a.Name.Local + `="` + a.Value + `"`
			}
			elements = append(elements, s)
		}
	}
}

// of returns the elements of a name.
func of(elements []string, name string) string {
	var found []string
	for _, e := range elements {
		if strings.HasPrefix(e, name+" ") {
			found = append(found, e)
		}
	}
	return strings.Join(found, "\n")
}

func seconds(n ...float64) []dash.Segment {
	var segments []dash.Segment
	for i := 0; i < len(n); i += 2 {
		segments = append(segments, dash.Segment{
			URI:      "segment.m4s",
			Start:    time.Duration(n[i] * float64(time.Second)),
			Duration: time.Duration(n[i+1] * float64(time.Second)),
		})
	}
	return segments
}

func TestManifest(t *testing.T) {
	t.Parallel()
	m := dash.Manifest{Periods: []dash.Period{{
		Video: &dash.Track{
			Codecs: "avc1.64001f", Bandwidth: 2_500_000, Width: 1280, Height: 720, FrameRate: 25,
			Init: "video/init.mp4", Segments: []dash.Segment{{URI: "./a:b&c.m4s", Duration: 2 * time.Second}},
		},
		Audio: &dash.Track{
			Codecs: "mp4a.40.2", Bandwidth: 128_000, SampleRate: 48000, Channels: 2,
			Init: "audio/init.mp4", Segments: []dash.Segment{{URI: "b.m4s", Duration: 1984 * time.Millisecond}},
		},
	}}}
	const want = `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-main:2011" type="static" mediaPresentationDuration="PT2.000S" minBufferTime="PT2.000S">
  <Period id="0" start="PT0.000S" duration="PT2.000S">
    <AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true">
      <Representation id="video" codecs="avc1.64001f" bandwidth="2500000" width="1280" height="720" frameRate="25">
        <SegmentList timescale="90000" presentationTimeOffset="0">
          <Initialization sourceURL="video/init.mp4"/>
          <SegmentTimeline>
            <S t="0" d="180000"/>
          </SegmentTimeline>
          <SegmentURL media="./a:b&amp;c.m4s"/>
        </SegmentList>
      </Representation>
    </AdaptationSet>
    <AdaptationSet contentType="audio" mimeType="audio/mp4" segmentAlignment="true">
      <Representation id="audio" codecs="mp4a.40.2" bandwidth="128000" audioSamplingRate="48000">
        <AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2"/>
        <SegmentList timescale="90000" presentationTimeOffset="0">
          <Initialization sourceURL="audio/init.mp4"/>
          <SegmentTimeline>
            <S t="0" d="178560"/>
          </SegmentTimeline>
          <SegmentURL media="b.m4s"/>
        </SegmentList>
      </Representation>
    </AdaptationSet>
  </Period>
</MPD>
`
	got := string(m.Append(nil))
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	checkXML(t, []byte(got))
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		segments []dash.Segment
		want     string
	}{
		{"equal segments are one element", seconds(0, 2, 2, 2, 4, 2), `S t="0" d="180000" r="2"`},
		{"unequal segments", seconds(0, 2, 2, 2, 4, 1), `S t="0" d="180000" r="1"` + "\n" + `S t="360000" d="90000"`},
		{"end that was guessed too late", seconds(0, 2.033, 2, 2), `S t="0" d="180000" r="1"`},
		{"end that was guessed too early", seconds(0, 1.967, 2, 2), `S t="0" d="180000" r="1"`},
		{"gap", seconds(0, 2, 3, 2), `S t="0" d="180000"` + "\n" + `S t="270000" d="180000"`},
		{"start on a running clock", seconds(90000, 2), `S t="8100000000" d="180000"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := dash.Manifest{Periods: []dash.Period{{Video: &dash.Track{Init: "init.mp4", Segments: tt.segments}}}}
			if got := of(checkXML(t, m.Append(nil)), "S"); got != tt.want {
				t.Errorf("timeline is\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestPeriodsFollowEachOther(t *testing.T) {
	t.Parallel()
	m := dash.Manifest{Periods: []dash.Period{
		{Video: &dash.Track{Segments: seconds(0, 2, 2, 2)}, Audio: &dash.Track{Segments: seconds(0.5, 4)}},
		{Video: &dash.Track{Segments: seconds(100.5, 1)}, Audio: &dash.Track{Segments: seconds(100, 3)}},
	}}
	elements := checkXML(t, m.Append(nil))
	if got, want := of(elements, "Period"), `Period id="0" start="PT0.000S" duration="PT4.500S"
Period id="1" start="PT4.500S" duration="PT3.000S"`; got != want {
		t.Errorf("periods are\n%s\nwant\n%s", got, want)
	}
	if got, want := of(elements, "SegmentList"), `SegmentList timescale="90000" presentationTimeOffset="0"
SegmentList timescale="90000" presentationTimeOffset="0"
SegmentList timescale="90000" presentationTimeOffset="9000000"
SegmentList timescale="90000" presentationTimeOffset="9000000"`; got != want {
		t.Errorf("segment lists are\n%s\nwant\n%s", got, want)
	}
	if !strings.Contains(elements[0], `mediaPresentationDuration="PT7.500S" minBufferTime="PT4.000S"`) {
		t.Errorf("manifest is %s, want one of 7.5 s that needs 4 s", elements[0])
	}
}

func TestFrameRates(t *testing.T) {
	t.Parallel()
	for rate, want := range map[float64]string{25: "25", 30000.0 / 1001: "30000/1001", 59.94: "60000/1001", 12.5: "12500/1000"} {
		m := dash.Manifest{Periods: []dash.Period{{Video: &dash.Track{FrameRate: rate}}}}
		if got := of(checkXML(t, m.Append(nil)), "Representation"); !strings.Contains(got, ` frameRate="`+want+`"`) {
			t.Errorf("%v frames a second are %s, want %s", rate, got, want)
		}
	}
}
