package wire

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tallylight/internal/live"
)

// Headers of the binary mode of CloudEvents, HTTP protocol binding 1.0.2, section
// 3.1.3.
const (
	HeaderCloudEventVersion = "ce-specversion"
	HeaderCloudEventID      = "ce-id"
	HeaderCloudEventSource  = "ce-source"
	HeaderCloudEventType    = "ce-type"
	HeaderCloudEventTime    = "ce-time"
)

// cloudEventTypePrefix keeps our types apart from those of others.
const cloudEventTypePrefix = "tallylight."

// SetCloudEventHeaders adds the attributes of e to a request that has a body. The
// Content-Type that goes with them is that of the body.
func SetCloudEventHeaders(h http.Header, e live.Event) {
	set := func(name, value string) { h.Set(name, cloudEventValue(value)) }
	set(HeaderCloudEventVersion, "1.0")
	set(HeaderCloudEventID, string(e.ID))
	set(HeaderCloudEventSource, cloudEventSource(e.Key))
	set(HeaderCloudEventType, cloudEventTypePrefix+string(e.Type))
	set(HeaderCloudEventTime, e.OccurredAt.UTC().Format(time.RFC3339Nano))
}

// cloudEventSource returns the URI reference that names a stream.
func cloudEventSource(k live.StreamKey) string {
	return "//" + k.Domain + "/" + url.PathEscape(k.App) + "/" + url.PathEscape(k.Stream)
}

// cloudEventValue encodes a value for a header as section 3.1.3.2 of the binding
// has it: what is not printable ASCII, blanks, quotes and percent signs are
// percent-encoded.
func cloudEventValue(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
