package callback

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"code.dny.dev/ssrf"
)

// A closedNetwork is refused whatever the operator allows.
type closedNetwork struct {
	netip.Prefix
	what string
}

// closedNetworks are the addresses at which clouds hand out credentials, and
// those that are no address of a single host elsewhere.
var closedNetworks = []closedNetwork{
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local, where clouds keep metadata"},
	{netip.MustParsePrefix("100.100.100.200/32"), "metadata of Alibaba Cloud"},
	{netip.MustParsePrefix("100.96.0.96/32"), "metadata of Volcano Engine"},
	{netip.MustParsePrefix("100.80.80.80/32"), "metadata of UCloud"},
	{netip.MustParsePrefix("168.63.129.16/32"), "the platform address of Azure"},
	{netip.MustParsePrefix("192.0.0.192/32"), "metadata of Oracle Cloud"},
	{netip.MustParsePrefix("0.0.0.0/8"), "this machine"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("255.255.255.255/32"), "broadcast"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fd00:ec2::/32"), "metadata of AWS"},
	{netip.MustParsePrefix("fd20:ce::/32"), "metadata of Google Cloud"},
	{netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"), "metadata of Oracle Cloud"},
	{netip.MustParsePrefix("fd00:100::100:200/128"), "metadata of Alibaba Cloud"},
	{netip.MustParsePrefix("fd00:42::42/128"), "metadata of Scaleway"},
	{netip.MustParsePrefix("fd00:a9fe:a9fe::1/128"), "metadata of Akamai"},
	{netip.MustParsePrefix("::/128"), "this machine"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

// closedNames are names of such addresses, refused without asking a resolver.
var closedNames = map[string]bool{
	"instance-data":                     true,
	"instance-data.ec2.internal":        true,
	"metadata":                          true,
	"metadata.azure.internal":           true,
	"metadata.goog":                     true,
	"metadata.google.internal":          true,
	"metadata.packet.net":               true,
	"metadata.platformequinix.com":      true,
	"metadata.tencentyun.com":           true,
	"rancher-metadata":                  true,
	"rancher-metadata.rancher.internal": true,
}

// public passes what the special-purpose registries of IANA leave: global
// unicast addresses, at any port.
var public = ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV6Prefixes(
	netip.MustParsePrefix("3ffe::/16"), // the former 6bone, given back
))

// embeddings are IPv6 networks whose addresses carry an IPv4 address, at which
// packets may end up, and where in the sixteen bytes it stands.
var embeddings = []struct {
	netip.Prefix
	at int
}{
	{netip.MustParsePrefix("::/96"), 12},           // compatible, RFC 4291
	{netip.MustParsePrefix("::ffff:0:0:0/96"), 12}, // translated, RFC 2765
	{netip.MustParsePrefix("64:ff9b::/96"), 12},    // NAT64, RFC 6052
	{netip.MustParsePrefix("2002::/16"), 2},        // 6to4, RFC 3056
	{teredo, 4},                                    // the server; the client follows inverted
}

var (
	teredo     = netip.MustParsePrefix("2001::/32")      // RFC 4380
	localNAT64 = netip.MustParsePrefix("64:ff9b:1::/48") // RFC 8215
	thisHost   = netip.MustParsePrefix("0.0.0.0/8")
)

// localNAT64Forms say which bytes of an address of a local NAT64 are the IPv4
// address, for each length of the prefix that RFC 6052, section 2.2, has room
// for: 48, 56, 64 and 96 bits. Which of them is in use cannot be seen.
var localNAT64Forms = [][4]int{{6, 7, 9, 10}, {7, 9, 10, 11}, {9, 10, 11, 12}, {12, 13, 14, 15}}

// embeddedAddrs returns the IPv4 addresses that an IPv6 address carries.
func embeddedAddrs(addr netip.Addr) []netip.Addr {
	switch {
	case addr.Is4(), addr == netip.IPv6Loopback(), addr == netip.IPv6Unspecified():
		return nil
	case addr.Is4In6():
		return []netip.Addr{addr.Unmap()}
	}
	var found []netip.Addr
	b := addr.As16()
	last := [4]byte(b[12:])
	for _, e := range embeddings {
		if e.Contains(addr) {
			found = append(found, netip.AddrFrom4([4]byte(b[e.at:e.at+4])))
		}
	}
	if localNAT64.Contains(addr) {
		for _, f := range localNAT64Forms {
			// Of one that does not belong to the form only zeros are left.
			if ip := netip.AddrFrom4([4]byte{b[f[0]], b[f[1]], b[f[2]], b[f[3]]}); !thisHost.Contains(ip) {
				found = append(found, ip)
			}
		}
	}
	if teredo.Contains(addr) {
		found = append(found, netip.AddrFrom4([4]byte{^last[0], ^last[1], ^last[2], ^last[3]}))
	}
	if id := binary.BigEndian.Uint32(b[8:12]); id&^0x0200_0000 == 0x5efe { // ISATAP, RFC 5214
		found = append(found, netip.AddrFrom4(last))
	}
	return found
}

// closedAs says what a closed address is, or "" of an address that is not. One
// that carries a closed address is closed as well.
func closedAs(addr netip.Addr) string {
	for _, network := range closedNetworks {
		if network.Contains(addr) {
			return network.what
		}
	}
	for _, embedded := range embeddedAddrs(addr) {
		if what := closedAs(embedded); what != "" {
			return fmt.Sprintf("carrying %s, %s", embedded, what)
		}
	}
	return ""
}

// refusedAs says what an address is that may not be called unless the operator
// allows it, or "" of a public one.
func refusedAs(addr netip.Addr) string {
	if addr.IsLoopback() {
		return "loopback"
	}
	if addr.IsPrivate() {
		return "private"
	}
	if embedded := embeddedAddrs(addr); len(embedded) > 0 {
		return fmt.Sprintf("carrying the IPv4 address %s", embedded[0])
	}
	if public.SafeAddr(addr) != nil {
		return "in no public network"
	}
	return ""
}
