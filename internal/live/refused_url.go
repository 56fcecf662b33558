package live

import (
	"fmt"
	"net/netip"
	"strings"
)

// A RefusedURL says which address a callback URL leads to that may not be called,
// and what would open it. It is an ErrURLUnsafe.
type RefusedURL struct {
	Host string     // that resolves to the address; empty where the URL names the address
	Addr netip.Addr // the zero Addr where the name itself is refused
	What string     // the address is, in English, such as loopback
	// Settings open it; none do where the address stays closed in every mode.
	Settings []string
}

func (e *RefusedURL) Unwrap() error { return ErrURLUnsafe }

func (e *RefusedURL) Error() string {
	where := e.Host
	switch {
	case e.Host == "":
		where = e.Addr.String()
	case e.Addr.IsValid():
		where += " resolves to " + e.Addr.String()
	}
	if len(e.Settings) == 0 {
		return fmt.Sprintf("%v: %s (%s), which stays closed in every mode", ErrURLUnsafe, where, e.What)
	}
	return fmt.Sprintf("%v: %s (%s); %s opens it", ErrURLUnsafe, where, e.What, strings.Join(e.Settings, " or "))
}
