package callback

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"tallylight/internal/live"
)

// Bounds on how long the guard waits, beside the caller's own.
const (
	lookupTimeout = 5 * time.Second
	dialTimeout   = 10 * time.Second // lookup included
	// patience is for one address while others are left: an opening packet and
	// its first repetition.
	patience = 1500 * time.Millisecond
)

// A GuardConfig says which addresses may be called beyond public ones. Link-local
// addresses, those of cloud metadata and this server's own listeners stay closed
// whatever it says.
type GuardConfig struct {
	// AllowNetworks opens addresses, whatever name leads to them.
	AllowNetworks []netip.Prefix
	// AllowHosts opens host names, whatever they resolve to. A name is compared
	// whole, without regard to case; there are no patterns.
	AllowHosts []string
	// Dev opens loopback and private addresses.
	Dev bool
}

// A Guard decides which callback URLs may be used, so that whoever configures a
// URL cannot reach what only this machine can reach. Its methods may be called
// from several goroutines.
type Guard struct {
	networks []netip.Prefix
	hosts    map[string]bool
	dev      bool
	own      atomic.Pointer[ownListeners]

	lookup     func(ctx context.Context, network, host string) ([]netip.Addr, error)
	interfaces func() ([]netip.Addr, error)
	dial       func(ctx context.Context, d *net.Dialer, network, address string) (net.Conn, error)
}

// NewGuard returns a guard. It fails if AllowHosts holds what is not the name of
// a host, or a name that stays closed.
func NewGuard(c GuardConfig) (*Guard, error) {
	g := &Guard{
		hosts:      make(map[string]bool),
		dev:        c.Dev,
		lookup:     net.DefaultResolver.LookupNetIP,
		interfaces: interfaceAddrs,
		dial: func(ctx context.Context, d *net.Dialer, network, address string) (net.Conn, error) {
			return d.DialContext(ctx, network, address)
		},
	}
	for _, network := range c.AllowNetworks {
		if !network.IsValid() || network.Addr().Is4In6() {
			return nil, fmt.Errorf("callbacks.allow_networks: %s is not a network", network)
		}
		g.networks = append(g.networks, network.Masked())
	}
	for _, host := range c.AllowHosts {
		t, err := parseHost(host)
		switch {
		case err != nil:
			return nil, fmt.Errorf("callbacks.allow_hosts: %q is not a host name", host)
		case t.addr.IsValid():
			return nil, fmt.Errorf("callbacks.allow_hosts: %q is an address; list it in callbacks.allow_networks", host)
		case closedNames[t.name]:
			return nil, fmt.Errorf("callbacks.allow_hosts: %q leads to cloud metadata, which stays closed", host)
		}
		g.hosts[t.name] = true
	}
	return g, nil
}

// CheckURL reports whether callbacks may be sent to rawURL. Its error wraps
// live.ErrURLMalformed if the form of the URL is wrong, and live.ErrURLUnsafe if
// the host, or any one of its addresses, may not be called; mostly that is a
// *live.RefusedURL, which explains it. A host that does not resolve now is
// neither: it may later, and every dial checks again. If ctx ends, the error is
// that of ctx.
func (g *Guard) CheckURL(ctx context.Context, rawURL string) error {
	t, err := parseURL(rawURL)
	if err != nil {
		return err
	}
	_, err = g.resolve(ctx, t)
	var unresolved *unresolvedError
	if ctx.Err() == nil && errors.As(err, &unresolved) {
		return nil
	}
	return err
}

// DialContext connects to address, a host and port, if the host and all its
// addresses may be called. It resolves the host itself and dials what it checked.
// Its errors wrap live.ErrURLUnsafe if not.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	t, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	addrs, err := g.resolve(ctx, t)
	if err != nil {
		return nil, err
	}
	return g.dialFirst(ctx, network, t, addrs)
}

// dialFirst connects to the first of addrs that answers.
func (g *Guard) dialFirst(ctx context.Context, network string, t target, addrs []netip.Addr) (net.Conn, error) {
	dialer := &net.Dialer{ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		dialled, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		return g.checkAddr(t, dialled.Addr())
	}}
	var errs []error
	for i, addr := range addrs {
		dialer.Timeout = patience
		if i == len(addrs)-1 {
			dialer.Timeout = dialTimeout
		}
		conn, err := g.dial(ctx, dialer, network, netip.AddrPortFrom(addr, t.port).String())
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(errs...)
}

// maxAddrs bounds how many addresses of a host are considered. Receivers have
// a handful; a host with more is refused rather than checked in part.
const maxAddrs = 64

// An unresolvedError says that a host has no address, or none for now.
type unresolvedError struct {
	host string
	err  error
}

func (e *unresolvedError) Error() string { return fmt.Sprintf("resolve %s: %v", e.host, e.err) }
func (e *unresolvedError) Unwrap() error { return e.err }

// resolve returns the addresses of a target, all of which may be called.
func (g *Guard) resolve(ctx context.Context, t target) ([]netip.Addr, error) {
	if closedNames[t.name] {
		return nil, &live.RefusedURL{Host: t.name, What: "a name of cloud metadata"}
	}
	addrs, err := g.addrs(ctx, t)
	if err != nil {
		return nil, &unresolvedError{t.name, err}
	}
	if len(addrs) > maxAddrs {
		return nil, fmt.Errorf("%w: %s has %d addresses, at most %d are allowed", live.ErrURLUnsafe, t.name, len(addrs), maxAddrs)
	}
	for _, addr := range addrs {
		if err := g.checkAddr(t, addr); err != nil {
			return nil, err
		}
	}
	return addrs, nil
}

// addrs asks the resolver, unless the target is an address or a name of this
// machine.
func (g *Guard) addrs(ctx context.Context, t target) ([]netip.Addr, error) {
	if t.addr.IsValid() {
		return []netip.Addr{t.addr}, nil
	}
	if t.name == "localhost" || strings.HasSuffix(t.name, ".localhost") { // RFC 6761, section 6.3
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addrs, err := g.lookup(ctx, "ip", t.name)
	if err != nil {
		return nil, err
	}
	if len(addrs) == 0 {
		return nil, errors.New("no address")
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap() // resolvers write IPv4 addresses either way
	}
	return addrs, nil
}

// checkAddr reports whether addr may be called as an address of t. What refuses it
// is a *live.RefusedURL.
func (g *Guard) checkAddr(t target, addr netip.Addr) error {
	refused := &live.RefusedURL{Host: t.name, Addr: addr}
	addr = addr.WithZone("") // no network contains an address with a zone
	if refused.What = closedAs(addr); refused.What != "" {
		return refused
	}
	own, err := g.isOwn(netip.AddrPortFrom(addr, t.port))
	if err != nil {
		return err
	}
	if own {
		refused.What = fmt.Sprintf("port %d of this server itself; give the URL of your own server", t.port)
		return refused
	}
	local := addr.IsLoopback() || addr.IsPrivate()
	if g.allows(addr) || g.hosts[t.name] || g.dev && local {
		return nil
	}
	if refused.What = refusedAs(addr); refused.What == "" {
		return nil
	}
	refused.Settings = []string{"callbacks.allow_networks"}
	if t.name != "" {
		refused.Settings = append(refused.Settings, "callbacks.allow_hosts")
	}
	if local {
		refused.Settings = append(refused.Settings, "--dev")
	}
	return refused
}

// allows reports whether the operator opened a network of addr.
func (g *Guard) allows(addr netip.Addr) bool {
	return slices.ContainsFunc(g.networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}
