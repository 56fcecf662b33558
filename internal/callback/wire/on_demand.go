package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tallylight/internal/live"
)

// MaxOnDemandAnswer is how much of an answer is read, in bytes.
const MaxOnDemandAnswer = 2048

// OnDemandQuery returns the query that asks whether to record. The order of the
// parameters is the vendor's (spec recording-and-callbacks 2.2).
func OnDemandQuery(q live.Question) string {
	return "app=" + url.QueryEscape(q.Key.App) +
		"&domain=" + url.QueryEscape(q.Key.Domain) +
		"&stream=" + url.QueryEscape(q.Key.Stream) +
		"&vbitrate=" + strconv.Itoa(q.VideoKbps) +
		"&codec=" + url.QueryEscape(q.VideoCodec)
}

// answerKeys are the names of formats in the Interval of an answer.
var answerKeys = map[live.Format]string{
	live.FormatMP4: "Mp4", live.FormatFLV: "Flv", live.FormatM3U8: "M3U8", live.FormatCMAF: "Cmaf",
}

// OnDemandBody returns the body of an answer.
func OnDemandBody(a live.OnDemandAnswer) ([]byte, error) {
	var body struct {
		ApiVersion string
		NeedRecord bool
		Interval   map[string]int64 `json:",omitempty"`
		Format     []live.Format    `json:",omitzero"`
	}
	body.ApiVersion, body.NeedRecord, body.Format = "1.0", a.NeedRecord, a.Formats
	for format, cycle := range a.Cycles {
		if body.Interval == nil {
			body.Interval = make(map[string]int64)
		}
		body.Interval[answerKeys[format]] = int64(cycle / time.Second)
	}
	return json.Marshal(body)
}

// ParseOnDemandAnswer reads the body of an answer, of which NeedRecord alone is
// mandatory. What else cannot be used is ignored and told in ignored, one text for
// each: an answer that names a format of tomorrow still decides.
func ParseOnDemandAnswer(body []byte) (a live.OnDemandAnswer, ignored []string, err error) {
	var answer struct {
		NeedRecord       json.RawMessage
		Interval, Format json.RawMessage
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return a, nil, fmt.Errorf("answer: %w", err)
	}
	switch string(answer.NeedRecord) {
	case "true":
		a.NeedRecord = true
	case "false":
	case "":
		return a, nil, errors.New("answer: NeedRecord is missing")
	default:
		return a, nil, errors.New("answer: NeedRecord is neither true nor false")
	}
	ignore := func(format string, args ...any) { ignored = append(ignored, fmt.Sprintf(format, args...)) }
	a.Cycles = parseIntervals(answer.Interval, ignore)
	a.Formats = parseFormats(answer.Format, ignore)
	return a, ignored, nil
}

// parseIntervals reads the seconds of each format.
func parseIntervals(text json.RawMessage, ignore func(string, ...any)) map[live.Format]time.Duration {
	if text == nil {
		return nil
	}
	var intervals map[string]json.RawMessage
	if err := json.Unmarshal(text, &intervals); err != nil {
		ignore("Interval is no object")
		return nil
	}
	var cycles map[live.Format]time.Duration
	for _, key := range slices.Sorted(maps.Keys(intervals)) {
		format, ok := parseFormat(key)
		if !ok {
			ignore("Interval.%s is no format", key)
			continue
		}
		seconds, err := strconv.ParseInt(string(intervals[key]), 10, 32)
		cycle := time.Duration(seconds) * time.Second
		if err != nil || cycle < live.MinCycleDuration || cycle > live.MaxCycleDuration {
			ignore("Interval.%s is no number from %d to %d", key, live.MinCycleDuration/time.Second, live.MaxCycleDuration/time.Second)
			continue
		}
		if cycles == nil {
			cycles = make(map[live.Format]time.Duration)
		}
		cycles[format] = cycle
	}
	return cycles
}

// parseFormats reads the formats that are wanted; nil if the answer does not say.
func parseFormats(text json.RawMessage, ignore func(string, ...any)) []live.Format {
	if text == nil || string(text) == "null" {
		return nil
	}
	var names []json.RawMessage
	if err := json.Unmarshal(text, &names); err != nil {
		ignore("Format is no array")
		return nil
	}
	formats := []live.Format{}
	for _, name := range names {
		var s string
		err := json.Unmarshal(name, &s)
		format, ok := parseFormat(s)
		switch {
		case err != nil || !ok:
			ignore("Format %s is unknown", name)
		case !slices.Contains(formats, format):
			formats = append(formats, format)
		}
	}
	return formats
}

// parseFormat returns the format of a name in any case.
func parseFormat(name string) (live.Format, bool) {
	format := live.Format(strings.ToLower(name))
	_, ok := answerKeys[format]
	return format, ok
}
