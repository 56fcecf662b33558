package events

import "encoding/json"

// Append appends e as it is written.
func Append(b []byte, e Event) ([]byte, error) {
	name, data := nameTime, any(e.Time)
	if e.Callback != nil {
		name, data = nameCallback, e.Callback
	}
	text, err := json.Marshal(data) // has no line breaks
	if err != nil {
		return b, err
	}
	b = append(b, "event: "+name+"\ndata: "...)
	b = append(b, text...)
	return append(b, "\n\n"...), nil
}
