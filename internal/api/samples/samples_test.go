package samples_test

import (
	"errors"
	"go/parser"
	"go/token"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"tallylight/internal/api"
	"tallylight/internal/api/explore"
	"tallylight/internal/api/reference"
	"tallylight/internal/api/samples"
	"tallylight/internal/api/wire"
)

const endpoint = "http://127.0.0.1:8080"

// nasty is a value that ends strings, expands variables and hides what it is in
// one language or another.
const nasty = "it's \"a\" \\ ${HOME} $(id) `id` %s #{1} </script> \\u0022 录制 😀 \u202e\u2028\a\r\n\t--x"

// everyParam returns all parameters of an operation, with two items of each
// list; text is the value of those that take any.
func everyParam(op *reference.Operation, text string) (params wire.Params) {
	var add func(list []*reference.Parameter, prefix string)
	add = func(list []*reference.Parameter, prefix string) {
		for _, p := range list {
			value := p.Example
			if p.Type.Name == "string" && text != "" {
				value = text
			}
			switch name := prefix + p.Name; {
			case !p.Type.List:
				params = append(params, wire.Param{Name: name, Value: value})
			case p.Items == nil:
				params = append(params, wire.Param{Name: name + ".1", Value: value}, wire.Param{Name: name + ".2", Value: value})
			default:
				add(p.Items, name+".1.")
				add(p.Items, name+".3.")
			}
		}
	}
	add(op.Parameters, "")
	if op.Name == "BatchSetLiveDomainConfigs" { // the SDKs do not have it
		params = slices.DeleteFunc(params, func(p wire.Param) bool { return p.Name == "DryRun" })
	}
	return params
}

func operations() (all []*reference.Operation) {
	for _, g := range api.Reference().Groups {
		all = append(all, g.Operations...)
	}
	return all
}

// TestEverySampleCanBeRead checks the syntax of all samples, with usual values
// and with nasty ones.
func TestEverySampleCanBeRead(t *testing.T) {
	t.Parallel()
	for _, op := range operations() {
		for _, l := range samples.For(op) {
			for name, text := range map[string]string{"usual values": "", "nasty values": nasty} {
				t.Run(op.Name+"/"+l.ID+"/"+name, func(t *testing.T) {
					t.Parallel()
					code, err := samples.Write(l.ID, op, samples.Call{Endpoint: endpoint, Params: everyParam(op, text)})
					if err != nil {
						t.Fatal(err)
					}
					if !strings.HasSuffix(code, "\n") || strings.Contains(code, "\u202e") && l.ID != "cli" {
						t.Errorf("an invisible character, or no end:\n%s", code)
					}
					read(t, l.ID, code)
				})
			}
		}
	}
}

// read fails the test if the code is no program of the language.
func read(t *testing.T, language, code string) {
	t.Helper()
	switch language {
	case "go", "go-v1":
		if _, err := parser.ParseFile(token.NewFileSet(), "main.go", code, parser.AllErrors); err != nil {
			t.Errorf("%v\n%s", err, code)
		}
	case "cli", "curl":
		sh := exec.Command("sh", "-n")
		sh.Stdin = strings.NewReader(code)
		if out, err := sh.CombinedOutput(); err != nil {
			t.Errorf("%v %s\n%s", err, out, code)
		}
	default:
		if err := balanced(code); err != nil {
			t.Errorf("%v\n%s", err, code)
		}
	}
}

// balanced checks that brackets stand in pairs and that literals end on their
// line, in languages whose literals have two kinds of marks and backslashes.
func balanced(code string) error {
	var open []byte
	pair := map[byte]byte{')': '(', ']': '[', '}': '{'}
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"', '\'':
			end := literalEnd(code[i+1:], c)
			if end < 0 {
				return errors.New("a literal does not end: " + code[i:])
			}
			i += end + 1
		case '(', '[', '{':
			open = append(open, c)
		case ')', ']', '}':
			if len(open) == 0 || open[len(open)-1] != pair[c] {
				return errors.New("a bracket closes what is not open: " + code[i:])
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return errors.New("a bracket is not closed")
	}
	return nil
}

// literalEnd returns where mark stands without a backslash before it, or -1.
func literalEnd(s string, mark byte) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\n':
			return -1
		case mark:
			return i
		}
	}
	return -1
}

func TestSamplesHaveNoSecretAndTheEndpoint(t *testing.T) {
	t.Parallel()
	op := api.Reference().Operation("AddLiveRecordNotifyConfig")
	for _, l := range samples.For(op) {
		code, err := samples.Write(l.ID, op, samples.Call{Endpoint: "https://live.example.com:8443", Params: wire.Params{{Name: "DomainName", Value: "play.example.com"}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"live.example.com:8443", "AddLiveRecordNotifyConfig", "play.example.com"} {
			if !strings.Contains(strings.ToLower(code), strings.ToLower(want)) && !(l.ID == "python" && want == op.Name) {
				t.Errorf("%s has no %s:\n%s", l.ID, want, code)
			}
		}
		if l.ID != "cli" && !strings.Contains(code, "ALIBABA_CLOUD_ACCESS_KEY_SECRET") {
			t.Errorf("%s does not read the secret from the environment:\n%s", l.ID, code)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, language, action, endpoint string
		param                            wire.Param
		want                             error
	}{
		{"an unknown language", "cobol", "AddLiveDomain", endpoint, wire.Param{Name: "Region", Value: "x"}, samples.ErrLanguage},
		{"an own operation in an SDK", "java", "TallylightReplayDeliveries", endpoint, wire.Param{Name: "DomainName", Value: "x"}, samples.ErrLanguage},
		{"a stream in Node", "node", "TallylightFollowEvents", endpoint, wire.Param{Name: "DomainName", Value: "x"}, samples.ErrLanguage},
		{"an unknown parameter", "go", "AddLiveDomain", endpoint, wire.Param{Name: "Regiom", Value: "x"}, samples.ErrParam},
		{"a member of no list", "go", "AddLiveDomain", endpoint, wire.Param{Name: "Region.1", Value: "x"}, samples.ErrParam},
		{"an item without a member", "go", "AddLiveDomain", endpoint, wire.Param{Name: "Tag.1", Value: "x"}, samples.ErrParam},
		{"an item beyond the limit", "go", "AddLiveDomain", endpoint, wire.Param{Name: "Tag.22.Key", Value: "x"}, samples.ErrParam},
		{"code instead of a number", "python", "AddLiveAppRecordConfig", endpoint, wire.Param{Name: "OnDemand", Value: "exit()"}, samples.ErrParam},
		{"a number that is too large", "go", "AddLiveAppRecordConfig", endpoint, wire.Param{Name: "OnDemand", Value: "4294967296"}, samples.ErrParam},
		{"code instead of a boolean", "node", "AddLiveRecordNotifyConfig", endpoint, wire.Param{Name: "NeedStatusNotify", Value: "f()"}, samples.ErrParam},
		{"what is no text", "curl", "AddLiveDomain", endpoint, wire.Param{Name: "Region", Value: "\xff"}, samples.ErrParam},
		{"what the SDK does not have", "php", "BatchSetLiveDomainConfigs", endpoint, wire.Param{Name: "DryRun", Value: "true"}, samples.ErrNotInSDK},
		{"an endpoint that is none", "curl", "AddLiveDomain", "live.example.com", wire.Param{Name: "Region", Value: "x"}, explore.ErrEndpoint},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			op := api.Reference().Operation(tt.action)
			if _, err := samples.Write(tt.language, op, samples.Call{Endpoint: tt.endpoint, Params: wire.Params{tt.param}}); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func FuzzWrite(f *testing.F) {
	f.Add(nasty)
	f.Add("")
	f.Add("\\")
	f.Add("'\"$")
	op := api.Reference().Operation("AddLiveAppRecordConfig")
	f.Fuzz(func(t *testing.T, text string) {
		for _, l := range samples.For(op) {
			code, err := samples.Write(l.ID, op, samples.Call{Endpoint: endpoint, Params: everyParam(op, text)})
			if err != nil {
				if !errors.Is(err, samples.ErrParam) {
					t.Fatal(err)
				}
				continue // no text
			}
			if l.ID != "cli" && l.ID != "curl" { // a shell for each is too slow
				read(t, l.ID, code)
			}
		}
	})
}
