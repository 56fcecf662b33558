package wire

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"tallylight/internal/live"
)

var signedAt = time.Unix(1519375990, 0)

const testKey = "testkeyyourkey12"

// received returns h as a server reads it, with canonical names.
func received(h http.Header) http.Header {
	r := http.Header{}
	for name, values := range h {
		r[http.CanonicalHeaderKey(name)] = values
	}
	return r
}

func TestLiveSignatureMatchesTheVectors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ host, key, want string }{
		{"learn.aliyundoc.com", "yourkey", "9e226fc2c250be266e3657e156f68c12"},
		{"hooks.example.com", testKey, "e6ca617fc34db4c013a30148994fb671"},
		{"push.example.com", testKey, "b492b45467b7ee675a13a7732fa7dc25"},
		{"hooks.example.com:8443", testKey, "81ed82952139e75349629cebbd87ca99"},
	} {
		if got := LiveSignature(tt.host, "1519375990", tt.key); got != tt.want {
			t.Errorf("LiveSignature(%q) = %s, want %s", tt.host, got, tt.want)
		}
	}
}

func TestSignLiveCoversTheHostWithoutPort(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"hooks.example.com", "hooks.example.com:8443"} {
		h := http.Header{}
		SignLive(h, host, testKey, signedAt)
		if got := fmt.Sprint(h); got != "map[ALI-LIVE-SIGNATURE:[e6ca617fc34db4c013a30148994fb671] ALI-LIVE-TIMESTAMP:[1519375990]]" {
			t.Errorf("headers for %s = %s", host, got)
		}
	}
}

func TestHostnameHasNeitherPortNorBrackets(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"hooks.example.com": "hooks.example.com", "hooks.example.com:8443": "hooks.example.com",
		"127.0.0.1:80": "127.0.0.1", "[::1]:80": "::1", "[::1]": "::1", "": "",
	} {
		if got := Hostname(in); got != want {
			t.Errorf("Hostname(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestVerifyLive(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		change  func(http.Header)
		host    string
		key     string
		skew    time.Duration
		want    error
		mention string
	}{
		{name: "accepts what SignLive wrote"},
		{name: "accepts another port of the host", host: "hooks.example.com:9000"},
		{name: "accepts a timestamp 5 minutes old", skew: MaxSkew},
		{name: "accepts a timestamp 5 minutes ahead", skew: -MaxSkew},
		{name: "tells an unsigned request", change: func(h http.Header) { clear(h) }, want: ErrUnsigned},
		{name: "refuses an old timestamp", skew: MaxSkew + time.Second, want: ErrSignature, mention: "5m1s old"},
		{name: "refuses a timestamp ahead", skew: -MaxSkew - time.Second, want: ErrSignature, mention: "5m1s ahead"},
		{name: "refuses another host", host: "other.example.com", want: ErrSignature, mention: "other.example.com"},
		{name: "refuses another key", key: testKey + "3", want: ErrSignature, mention: "does not match"},
		{name: "refuses upper case", change: func(h http.Header) {
			h.Set(HeaderLiveSignature, strings.ToUpper(h.Get(HeaderLiveSignature)))
		}, want: ErrSignature, mention: "lower case"},
		{name: "refuses a missing signature", change: func(h http.Header) { h.Del(HeaderLiveSignature) }, want: ErrSignature},
		{name: "refuses a missing timestamp", change: func(h http.Header) { h.Del(HeaderLiveTimestamp) }, want: ErrSignature, mention: `""`},
		{name: "refuses a timestamp that is no number", change: func(h http.Header) {
			h.Set(HeaderLiveTimestamp, "2018-02-23T08:53:10Z")
		}, want: ErrSignature, mention: "2018"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			SignLive(h, "hooks.example.com:8443", testKey, signedAt)
			h = received(h)
			if tt.change != nil {
				tt.change(h)
			}
			host, key := "hooks.example.com:8443", testKey
			if tt.host != "" {
				host = tt.host
			}
			if tt.key != "" {
				key = tt.key
			}
			checkVerdict(t, VerifyLive(h, host, key, signedAt.Add(tt.skew)), tt.want, tt.mention)
		})
	}
}

func checkVerdict(t *testing.T, got, want error, mention string) {
	t.Helper()
	if !errors.Is(got, want) || (got != nil && !strings.Contains(got.Error(), mention)) {
		t.Errorf("verdict = %v, want %v mentioning %q", got, want, mention)
	}
}

func TestWebhookSignatureMatchesTheVector(t *testing.T) {
	t.Parallel()
	body, err := Body(live.Event{Type: live.EventRecordStarted, Key: live.StreamKey{Domain: "play.example.com", App: "live", Stream: "s1"}})
	if err != nil || len(body) != 81 {
		t.Fatalf("body of %d bytes, %v; the vector has 81", len(body), err)
	}
	h := http.Header{}
	SignWebhook(h, "msg_01HZX7Q2K3V5", body, []Secret{Secret(testKey)}, signedAt)
	want := "map[Webhook-Id:[msg_01HZX7Q2K3V5] Webhook-Signature:[v1,NxXZyXRFy8aRwugsIoFcJCRMmMirNRFe6ffFHMs283I=] Webhook-Timestamp:[1519375990]]"
	if got := fmt.Sprint(h); got != want {
		t.Errorf("headers = %s\nwant      %s", got, want)
	}
}

func TestWhileSecretsChangeEitherOneVerifies(t *testing.T) {
	t.Parallel()
	old, fresh := NewSecret(), NewSecret()
	h := http.Header{}
	SignWebhook(h, "evt_1", []byte("{}"), []Secret{fresh, old}, signedAt)
	for name, secret := range map[string]Secret{"the old": old, "the new": fresh} {
		again, err := ParseSecret(secret.Text())
		if err != nil {
			t.Fatal(err)
		}
		if err := VerifyWebhook(h, []byte("{}"), again, signedAt); err != nil {
			t.Errorf("%s secret: %v", name, err)
		}
	}
	if err := VerifyWebhook(h, []byte("{}"), NewSecret(), signedAt); !errors.Is(err, ErrSignature) {
		t.Errorf("a third secret: %v", err)
	}
}

func TestVerifyWebhook(t *testing.T) {
	t.Parallel()
	body := []byte(`{"event":"record_started"}`)
	secret := Secret(strings.Repeat("s", minSecretSize))
	for _, tt := range []struct {
		name    string
		change  func(http.Header)
		body    string
		skew    time.Duration
		want    error
		mention string
	}{
		{name: "accepts what SignWebhook wrote"},
		{name: "accepts one valid signature among several", change: func(h http.Header) {
			h.Set(HeaderWebhookSignature, "v1,AAAA v1a,BBBB "+h.Get(HeaderWebhookSignature))
		}},
		{name: "accepts a timestamp 5 minutes old", skew: MaxSkew},
		{name: "tells an unsigned request", change: func(h http.Header) { clear(h) }, want: ErrUnsigned},
		{name: "takes a bare id for no signature", change: func(h http.Header) {
			h.Del(HeaderWebhookSignature)
			h.Del(HeaderWebhookTimestamp)
		}, want: ErrUnsigned},
		{name: "refuses an old timestamp", skew: MaxSkew + time.Second, want: ErrSignature, mention: "old"},
		{name: "refuses another body", body: `{"event":"record_paused"}`, want: ErrSignature, mention: "does not match"},
		{name: "refuses another id", change: func(h http.Header) { h.Set(HeaderWebhookID, "evt_2") }, want: ErrSignature},
		{name: "refuses a missing id", change: func(h http.Header) { h.Del(HeaderWebhookID) }, want: ErrSignature, mention: "missing"},
		{name: "refuses another version", change: func(h http.Header) {
			h.Set(HeaderWebhookSignature, strings.Replace(h.Get(HeaderWebhookSignature), "v1,", "v2,", 1))
		}, want: ErrSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := http.Header{}
			SignWebhook(h, "evt_1", body, []Secret{secret}, signedAt)
			if tt.change != nil {
				tt.change(h)
			}
			sent := body
			if tt.body != "" {
				sent = []byte(tt.body)
			}
			checkVerdict(t, VerifyWebhook(h, sent, secret, signedAt.Add(tt.skew)), tt.want, tt.mention)
		})
	}
}

func encodedSecret(size int) string {
	return "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", size)))
}

func TestParseSecret(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		size       int // 0: refused
	}{
		{"24 bytes", encodedSecret(24), 24},
		{"64 bytes", encodedSecret(64), 64},
		{"23 bytes are too few", encodedSecret(23), 0},
		{"65 bytes are too many", encodedSecret(65), 0},
		{"no prefix", strings.TrimPrefix(encodedSecret(24), "whsec_"), 0},
		{"no base64", "whsec_!!!!", 0},
		{"a line break within", "whsec_a2tr\n" + strings.Repeat("a2tr", 7), 0},
		{"a public key of the asymmetric scheme", "whpk_" + strings.Repeat("a2tr", 8), 0},
		{"nothing", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			secret, err := ParseSecret(tt.text)
			if len(secret) != tt.size || (err == nil) != (tt.size > 0) {
				t.Errorf("ParseSecret = %d bytes, %v; want %d", len(secret), err, tt.size)
			}
			if err != nil && len(tt.text) > 12 && strings.Contains(err.Error(), tt.text[6:]) {
				t.Errorf("the error shows the secret: %v", err)
			}
		})
	}
}

func TestSecretIsNotShown(t *testing.T) {
	t.Parallel()
	secret := Secret("topsecrettopsecrettopsecret")
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", secret)
	for _, shown := range []string{fmt.Sprintf("%v %s %+v", secret, secret, struct{ S Secret }{secret}), log.String()} {
		if strings.Contains(shown, "topsecret") || strings.Contains(shown, "116") {
			t.Errorf("secret is shown: %s", shown)
		}
	}
}

func FuzzParseSecret(f *testing.F) {
	for _, seed := range []string{encodedSecret(24), encodedSecret(64), encodedSecret(23), "whsec_", "whsec_====", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		secret, err := ParseSecret(text)
		if err != nil {
			return
		}
		if again := "whsec_" + base64.StdEncoding.EncodeToString(secret); again != text {
			t.Errorf("ParseSecret(%q) is written %q", text, again)
		}
	})
}

func FuzzVerify(f *testing.F) {
	f.Add("1519375990", "e6ca617fc34db4c013a30148994fb671", "hooks.example.com:8443", "v1,NxXZyXRFy8aRwugsIoFcJCRMmMirNRFe6ffFHMs283I=")
	f.Add("-1", "", "[::1", "v1, v1,")
	f.Add("99999999999999999999", "x", ":", " ")
	f.Fuzz(func(t *testing.T, timestamp, signature, host, webhook string) {
		h := http.Header{}
		h.Set(HeaderLiveTimestamp, timestamp)
		h.Set(HeaderLiveSignature, signature)
		h.Set(HeaderWebhookID, "evt_1")
		h.Set(HeaderWebhookTimestamp, timestamp)
		h.Set(HeaderWebhookSignature, webhook)
		if VerifyLive(h, host, testKey, signedAt) == nil && signature != LiveSignature(Hostname(host), timestamp, testKey) {
			t.Errorf("signature %q of %q at %q was accepted", signature, host, timestamp)
		}
		if VerifyWebhook(h, nil, Secret(testKey), signedAt) == nil && !strings.Contains(webhook, WebhookSignature("evt_1", timestamp, nil, Secret(testKey))) {
			t.Errorf("webhook signature %q at %q was accepted", webhook, timestamp)
		}
	})
}
