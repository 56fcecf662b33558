package live

import "testing"

func TestSignKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		config NotifyConfig
		want   string
	}{
		{"no key, nothing said", NotifyConfig{}, ""},
		{"a key, nothing said", NotifyConfig{NotifyAuthKey: "k"}, "k"},
		{"a key, asked for", NotifyConfig{NotifyReqAuth: true, NotifyAuthKey: "k"}, "k"},
		{"a key, declined", NotifyConfig{NotifyAuthOff: true, NotifyAuthKey: "k"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.config.SignKey(); got != tt.want {
				t.Errorf("SignKey() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWants(t *testing.T) {
	t.Parallel()
	for _, status := range []bool{false, true} {
		c := NotifyConfig{NeedStatusNotify: status}
		for _, e := range []EventType{EventRecordStarted, EventRecordPaused, EventRecordResumed, EventRecordError} {
			if got := c.Wants(e); got != status {
				t.Errorf("with NeedStatusNotify %v, Wants(%s) = %v", status, e, got)
			}
		}
		if !c.Wants(EventFileCreated) {
			t.Errorf("with NeedStatusNotify %v, files are not told", status)
		}
	}
}
