package live

import (
	"fmt"
	"net/netip"
	"time"
)

// A StreamKey names a stream: where viewers find it, not where it is pushed.
type StreamKey struct {
	Domain string // streaming domain
	App    string
	Stream string
}

// String returns domain/app/stream.
func (k StreamKey) String() string { return k.Domain + "/" + k.App + "/" + k.Stream }

// MaxNameLength bounds app and stream names, in bytes.
const MaxNameLength = 255

// ValidateName reports whether name can be the name of an app or a stream:
// 1 to 255 letters, digits, '-', '_' and '.', not "." or "..". The names become
// parts of object keys, which is why nothing else is let in.
func ValidateName(name string) error {
	if name == "" || len(name) > MaxNameLength {
		return fmt.Errorf("%w: %d bytes, 1 to %d are allowed", ErrStreamName, len(name), MaxNameLength)
	}
	if name == "." || name == ".." {
		return fmt.Errorf("%w: %q", ErrStreamName, name)
	}
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return fmt.Errorf("%w: %q may hold letters, digits, '-', '_' and '.' only", ErrStreamName, name)
		}
	}
	return nil
}

// An Arg is one parameter of the URL that an encoder pushed to, decoded.
type Arg struct {
	Name  string
	Value string
}

// Args keeps the parameters of a push URL in their order.
type Args []Arg

// Get returns the first value of name, or "".
func (a Args) Get(name string) string {
	for _, arg := range a {
		if arg.Name == name {
			return arg.Value
		}
	}
	return ""
}

// A Session is one push, from its first to its last frame.
type Session struct {
	ID           SessionID
	Key          StreamKey
	IngestDomain string // as pushed to; the streaming domain itself where none is mapped
	Protocol     string // "rtmp"
	RemoteAddr   netip.AddrPort
	LocalAddr    netip.AddrPort // where it was taken; the zero AddrPort if unknown
	Args         Args
	StartedAt    time.Time
}
