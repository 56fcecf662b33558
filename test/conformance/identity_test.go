package conformance

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	v2 "github.com/alibabacloud-go/live-20161101/v2/client"
	"github.com/alibabacloud-go/tea/tea"
	v1errors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	v1 "github.com/aliyun/alibaba-cloud-sdk-go/services/live"
)

// credentials are what a command has printed, by the vendor's names.
type credentials struct{ id, secret, token string }

// tallylight runs a command on a data folder and returns the credentials that it
// prints, if any.
func tallylight(t *testing.T, dir string, args ...string) (c credentials) {
	t.Helper()
	out, err := exec.Command(binary, append(args, "--data", dir)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
	for line := range strings.Lines(string(out)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		value = strings.TrimSpace(value)
		switch name {
		case "AccessKeyId":
			c.id = value
		case "AccessKeySecret":
			c.secret = value
		case "SecurityToken":
			c.token = value
		}
	}
	return c
}

// addDomainCallers add a streaming domain with credentials of their own, and
// return the code of a refusal and its detail.
var addDomainCallers = map[string]func(t *testing.T, addr string, c credentials, domain string) (code string, detail map[string]any){
	"go-v1": func(t *testing.T, addr string, c credentials, domain string) (string, map[string]any) {
		t.Helper()
		sdk, err := v1.NewClientWithStsToken("cn-shanghai", c.id, c.secret, c.token)
		if err != nil {
			t.Fatal(err)
		}
		sdk.Domain = addr
		request := v1.CreateAddLiveDomainRequest()
		request.DomainName, request.LiveDomainType, request.Region = domain, "liveVideo", "cn-shanghai"
		if _, err := sdk.AddLiveDomain(request); err != nil {
			var refusal *v1errors.ServerError
			if !errors.As(err, &refusal) {
				t.Fatal(err)
			}
			return refusal.ErrorCode(), refusal.AccessDeniedDetail()
		}
		return "", nil
	},
	"go-v2":                        addDomainByV2(""),
	"go-v2 with the RPC signature": addDomainByV2("v2"),
}

func addDomainByV2(algorithm string) func(t *testing.T, addr string, c credentials, domain string) (string, map[string]any) {
	return func(t *testing.T, addr string, c credentials, domain string) (string, map[string]any) {
		t.Helper()
		config := &openapi.Config{AccessKeyId: &c.id, AccessKeySecret: &c.secret, Endpoint: &addr, Protocol: tea.String("http")}
		if c.token != "" {
			config.SecurityToken, config.Type = &c.token, tea.String("sts")
		}
		if algorithm != "" {
			config.SignatureAlgorithm = &algorithm
		}
		sdk, err := v2.NewClient(config)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sdk.AddLiveDomain(&v2.AddLiveDomainRequest{DomainName: &domain, LiveDomainType: tea.String("liveVideo"), Region: tea.String("cn-shanghai")})
		if err != nil {
			var refusal *tea.SDKError
			if !errors.As(err, &refusal) {
				t.Fatal(err)
			}
			return tea.StringValue(refusal.Code), refusal.AccessDeniedDetail
		}
		return "", nil
	}
}

func TestUsersAndTemporaryKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	addr := startServerOn(t, dir)
	policy := filepath.Join(t.TempDir(), "policy.json")
	document := `{"Version":"1","Statement":[{"Effect":"Allow","Action":"live:*","Resource":"acs:cdn:*:*:domain/*.lena.example.com"}]}`
	if err := os.WriteFile(policy, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	tallylight(t, dir, "users", "create", "lena")
	tallylight(t, dir, "users", "attach-policy", "lena", "own-domains", policy)
	lasting := tallylight(t, dir, "keys", "create", "--user", "lena")
	temporary := tallylight(t, dir, "keys", "temporary", "--user", "lena")
	owner := tallylight(t, dir, "keys", "temporary")
	stranger := temporary
	stranger.token = owner.token

	for name, add := range addDomainCallers {
		label := strings.ReplaceAll(strings.ToLower(name), " ", "-")
		for _, tt := range []struct {
			name, domain string
			as           credentials
			want         string
		}{
			{"a user, as allowed", "key." + label + ".lena.example.com", lasting, ""},
			{"a user, elsewhere", "key." + label + ".example.com", lasting, "Forbidden"},
			{"a user's temporary key, as allowed", "sts." + label + ".lena.example.com", temporary, ""},
			{"a user's temporary key, elsewhere", "sts." + label + ".example.com", temporary, "Forbidden"},
			{"the owner's temporary key", "owner." + label + ".example.com", owner, ""},
			{"the token of another key", "other." + label + ".example.com", stranger, "InvalidSecurityToken.MismatchWithAccessKey"},
		} {
			code, detail := add(t, addr, tt.as, tt.domain)
			if code != tt.want {
				t.Errorf("%s: %s: got %q, want %q", name, tt.name, code, tt.want)
			}
			if tt.want == "Forbidden" && (detail["AuthAction"] != "live:AddLiveDomain" || detail["AuthPrincipalDisplayName"] != "lena") {
				t.Errorf("%s: %s: detail %v", name, tt.name, detail)
			}
		}
	}
}
