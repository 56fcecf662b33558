package sign

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"tallylight/internal/api/wire"
)

// A vector is a request captured from a real client, or built after the
// documentation, with the values that have to come out.
type vector struct {
	Name             string
	AccessKeySecret  string `json:"access_key_secret"`
	PublicKeyPEM     string `json:"public_key_pem"`
	UnsignedQuery    string `json:"unsigned_query"`
	Method           string // beside UnsignedQuery
	Request          vectorRequest
	CanonicalRequest string `json:"canonical_request"`
	StringToSign     string `json:"string_to_sign"`
	Signature        string
}

type vectorRequest struct {
	Method   string
	RawQuery string `json:"raw_query"`
	Headers  [][2]string
	Body     string
}

func readVectors(t testing.TB, file string) []vector {
	t.Helper()
	b, err := os.ReadFile("../testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Vectors []vector }
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Vectors) == 0 {
		t.Fatalf("%s holds no vectors", file)
	}
	return doc.Vectors
}

func mustParams(t testing.TB, raw string) wire.Params {
	t.Helper()
	p, err := wire.ParseParams(raw)
	if err != nil {
		t.Fatalf("ParseParams(%q): %v", raw, err)
	}
	return p
}

func TestRPCVectorsVerify(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t, "signed-rpc-v1.json") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			method, params := v.Request.Method, mustParams(t, v.Request.RawQuery)
			if v.UnsignedQuery != "" {
				method, params = v.Method, mustParams(t, v.UnsignedQuery).With("Signature", v.Signature)
			}
			params, err := params.Merge(mustParams(t, v.Request.Body))
			if err != nil {
				t.Fatal(err)
			}
			got := RPCStringToSign(method, params)
			if got != v.StringToSign {
				t.Errorf("string to sign\n got %s\nwant %s", got, v.StringToSign)
			}
			if !VerifyRPC(v.AccessKeySecret, got, params.Get("Signature")) {
				t.Error("signature does not verify")
			}
			if VerifyRPC(v.AccessKeySecret+"x", got, params.Get("Signature")) {
				t.Error("signature verifies with another secret")
			}
		})
	}
}

func TestACS3VectorsVerify(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t, "signed-acs3.json") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			r := Request{Method: v.Request.Method, Query: mustParams(t, v.Request.RawQuery), Header: http.Header{}, Body: []byte(v.Request.Body)}
			for _, h := range v.Request.Headers {
				if strings.EqualFold(h[0], "Host") {
					r.Host = h[1]
				}
				r.Header.Add(h[0], h[1])
			}
			auth, err := ParseAuthorization(r.Header.Get("Authorization"))
			if err != nil {
				t.Fatal(err)
			}
			signed := r.SignedHeaders(auth.SignedHeaders)
			if !slices.Equal(signed, auth.SignedHeaders) {
				t.Errorf("SignedHeaders = %v, the client signed %v", signed, auth.SignedHeaders)
			}
			canonical := r.CanonicalRequest(signed, r.ContentHash(auth.Algorithm))
			if canonical != v.CanonicalRequest {
				t.Errorf("canonical request\n got %q\nwant %q", canonical, v.CanonicalRequest)
			}
			got := ACS3StringToSign(auth.Algorithm, canonical)
			if got != v.StringToSign {
				t.Errorf("string to sign\n got %q\nwant %q", got, v.StringToSign)
			}
			if v.PublicKeyPEM != "" {
				if VerifyACS3(auth.Algorithm, v.AccessKeySecret, got, auth.Signature) {
					t.Error("VerifyACS3 accepts an algorithm without a shared secret")
				}
				verifyRSA(t, v.PublicKeyPEM, got, auth.Signature)
				return
			}
			if !VerifyACS3(auth.Algorithm, v.AccessKeySecret, got, auth.Signature) {
				t.Error("signature does not verify")
			}
			if VerifyACS3(auth.Algorithm, v.AccessKeySecret+"x", got, auth.Signature) {
				t.Error("signature verifies with another secret")
			}
		})
	}
}

// verifyRSA checks a signature of ACS3-RSA-SHA256, of which we share the string
// to sign only.
func verifyRSA(t *testing.T, publicKeyPEM, stringToSign, signature string) {
	t.Helper()
	block, _ := pem.Decode([]byte(publicKeyPEM))
	if block == nil {
		t.Fatal("no PEM block")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := hex.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(stringToSign))
	if err := rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), crypto.SHA256, sum[:], sig); err != nil {
		t.Error(err)
	}
}

func TestSM3MatchesTheStandard(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"example 1", "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
		{"example 2, one whole block", strings.Repeat("abcd", 16), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"},
		{"empty", "", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := ACS3HMACSM3.hexSum([]byte(tt.in)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestSM3DoesNotDependOnHowWritesAreSplit(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 30)
	for n := range data {
		whole, split := newSM3(), newSM3()
		whole.Write(data)
		split.Write(data[:n])
		split.Sum(nil) // must not disturb what follows
		split.Write(data[n:])
		if !bytes.Equal(whole.Sum(nil), split.Sum(nil)) {
			t.Fatalf("split at %d gives another sum", n)
		}
	}
}
