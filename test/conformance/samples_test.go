package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v2 "github.com/alibabacloud-go/live-20161101/v2/client"
	"github.com/alibabacloud-go/tea/tea"
)

// A sampleCall asks for the sample code of a call; params nil stands for all
// parameters with the values of their examples.
type sampleCall struct {
	Language string            `json:"language"`
	Action   string            `json:"action"`
	Endpoint string            `json:"endpoint"`
	Params   map[string]string `json:"params"`
}

// sampleCodes returns the code of each call.
func sampleCodes(t *testing.T, calls []sampleCall) (codes []string) {
	t.Helper()
	in, err := json.Marshal(calls)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("go", "run", "./test/sample")
	command.Dir = filepath.Join("..", "..")
	command.Stdin = bytes.NewReader(in)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("write samples: %v", err)
	}
	if err := json.Unmarshal(out, &codes); err != nil {
		t.Fatal(err)
	}
	return codes
}

// TestGoSamplesCompile type-checks the samples of every operation, with all
// parameters, against the two SDKs.
func TestGoSamplesCompile(t *testing.T) {
	t.Parallel()
	var calls []sampleCall
	for _, op := range operations {
		for _, language := range []string{"go", "go-v1"} {
			calls = append(calls, sampleCall{Language: language, Action: op.action, Endpoint: "http://127.0.0.1:8080"})
		}
	}
	fset := token.NewFileSet()
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", exportData(t))}
	for i, code := range sampleCodes(t, calls) {
		name := calls[i].Language + "/" + calls[i].Action
		file, err := parser.ParseFile(fset, name, code, parser.AllErrors)
		if err == nil {
			_, err = config.Check("main", fset, []*ast.File{file}, nil)
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, code)
		}
	}
}

// exportData returns where the types of the SDKs' packages are to be read.
func exportData(t *testing.T) importer.Lookup {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}",
		"github.com/alibabacloud-go/live-20161101/v2/client", "github.com/aliyun/alibaba-cloud-sdk-go/services/live")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("list the packages of the SDKs: %v", err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		files[path] = file
	}
	return func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }
}

// parsers read a JSON list of codes and fail for one that is no program.
var parsers = map[string][]string{
	"node":   {"node", "-e", `JSON.parse(require('fs').readFileSync(0)).forEach((code) => new (require('vm').Script)(code))`},
	"python": {"python3", "-c", "import ast, json, sys\nfor code in json.load(sys.stdin): ast.parse(code)"},
}

// TestSamplesCanBeParsed has the samples of every operation read by their own
// languages, with values that need every escape.
func TestSamplesCanBeParsed(t *testing.T) {
	t.Parallel()
	for language, parser := range parsers {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			calls := []sampleCall{{Language: language, Action: "AddLiveDomain", Endpoint: "https://live.example.com", Params: map[string]string{
				"DomainName": "'\"\\${x}$(x)`\u2028\u202e\a\r\n\U000e0001录",
			}}}
			for _, op := range operations {
				calls = append(calls, sampleCall{Language: language, Action: op.action, Endpoint: "http://127.0.0.1:8080"})
			}
			codes, err := json.Marshal(sampleCodes(t, calls))
			if err != nil {
				t.Fatal(err)
			}
			command := exec.Command(parser[0], parser[1:]...)
			command.Stdin = bytes.NewReader(codes)
			if out, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// What is configured by the samples that are run: a URL and a template with
// marks, variables and letters that programs and shells trip over.
const (
	sampleURL    = `https://93.184.215.14/re'c?a="$HOME"&b=$(id)&c=%27é录制&d='x'`
	samplePrefix = "re'c \"$HOME\" `id`/{AppName}/录制 😀/{EscapedStartTime}_{EscapedEndTime}"
)

// TestSamplesCanBeRun runs the samples of two calls, one of them with a list, in
// each language, and looks at what they have configured.
func TestSamplesCanBeRun(t *testing.T) {
	t.Parallel()
	if err := installNode(); err != nil {
		t.Fatalf("install the client for Node (scripts/setup node installs npm): %v", err)
	}
	addr := startServer(t)
	call := v2Caller(t, addr, "")
	languages := []string{"go", "go-v1", "node", "curl"}
	var calls []sampleCall
	for _, language := range languages {
		domain := "play-" + language + ".example.com"
		r := call(t, operation{action: "AddLiveDomain"}, params{"DomainName": domain, "LiveDomainType": "liveVideo", "Region": "cn-shanghai"})
		if r.code != "" {
			t.Fatal(r.code, r.message)
		}
		for action, p := range map[string]map[string]string{
			"AddLiveRecordNotifyConfig": {"NotifyUrl": sampleURL, "NeedStatusNotify": "true", "NotifyAuthKey": "testkeyyourkey12"},
			"AddLiveAppRecordConfig": {
				"AppName": "live", "OssBucket": "recordings", "OssEndpoint": "oss-cn-shanghai.aliyuncs.com", "DelayTime": "30",
				"RecordFormat.1.Format": "flv", "RecordFormat.1.OssObjectPrefix": samplePrefix, "RecordFormat.1.CycleDuration": "60",
				"RecordFormat.2.Format": "mp4", "RecordFormat.2.OssObjectPrefix": samplePrefix,
			},
		} {
			p["DomainName"] = domain
			calls = append(calls, sampleCall{Language: language, Action: action, Endpoint: "http://" + addr, Params: p})
		}
	}
	for i, code := range sampleCodes(t, calls) {
		runSample(t, calls[i], code)
	}
	for _, language := range languages {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			domain := params{"DomainName": "play-" + language + ".example.com"}
			r := call(t, operation{action: "DescribeLiveRecordNotifyConfig"}, domain)
			if r.code != "" {
				t.Fatal(r.code, r.message)
			}
			notify := r.body.(*v2.DescribeLiveRecordNotifyConfigResponseBody).LiveRecordNotifyConfig
			if got := tea.StringValue(notify.NotifyUrl); got != sampleURL || !tea.BoolValue(notify.NeedStatusNotify) {
				t.Errorf("notify config has %s %t", got, tea.BoolValue(notify.NeedStatusNotify))
			}
			r = call(t, operation{action: "DescribeLiveRecordConfig"}, domain)
			if r.code != "" {
				t.Fatal(r.code, r.message)
			}
			list := r.body.(*v2.DescribeLiveRecordConfigResponseBody).LiveAppRecordList.LiveAppRecord
			if len(list) != 1 || tea.Int32Value(list[0].DelayTime) != 30 || len(list[0].RecordFormatList.RecordFormat) != 2 {
				t.Fatalf("record configs %v", list)
			}
			for _, f := range list[0].RecordFormatList.RecordFormat {
				if got := tea.StringValue(f.OssObjectPrefix); got != samplePrefix {
					t.Errorf("%s is named %s", tea.StringValue(f.Format), got)
				}
			}
		})
	}
}

// runSample runs the code as its reader would, with the key pair in the
// environment.
func runSample(t *testing.T, c sampleCall, code string) {
	t.Helper()
	dir := t.TempDir()
	var command *exec.Cmd
	switch c.Language {
	case "go", "go-v1":
		command = exec.Command("go", "run", writeSample(t, dir, "main.go", code)) // by the modules of this suite
	case "node":
		command = exec.Command("node", writeSample(t, dir, "main.js", code))
		modules, err := filepath.Abs(filepath.Join("node", "node_modules"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
			t.Fatal(err)
		}
	case "curl":
		command = exec.Command("sh", writeSample(t, dir, "call.sh", code))
	}
	command.Env = append(os.Environ(), "ALIBABA_CLOUD_ACCESS_KEY_ID="+accessKeyID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET="+accessKeySecret)
	out, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "RequestId") || strings.Contains(string(out), `"Code"`) {
		t.Fatalf("%s by %s: %v\n%s\n%s", c.Action, c.Language, err, out, code)
	}
}

func writeSample(t *testing.T, dir, name, code string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(code), 0o600); err != nil {
		t.Fatal(fmt.Errorf("write the sample: %w", err))
	}
	return path
}
