package live

import "testing"

func TestAnEndpointWantsWhatItNames(t *testing.T) {
	t.Parallel()
	files := Endpoint{Events: []EventType{EventFileCreated}}
	for _, typ := range EventTypes() {
		if !(Endpoint{}).Wants(typ) {
			t.Errorf("an endpoint of all events does not want %s", typ)
		}
		if files.Wants(typ) != (typ == EventFileCreated) {
			t.Errorf("an endpoint of files, asked for %s", typ)
		}
		if got, err := ParseEventType(string(typ)); got != typ || err != nil {
			t.Errorf("ParseEventType(%s) = %s, %v", typ, got, err)
		}
	}
	if _, err := ParseEventType("record_stopped"); err == nil {
		t.Error("record_stopped was understood: there is no such event")
	}
}
