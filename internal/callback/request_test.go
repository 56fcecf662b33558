package callback

import (
	"testing"

	"tallylight/internal/live"
)

// What Sent tells of an attempt that was made is tested end to end.
func TestSentRefusesWhatCannotHaveBeenSent(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*live.Delivery){
		"a URL that is none":        func(d *live.Delivery) { d.URL = "nowhere" },
		"a file event without file": func(d *live.Delivery) { d.Event.Type = live.EventFileCreated },
		"a push event without push": func(d *live.Delivery) { d.Event.Type = live.EventPublish },
	} {
		d := testDelivery("http://public.example/hook")
		change(&d)
		if h, b, err := Sent(d, live.Attempt{}); err == nil {
			t.Errorf("%s: %v %s", name, h, b)
		}
	}
}
