package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tallylight/internal/live"
)

// pushArgPrefix starts the names of the push URL's parameters that the file
// callback repeats.
const pushArgPrefix = "callback_"

// statusBody tells of a change of state. The order of the members is the
// vendor's (spec recording-and-callbacks 1.2).
type statusBody struct {
	Domain string            `json:"domain"`
	App    string            `json:"app"`
	Stream string            `json:"stream"`
	Event  live.EventType    `json:"event"`
	Error  *live.ErrorDetail `json:"error_info,omitempty"`
}

// fileBody tells of a finished file; it has no event member (spec
// recording-and-callbacks 1.3).
type fileBody struct {
	Domain    string   `json:"domain"`
	App       string   `json:"app"`
	Stream    string   `json:"stream"`
	URI       string   `json:"uri"`        // object key, without bucket
	Duration  float64  `json:"duration"`   // seconds, at most 3 decimals
	StartTime int64    `json:"start_time"` // Unix seconds
	StopTime  int64    `json:"stop_time"`  // Unix seconds
	PushArgs  pushArgs `json:"push_args,omitempty"`
}

// Body returns the bytes that tell of e: minified JSON in UTF-8 that depends on
// the event alone, so that every attempt sends the same.
//
// The characters <, > and & stand for themselves; the escapes that encoding/json
// makes of them for the sake of HTML mean the same to a JSON reader and only
// make object keys and push arguments harder to read.
func Body(e live.Event) ([]byte, error) {
	if e.Type != live.EventFileCreated {
		return marshal(newStatusBody(e))
	}
	if e.Detail.File == nil {
		return nil, errWithout(e, "file")
	}
	return marshal(newFileBody(e.Key, e.Detail.File))
}

// errWithout says that an event lacks what its type promises.
func errWithout(e live.Event, what string) error {
	return fmt.Errorf("render event %s: a %s event without a %s", e.ID, e.Type, what)
}

func newStatusBody(e live.Event) statusBody {
	return statusBody{e.Key.Domain, e.Key.App, e.Key.Stream, e.Type, e.Detail.Error}
}

func newFileBody(key live.StreamKey, f *live.FileDetail) fileBody {
	return fileBody{
		Domain:    key.Domain,
		App:       key.App,
		Stream:    key.Stream,
		URI:       f.ObjectKey,
		Duration:  float64(f.Duration.Round(time.Millisecond).Milliseconds()) / 1000,
		StartTime: f.StartTime.Unix(),
		StopTime:  f.StopTime.Unix(),
		PushArgs:  firstArgs(f.PushArgs, pushArgPrefix),
	}
}

// pushArgs is a JSON object whose members keep their order.
type pushArgs []live.Arg

// firstArgs selects the parameters whose name starts with prefix, the first value of
// each.
func firstArgs(args live.Args, prefix string) pushArgs {
	var selected pushArgs
	seen := make(map[string]bool)
	for _, arg := range args {
		if strings.HasPrefix(arg.Name, prefix) && !seen[arg.Name] {
			seen[arg.Name] = true
			selected = append(selected, arg)
		}
	}
	return selected
}

// MarshalJSON implements json.Marshaler.
func (a pushArgs) MarshalJSON() ([]byte, error) {
	object := []byte{'{'}
	for i, arg := range a {
		if i > 0 {
			object = append(object, ',')
		}
		name, err := marshal(arg.Name)
		if err != nil {
			return nil, err
		}
		value, err := marshal(arg.Value)
		if err != nil {
			return nil, err
		}
		object = append(append(append(object, name...), ':'), value...)
	}
	return append(object, '}'), nil
}

// marshal is json.Marshal without HTML escaping.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
