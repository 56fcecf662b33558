package callback

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"tallylight/internal/live"
)

// machine are the addresses of the interfaces in these tests.
func machine() ([]netip.Addr, error) {
	return []netip.Addr{
		netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1"), netip.MustParseAddr("10.0.0.7"),
		netip.MustParseAddr("93.184.216.34"), netip.MustParseAddr("2606:2800:220:1::1"),
	}, nil
}

// tcp returns the addresses of listeners.
func tcp(list ...string) []net.Addr {
	addrs := make([]net.Addr, len(list))
	for i, text := range list {
		addrs[i] = net.TCPAddrFromAddrPort(netip.MustParseAddrPort(text))
	}
	return addrs
}

func TestOwnListenersStayClosedWhateverIsAllowed(t *testing.T) {
	t.Parallel()
	everything := GuardConfig{
		AllowNetworks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")},
		AllowHosts:    []string{"public.example", "localhost", "mixed.example"},
		Dev:           true,
	}
	for _, tt := range []struct {
		name         string
		listeners    []net.Addr
		closed, open string
	}{
		{"at every address of both families", tcp("[::]:8080"),
			"http://127.0.0.1:8080/ http://127.9.9.9:8080/ http://localhost:8080/ http://app.localhost:8080/ https://[::1]:8080/ http://10.0.0.7:8080/ http://93.184.216.34:8080/ http://public.example:8080/ " +
				"http://[2606:2800:220:1::1]:8080/ http://public6.example:8080/ http://mapped.example:8080/ http://[::ffff:93.184.216.34]:8080/ http://[64:ff9b::5db8:d822]:8080/ http://[2002:5db8:d822::1]:8080/ http://nat64.example:8080/",
			"http://127.0.0.1:8081/ http://93.184.216.34/ http://public.example:80/ http://10.0.0.8:8080/ http://93.184.216.35:8080/ http://[2606:2800:220:1::2]:8080/"},
		{"at every address of IPv4", tcp("0.0.0.0:80"),
			"http://127.0.0.1/ http://public.example/ http://public.example:80/ HTTP://Public.Example./hook http://mixed.example/",
			"https://public.example/ http://public.example:8080/"},
		{"at the port that https implies", tcp("[::]:443"),
			"https://public.example/ https://93.184.216.34/ http://public.example:443/ https://[2606:2800:220:1::1]/",
			"http://public.example/ https://public.example:8443/"},
		{"at one address", tcp("127.0.0.1:8080", "[::ffff:10.0.0.7]:1935"),
			"http://127.0.0.1:8080/ http://localhost:8080/ http://loopback.example:8080/ http://mapped-loop.example:8080/ http://10.0.0.7:1935/",
			"http://127.0.0.2:8080/ http://10.0.0.7:8080/ http://public.example:8080/ http://127.0.0.1:1935/"},
		{"at none that is known yet", nil, "", "http://127.0.0.1:8080/ http://public.example/"},
		{"at a socket that has no address", []net.Addr{&net.UnixAddr{Name: "/run/x", Net: "unix"}}, "", "http://127.0.0.1:8080/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := testGuard(t, everything)
			g.interfaces = machine
			g.SetListeners(tt.listeners...)
			for u := range strings.FieldsSeq(tt.closed) {
				if err := g.CheckURL(t.Context(), u); !errors.Is(err, live.ErrURLUnsafe) || !strings.Contains(err.Error(), "this server itself") {
					t.Errorf("CheckURL(%q) = %v, want that it is this server itself", u, err)
				}
			}
			for u := range strings.FieldsSeq(tt.open) {
				if err := g.CheckURL(t.Context(), u); err != nil {
					t.Errorf("CheckURL(%q) = %v, want nil", u, err)
				}
			}
		})
	}
}

func TestAMachineThatDoesNotTellItsAddressesIsNotTrusted(t *testing.T) {
	t.Parallel()
	g := testGuard(t, GuardConfig{})
	broken := errors.New("no netlink")
	g.interfaces = func() ([]netip.Addr, error) { return nil, broken }
	g.SetListeners(tcp("[::]:80")...)
	if err := g.CheckURL(t.Context(), "http://public.example/"); !errors.Is(err, broken) {
		t.Errorf("CheckURL = %v, want the machine's error", err)
	}
	if err := g.CheckURL(t.Context(), "http://public.example:81/"); err != nil {
		t.Errorf("CheckURL at another port = %v, want nil", err)
	}
}

func TestTheServerDoesNotConnectToItself(t *testing.T) {
	t.Parallel()
	own, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	neighbour, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer neighbour.Close()
	g, err := NewGuard(GuardConfig{Dev: true, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}})
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(own.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	g.SetListeners(tcp("0.0.0.0:" + port)...)
	addrs, err := interfaceAddrs()
	if err != nil || len(addrs) == 0 {
		t.Fatalf("interfaceAddrs() = %v, %v", addrs, err)
	}
	for _, addr := range addrs {
		conn, err := g.DialContext(t.Context(), "tcp", net.JoinHostPort(addr.String(), port))
		if err == nil {
			conn.Close()
		}
		if !errors.Is(err, live.ErrURLUnsafe) {
			t.Errorf("DialContext(%s) = %v, want unsafe", addr, err)
		}
	}
	conn, err := g.DialContext(t.Context(), "tcp", neighbour.Addr().String())
	if err != nil {
		t.Fatalf("DialContext to a neighbour = %v", err)
	}
	conn.Close()
}
