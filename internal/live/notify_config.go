package live

// A NotifyConfig says which URL is told of a streaming domain's recordings.
// A domain has at most one.
type NotifyConfig struct {
	Domain           string
	NotifyURL        string // told of files, and of states if NeedStatusNotify
	OnDemandURL      string // asked whether to record; "" where unset
	NeedStatusNotify bool
	NotifyReqAuth    bool   // signing was asked for
	NotifyAuthOff    bool   // signing was declined; false where nothing was said
	NotifyAuthKey    string // 16 to 64 letters and digits; "" where unset
}

// Wants reports whether the configuration asks for events of type t: files
// always, states and errors only with NeedStatusNotify.
func (c NotifyConfig) Wants(t EventType) bool {
	return t == EventFileCreated || c.NeedStatusNotify
}

// SignKey returns the key that callbacks are signed with, or "" for none: a key
// that is set is used unless signing was declined (spec recording-and-callbacks
// 8.1).
func (c NotifyConfig) SignKey() string {
	if c.NotifyAuthOff {
		return ""
	}
	return c.NotifyAuthKey
}
