package callback

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tallylight/internal/live"
)

// names is a resolver's view of the world.
type names map[string][]string

func (n names) lookup(_ context.Context, _, host string) ([]netip.Addr, error) {
	texts, ok := n[host]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	addrs := make([]netip.Addr, len(texts))
	for i, text := range texts {
		addrs[i] = netip.MustParseAddr(text)
	}
	return addrs, nil
}

// world has hosts of every kind.
var world = names{
	"public.example":        {"93.184.216.34"},
	"public6.example":       {"2606:2800:220:1::1", "93.184.216.34"},
	"mapped.example":        {"::ffff:93.184.216.34"},
	"xn--bcher-kva.example": {"93.184.216.34"},
	"my_service":            {"93.184.216.34"},
	"private.example":       {"10.1.2.3"},
	"private6.example":      {"fd12:3456::1"},
	"loopback.example":      {"127.0.0.1"},
	"mapped-loop.example":   {"::ffff:127.0.0.1"},
	"loopback6.example":     {"::1"},
	"shared.example":        {"100.64.0.1"},
	"linklocal.example":     {"169.254.7.7"},
	"zone.example":          {"fe80::1%eth0"},
	"zone-ula.example":      {"fd12::1%eth0"},
	"imds.example":          {"169.254.169.254"},
	"imds6.example":         {"fd00:ec2::254"},
	"mixed.example":         {"93.184.216.34", "10.0.0.1"},
	"mixed-last.example":    {"93.184.216.34", "2606:2800:220:1::1", "::1"},
	"mixed-imds.example":    {"93.184.216.34", "169.254.169.254"},
	"zero.example":          {"0.0.0.0"},
	"nat64.example":         {"64:ff9b::7f00:1"},
	"nothing.example":       {},
	"crowd.example":         crowd(),
}

func crowd() []string {
	addrs := make([]string, maxAddrs+1)
	for i := range addrs {
		addrs[i] = "93.184.216.34"
	}
	return addrs
}

func testGuard(t *testing.T, c GuardConfig) *Guard {
	t.Helper()
	g, err := NewGuard(c)
	if err != nil {
		t.Fatal(err)
	}
	g.lookup = world.lookup
	g.dial = func(_ context.Context, _ *net.Dialer, _, address string) (net.Conn, error) {
		t.Errorf("dialled %s", address)
		return nil, errors.New("dialled in a test")
	}
	return g
}

// malformed and unsafe are URLs that are refused when nothing is allowed.
var malformed = []string{
	// no absolute http or https URL
	"", "public.example", "/hook", "//public.example/hook", "http:public.example", "http:/public.example", "http:///hook",
	"https://", "http://?x", "http://:80/", "ftp://public.example/", "file:///etc/passwd", "gopher://public.example/", "data:text/plain,x",
	"javascript:alert(1)", "unix:///run/x.sock", "ws://public.example/", "httpx://public.example/", "http+unix://%2frun%2fx/", "1http://public.example/",
	// user names, fragments, blanks and control characters
	"http://user@public.example/", "http://user:pass@public.example/", "http://@public.example/", "http://:@public.example/",
	"http://public.example@127.0.0.1/", "http://public.example%40127.0.0.1/", "http://public.example:80@127.0.0.1/", "http://127.0.0.1\\@public.example/",
	"http://public.example\\@127.0.0.1/", "http:\\\\127.0.0.1\\", "http://public.example/#", "http://public.example/#fragment", "http://public.example#@127.0.0.1/",
	" http://public.example/", "http://public.example/ ", "http://public.example/a b", "http://public.example/\t", "http://public.example/\r\nHost: x",
	"http://public.example/\x00", "http://public.example/\x7f", "http://public\u00a0.example/", "http://public.example/\u2028", "http://public.example/\u202e",
	"http://127.0.0.1\u00ad/", "http://public.example/\xff", "\ufeffhttp://public.example/", "http://public.\u200bexample/",
	// ports
	"http://public.example:0/", "http://public.example:65536/", "http://public.example:-1/", "http://public.example:+80/", "http://public.example:/",
	"http://public.example:080/", "http://public.example:8o/", "http://public.example:80:80/", "http://public.example: 80/", "http://public.example:99999999999999999999/",
	"http://[2606:2800:220:1::1]:0/", "http://[2606:2800:220:1::1]:x/", "http://[2606:2800:220:1::1]x/",
	// hosts that are no names
	"http://./", "http://../", "http://.public.example/", "http://public..example/", "http://pub!ic.example/", "http://pub*ic.example/", "http://*/",
	"http://public.example%00/", "http://public.example%2e/", "http://%31%32%37.0.0.1/", "http://[public.example]/", "http://[]/", "http://[::1/", "http://::1/", "http://::1]/",
	"http://2606:2800:220:1::1/", "http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[v1.fe80]/", "http://[1.2.3.4]x/", "http://[::1::]/", "http://[127.0.0.1]/",
	"http://" + strings.Repeat("a", 64) + ".example/", "http://" + strings.Repeat("a.", 127) + "example/", "http://xn--\u0430.example/",
	"http://public.example/" + strings.Repeat("a", maxURLLength),
	// numbers that some resolvers take for an address
	"http://2130706433/", "http://017700000001/", "http://0x7f000001/", "http://0X7F000001/", "http://127.1/", "http://127.0.1/", "http://0x7f.1/", "http://0x7f.0.0.0x1/",
	"http://0177.0.0.1/", "http://00000177.0.0.1/", "http://127.0.0.01/", "http://127.0.0.1.1/", "http://127.0.0.256/", "http://256.256.256.256/", "http://0/", "http://0x/",
	"http://1/", "http://10.1/", "http://192.168.1/", "http://3232235521/", "http://2852039166/", "http://0xa9fea9fe/", "http://169.254.43518/", "http://169.16689662/",
	"http://0251.0376.0251.0376/", "http://0xa9.0xfe.0xa9.0xfe/", "http://4294967296/", "http://99999999999999999999999/", "http://127.1./", "http://public.example.1/",
	"http://public.0x1/", "http://\uff11\uff12\uff17.1/", "http://\u2460\u2461\u2466.1/",
}

var unsafe = []string{
	// loopback
	"http://127.0.0.1/", "HTTP://127.0.0.1/", "https://127.0.0.1:8443/x?y=z", "http://127.0.0.2/", "http://127.255.255.254/", "http://127.0.0.1./", "http://[::1]/", "http://[0:0:0:0:0:0:0:1]:80/",
	"http://[0000::0001]/", "http://localhost/", "http://LOCALHOST:8080/", "http://localhost./", "http://app.localhost/", "http://loopback.example/", "http://loopback6.example/",
	"http://mapped-loop.example/", "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11/", "http://127\u3002\uff10\u3002\uff10\u30021/", "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/", "http://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54/",
	// this machine, multicast, broadcast, reserved
	"http://0.0.0.0/", "http://0.1.2.3/", "http://[::]/", "http://[0::0]/", "http://zero.example/", "http://224.0.0.1/", "http://239.255.255.250/", "http://255.255.255.255/",
	"http://240.0.0.1/", "http://254.1.2.3/", "http://[ff02::1]/", "http://[ff0e::1]/",
	// private and shared
	"http://10.0.0.1/", "http://10.255.255.255/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.0.1/", "http://192.168.255.255:8080/", "http://100.64.0.1/",
	"http://100.127.255.255/", "http://[fc00::1]/", "http://[fd12:3456::1]/", "http://private.example/", "http://PRIVATE.example./", "http://private6.example/", "http://shared.example/",
	"http://zone-ula.example/",
	// link-local and cloud metadata
	"http://169.254.0.1/", "http://169.254.169.254/latest/meta-data/", "http://169.254.170.2/v2/credentials", "http://169.254.169.123/", "http://[fe80::1]/", "http://[febf::1]/", "http://linklocal.example/",
	"http://zone.example/", "http://imds.example/", "http://imds6.example/", "http://[fd00:ec2::254]/", "http://[fd00:ec2::23]/", "http://[fd20:ce::254]/", "http://100.100.100.200/", "http://168.63.129.16/",
	"http://192.0.0.192/", "http://metadata/", "http://metadata.google.internal/computeMetadata/v1/", "http://METADATA.google.internal./", "http://metadata.goog/", "http://instance-data/",
	"http://instance-data.ec2.internal/", "http://metadata.tencentyun.com/", "http://metadata.azure.internal/", "http://metadata.packet.net/", "http://metadata.platformequinix.com/",
	"http://rancher-metadata/", "http://rancher-metadata.rancher.internal/", "http://100.96.0.96/", "http://100.80.80.80/", "http://[fd00:c1::a9fe:a9fe]/", "http://[fd00:100::100:200]/", "http://[fd00:42::42]/",
	"http://[fd00:a9fe:a9fe::1]/", "http://169.254.0.23/", "http://169.254.42.42/", "http://[fe80::a9fe:a9fe]/",
	// special purpose
	"http://192.0.0.1/", "http://192.0.2.1/", "http://198.51.100.1/", "http://203.0.113.1/", "http://198.18.0.1/", "http://198.19.255.255/", "http://192.88.99.1/", "http://192.31.196.1/", "http://192.52.193.1/",
	"http://192.175.48.1/", "http://[2001:db8::1]/", "http://[3fff::1]/", "http://[2001:2::1]/", "http://[2001:10::1]/", "http://[2001:20::1]/", "http://[100::1]/", "http://[5f00::1]/", "http://[3ffe::1]/",
	"http://[2620:4f:8000::1]/", "http://[fec0::1]/", "http://[4000::1]/", "http://[e000::1]/", "http://[1::1]/",
	// IPv6 that carries IPv4
	"http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::ffff:10.0.0.1]/", "http://[::ffff:169.254.169.254]/", "http://[::ffff:93.184.216.34]/", "http://[::127.0.0.1]/", "http://[::93.184.216.34]/",
	"http://[::ffff:0:127.0.0.1]/", "http://[64:ff9b::127.0.0.1]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[64:ff9b::5db8:d822]/", "http://[64:ff9b:1::10.0.0.1]/", "http://[64:ff9b:1:7f00:0:100::]/", "http://[64:ff9b:1:7f:0:1::]/", "http://[64:ff9b:1:0:7f:0:100:0]/", "http://nat64.example/",
	"http://[2002:7f00:1::]/", "http://[2002:a9fe:a9fe::1]/", "http://[2002:c0a8:101::1]/", "http://[2002:5db8:d822::1]/", "http://[2001:0:7f00:1::]/", "http://[2001:0:5db8:d822:0:0:5601:5601]/",
	"http://[2606:2800:220:1:0:5efe:7f00:1]/", "http://[2606:2800:220:1:200:5efe:a9fe:a9fe]/",
	// several addresses, of which one is enough
	"http://mixed.example/", "http://mixed-last.example/", "http://mixed-imds.example/", "http://crowd.example/",
}

func TestHostileURLsAreRefused(t *testing.T) {
	t.Parallel()
	if n := len(malformed) + len(unsafe); n < 150 {
		t.Errorf("the table has %d URLs, want 150 at least", n)
	}
	g := testGuard(t, GuardConfig{})
	for _, u := range malformed {
		if err := g.CheckURL(t.Context(), u); !errors.Is(err, live.ErrURLMalformed) || errors.Is(err, live.ErrURLUnsafe) {
			t.Errorf("CheckURL(%.80q) = %v, want malformed", u, err)
		}
	}
	for _, u := range unsafe {
		if err := g.CheckURL(t.Context(), u); !errors.Is(err, live.ErrURLUnsafe) || errors.Is(err, live.ErrURLMalformed) {
			t.Errorf("CheckURL(%.80q) = %v, want unsafe", u, err)
		}
	}
}

// TestHostileURLsLeadNowhere posts to each through an HTTP client, as if the check
// at configuration had not been: only public addresses are dialled, those of URLs
// that are refused for their form alone.
func TestHostileURLsLeadNowhere(t *testing.T) {
	t.Parallel()
	g := testGuard(t, GuardConfig{})
	var hostile string
	g.dial = func(_ context.Context, _ *net.Dialer, _, address string) (net.Conn, error) {
		if !strings.HasPrefix(address, "93.184.216.34:") && !strings.HasPrefix(address, "[2606:2800:220:1::1]:") {
			t.Errorf("%.80q is dialled as %s", hostile, address)
		}
		return nil, errors.New("no route")
	}
	transport := newTransport(g, 1)
	for _, hostile = range slices.Concat(malformed, unsafe) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, hostile, nil)
		if err != nil {
			continue
		}
		if response, err := transport.RoundTrip(r); err == nil {
			response.Body.Close()
			t.Errorf("%.80q is answered", hostile)
		}
	}
}

func TestUsualURLsPass(t *testing.T) {
	t.Parallel()
	g := testGuard(t, GuardConfig{})
	for _, u := range []string{
		"http://public.example", "https://public.example/", "HTTPS://Public.Example:8443/Hook?a=b&c=%20d", "http://public.example./", "http://public6.example/",
		"http://mapped.example/", "http://93.184.216.34/", "http://93.184.216.34:65535/", "http://[2606:2800:220:1::1]:8080/", "http://b\u00fccher.example/\u76f4\u64ad", "http://my_service:9000/",
		"http://public.example/?x=http://127.0.0.1/", "http://public.example/a@b:c", "http://unknown.example/", "http://nothing.example/",
		"http://public.example/" + strings.Repeat("a", maxURLLength-len("http://public.example/")),
	} {
		if err := g.CheckURL(t.Context(), u); err != nil {
			t.Errorf("CheckURL(%.80q) = %v, want nil", u, err)
		}
	}
}

func TestAllowListsOpenExactlyWhatTheySay(t *testing.T) {
	t.Parallel()
	networks := GuardConfig{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd12::/16"), netip.MustParsePrefix("64:ff9b::/96")}}
	everything := GuardConfig{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}, Dev: true,
		AllowHosts: []string{"imds.example", "imds6.example", "linklocal.example", "zone.example", "mixed-imds.example", "zero.example"}}
	hosts := GuardConfig{AllowHosts: []string{"Private.Example.", "mixed.example", "imds.example"}}
	for _, tt := range []struct {
		name   string
		config GuardConfig
		open   string
		closed string
	}{
		{"a network", networks,
			"http://10.1.0.1/ http://10.1.255.255/ http://private.example/ http://[fd12:3456::1]/ http://private6.example/ http://zone-ula.example/ http://[64:ff9b::10.0.0.1]/ http://nat64.example/",
			"http://10.0.255.255/ http://10.2.0.1/ http://127.0.0.1/ http://localhost/ http://192.168.0.1/ http://[fd13::1]/ http://mixed.example/ http://[64:ff9b::169.254.169.254]/ http://[::ffff:10.1.0.1]/ http://[2002:a01:1::]/"},
		{"a host", hosts,
			"http://private.example/ http://PRIVATE.example:9/ http://mixed.example/",
			"http://10.1.2.3/ http://sub.private.example/x http://private6.example/ http://imds.example/ http://loopback.example/"},
		{"development mode", GuardConfig{Dev: true},
			"http://127.0.0.1:3000/ http://localhost:3000/ http://app.localhost/ http://[::1]/ http://10.0.0.1/ http://192.168.1.1/ http://172.16.0.1/ http://[fc00::1]/ http://private.example/ http://mixed.example/ http://mixed-last.example/",
			"http://100.64.0.1/ http://169.254.169.254/ http://[fe80::1]/ http://[fd00:ec2::254]/ http://100.100.100.200/ http://0.0.0.0/ http://metadata.google.internal/ http://198.18.0.1/ http://[64:ff9b::127.0.0.1]/ http://mixed-imds.example/ http://shared.example/"},
		{"everything at once", everything,
			"http://127.0.0.1/ http://10.0.0.1/ http://100.64.0.1/ http://198.18.0.1/ http://203.0.113.1/ http://240.0.0.1/ http://[2001:db8::1]/ http://[::ffff:10.0.0.1]/ http://[64:ff9b:1::10.0.0.1]/ http://[64:ff9b:1:a00:0:100::]/",
			"http://169.254.169.254/ http://imds.example/ http://imds6.example/ http://linklocal.example/ http://zone.example/ http://mixed-imds.example/ http://zero.example/ http://[::ffff:169.254.169.254]/ http://[::169.254.169.254]/ " +
				"http://[64:ff9b::a9fe:a9fe]/ http://[64:ff9b:1::a9fe:a9fe]/ http://[64:ff9b:1:a9fe:a9:fe00::]/ http://[64:ff9b:1:a9:fe:a9fe::]/ http://[64:ff9b:1:0:a9:fea9:fe00:0]/ http://[2002:a9fe:a9fe::1]/ http://[2001:0:a9fe:a9fe::]/ http://[2001:0:1:1:0:0:5601:5601]/ http://[2606:2800:220:1:0:5efe:a9fe:a9fe]/ http://[::]/ http://[ff02::1]/ " +
				"http://224.0.0.1/ http://255.255.255.255/ http://168.63.129.16/ http://192.0.0.192/ http://metadata/ http://metadata.goog/ http://[fe80::1]/ http://[fd00:ec2::254]/ http://[fd20:ce::254]/ " +
				"http://100.100.100.200/ http://100.96.0.96/ http://100.80.80.80/ http://[fd00:c1::a9fe:a9fe]/ http://[fd00:100::100:200]/ http://[fd00:42::42]/ http://[fd00:a9fe:a9fe::1]/ http://rancher-metadata/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := testGuard(t, tt.config)
			for u := range strings.FieldsSeq(tt.open) {
				if err := g.CheckURL(t.Context(), u); err != nil {
					t.Errorf("CheckURL(%q) = %v, want nil", u, err)
				}
			}
			for u := range strings.FieldsSeq(tt.closed) {
				if err := g.CheckURL(t.Context(), u); !errors.Is(err, live.ErrURLUnsafe) && !strings.HasPrefix(u, "http://sub.") {
					t.Errorf("CheckURL(%q) = %v, want unsafe", u, err)
				}
			}
		})
	}
}

func TestRefusalsSayWhyAndWhatHelps(t *testing.T) {
	t.Parallel()
	g := testGuard(t, GuardConfig{})
	for u, want := range map[string]string{
		"http://private.example/x?token=1": "callback URL leads to a refused address: private.example resolves to 10.1.2.3 (private); callbacks.allow_networks or callbacks.allow_hosts or --dev opens it",
		"http://127.0.0.1/":                "callback URL leads to a refused address: 127.0.0.1 (loopback); callbacks.allow_networks or --dev opens it",
		"http://198.18.0.1/":               "callback URL leads to a refused address: 198.18.0.1 (in no public network); callbacks.allow_networks opens it",
		"http://[2002:5db8:d822::1]/":      "callback URL leads to a refused address: 2002:5db8:d822::1 (carrying the IPv4 address 93.184.216.34); callbacks.allow_networks opens it",
		"http://imds.example/":             "callback URL leads to a refused address: imds.example resolves to 169.254.169.254 (link-local, where clouds keep metadata), which stays closed in every mode",
		"http://[64:ff9b::a9fe:a9fe]/":     "callback URL leads to a refused address: 64:ff9b::a9fe:a9fe (carrying 169.254.169.254, link-local, where clouds keep metadata), which stays closed in every mode",
		"http://user:pw@public.example/":   "callback URL is malformed: it has a user name or password",
		"http://127.1/":                    `callback URL is malformed: its host "127.1" ends in a number but is not an address of four decimal numbers`,
	} {
		if err := g.CheckURL(t.Context(), u); err == nil || err.Error() != want {
			t.Errorf("CheckURL(%q) = %v\nwant %s", u, err, want)
		}
	}
}

func TestNewGuardRefusesAllowListsThatMeanNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []GuardConfig{
		{AllowHosts: []string{"http://hooks.example.com/"}}, {AllowHosts: []string{"hooks.example.com:80"}}, {AllowHosts: []string{"*.example.com"}},
		{AllowHosts: []string{""}}, {AllowHosts: []string{"10.0.0.1"}}, {AllowHosts: []string{"127.1"}}, {AllowHosts: []string{"metadata.google.internal"}},
		{AllowNetworks: []netip.Prefix{{}}}, {AllowNetworks: []netip.Prefix{netip.PrefixFrom(netip.MustParseAddr("::ffff:10.0.0.1"), 104)}},
	} {
		if _, err := NewGuard(c); err == nil || !strings.HasPrefix(err.Error(), "callbacks.allow_") {
			t.Errorf("NewGuard(%+v) = %v, want an error that names the setting", c, err)
		}
	}
}

func TestCheckURLTellsWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	g := testGuard(t, GuardConfig{})
	ctx, cancel := context.WithCancel(t.Context())
	g.lookup = func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if err := g.CheckURL(ctx, "http://slow.example/"); !errors.Is(err, context.Canceled) {
		t.Errorf("CheckURL = %v, want the context's error", err)
	}
}

func TestAHangingResolverCostsFiveSecondsAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := testGuard(t, GuardConfig{})
		g.lookup = func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		if err := g.CheckURL(t.Context(), "http://slow.example/"); err != nil {
			t.Errorf("CheckURL = %v, want nil for a host that does not resolve", err)
		}
	})
}

func TestANameThatChangesBetweenCheckAndDialIsNotDialled(t *testing.T) {
	t.Parallel()
	g := testGuard(t, GuardConfig{})
	var mu sync.Mutex
	answers := [][]string{{"93.184.216.34"}, {"127.0.0.1"}}
	g.lookup = func(ctx context.Context, network, host string) ([]netip.Addr, error) {
		mu.Lock()
		defer mu.Unlock()
		now := names{host: answers[0]}
		answers = answers[1:]
		return now.lookup(ctx, network, host)
	}
	if err := g.CheckURL(t.Context(), "http://rebind.example/"); err != nil {
		t.Fatalf("CheckURL = %v", err)
	}
	if _, err := g.DialContext(t.Context(), "tcp", "rebind.example:80"); !errors.Is(err, live.ErrURLUnsafe) {
		t.Errorf("DialContext = %v, want unsafe", err)
	}
}

func TestTheCheckedAddressIsTheOneDialled(t *testing.T) {
	t.Parallel()
	g := testGuard(t, GuardConfig{})
	var dialled []string
	client, server := net.Pipe()
	defer server.Close()
	g.dial = func(_ context.Context, d *net.Dialer, network, address string) (net.Conn, error) {
		dialled = append(dialled, address)
		if err := d.ControlContext(t.Context(), network, address, nil); err != nil {
			t.Errorf("control refuses %s: %v", address, err)
		}
		if err := d.ControlContext(t.Context(), network, "127.0.0.1:80", nil); !errors.Is(err, live.ErrURLUnsafe) {
			t.Errorf("control lets 127.0.0.1 pass: %v", err)
		}
		if len(dialled) == 1 {
			return nil, errors.New("no route")
		}
		return client, nil
	}
	conn, err := g.DialContext(t.Context(), "tcp", "public6.example:8080")
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if got := strings.Join(dialled, " "); got != "[2606:2800:220:1::1]:8080 93.184.216.34:8080" {
		t.Errorf("dialled %s", got)
	}
}

func TestAnAddressThatHangsLeavesTimeForTheNext(t *testing.T) {
	t.Parallel()
	g := testGuard(t, GuardConfig{})
	var waits []time.Duration
	g.dial = func(_ context.Context, d *net.Dialer, _, _ string) (net.Conn, error) {
		waits = append(waits, d.Timeout)
		return nil, errors.New("timeout")
	}
	if _, err := g.DialContext(t.Context(), "tcp", "public6.example:80"); err == nil {
		t.Fatal("connected")
	}
	if len(waits) != 2 || waits[0] > burstTimeout/2 || waits[1] < burstTimeout {
		t.Errorf("waits for the addresses = %v, want a short one, then all the time that is left", waits)
	}
}

func TestDialReachesARealServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	address := server.Listener.Addr().String()
	for _, tt := range []struct {
		name   string
		config GuardConfig
		open   bool
	}{
		{"not by default", GuardConfig{}, false},
		{"in development mode", GuardConfig{Dev: true}, true},
		{"through an allowed network", GuardConfig{AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, err := NewGuard(tt.config)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := g.DialContext(t.Context(), "tcp", address)
			if err == nil {
				conn.Close()
			}
			if (err == nil) != tt.open || err != nil && !errors.Is(err, live.ErrURLUnsafe) {
				t.Errorf("DialContext = %v, want open %t", err, tt.open)
			}
		})
	}
}

func TestTheEnvironmentsProxyIsIgnored(t *testing.T) {
	// Not parallel: it sets the environment.
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") }))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	g := testGuard(t, GuardConfig{})
	g.dial = func(_ context.Context, _ *net.Dialer, _, address string) (net.Conn, error) {
		if address != "93.184.216.34:80" {
			t.Errorf("dialled %s", address)
		}
		return nil, errors.New("no route")
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://public.example/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := newTransport(g, 1).RoundTrip(r); err == nil {
		response.Body.Close()
		t.Error("the request was answered")
	}
}

func FuzzParseURL(f *testing.F) {
	for _, seeds := range [][]string{malformed, unsafe, {"https://Public.Example:8443/Hook?a=b", "http://b\u00fccher.example/"}} {
		for _, seed := range seeds {
			f.Add(seed)
		}
	}
	f.Fuzz(func(t *testing.T, rawURL string) {
		want, err := parseURL(rawURL)
		if err != nil {
			if !errors.Is(err, live.ErrURLMalformed) {
				t.Errorf("parseURL(%q) = %v, want malformed", rawURL, err)
			}
			return
		}
		// What passes is dialled by net/http as the very target that was checked.
		r, err := http.NewRequest(http.MethodPost, rawURL, nil)
		if err != nil {
			t.Fatalf("%q passes but is no request: %v", rawURL, err)
		}
		var dialled string
		transport := &http.Transport{DialContext: func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = address
			return nil, errors.New("no network")
		}, DialTLSContext: func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = address
			return nil, errors.New("no network")
		}}
		transport.RoundTrip(r)
		if got, err := parseAddress(dialled); err != nil || got != want {
			t.Errorf("%q was checked as %+v, dialled as %+v, %v", rawURL, want, got, err)
		}
	})
}
