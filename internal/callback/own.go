package callback

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// ownListeners are the addresses and ports at which this server takes
// connections.
type ownListeners struct {
	at  map[netip.AddrPort]bool
	any map[uint16]bool // ports at every address of this machine
}

// SetListeners closes the server's own listeners to callbacks, so that nobody has
// the server call itself: it would be trusted as a peer of this machine. The
// addresses are those of TCP listeners, others mean nothing. A listener of an
// unspecified address takes connections at every address of the machine, the
// public ones of its interfaces among them. An address that a router outside
// translates to this machine cannot be known.
func (g *Guard) SetListeners(addrs ...net.Addr) {
	own := &ownListeners{at: make(map[netip.AddrPort]bool), any: make(map[uint16]bool)}
	for _, a := range addrs {
		tcp, ok := a.(*net.TCPAddr)
		if !ok {
			continue
		}
		at := tcp.AddrPort()
		addr := at.Addr().Unmap().WithZone("")
		if !addr.IsValid() || addr.IsUnspecified() {
			own.any[at.Port()] = true
		} else {
			own.at[netip.AddrPortFrom(addr, at.Port())] = true
		}
	}
	g.own.Store(own)
}

// isOwn reports whether a connection to a port of an address ends at this server.
// An IPv6 address that carries one of this machine's does so, too.
func (g *Guard) isOwn(to netip.AddrPort) (bool, error) {
	own := g.own.Load()
	if own == nil {
		return false, nil
	}
	for _, addr := range append(embeddedAddrs(to.Addr()), to.Addr()) {
		if own.at[netip.AddrPortFrom(addr, to.Port())] {
			return true, nil
		}
		if !own.any[to.Port()] {
			continue
		}
		if mine, err := g.isOfThisMachine(addr); mine || err != nil {
			return mine, err
		}
	}
	return false, nil
}

// isOfThisMachine reports whether addr is loopback or of an interface. It asks
// each time: addresses come and go.
func (g *Guard) isOfThisMachine(addr netip.Addr) (bool, error) {
	if addr.IsLoopback() || addr.IsUnspecified() {
		return true, nil
	}
	addrs, err := g.interfaces()
	if err != nil {
		return false, fmt.Errorf("read the addresses of this machine: %w", err)
	}
	return slices.Contains(addrs, addr), nil
}

// interfaceAddrs returns the addresses of the network interfaces, without zones.
func interfaceAddrs() ([]netip.Addr, error) {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var addrs []netip.Addr
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(n.IP); ok {
				addrs = append(addrs, addr.Unmap())
			}
		}
	}
	return addrs, nil
}
