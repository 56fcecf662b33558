package conformance

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	v2 "github.com/alibabacloud-go/live-20161101/v2/client"
	v1 "github.com/aliyun/alibaba-cloud-sdk-go/services/live"
)

var update = flag.Bool("update", false, "rewrite what samples know of the SDKs")

// A shape is what sample code has to know of the SDKs' request types: the types
// of their fields by the names of the parameters, RecordFormat.Format for
// members of items. An operation that the first generation lacks has no V1.
type shape struct {
	V1 map[string]string `json:"v1,omitempty"`
	V2 map[string]string `json:"v2"`
}

// TestSamplesKnowTheSDKs holds what samples know against the SDKs. With -update
// it writes the file that they know it from.
func TestSamplesKnowTheSDKs(t *testing.T) {
	t.Parallel()
	shapes := map[string]shape{}
	sdk1 := reflect.TypeFor[*v1.Client]()
	sdk2 := reflect.TypeFor[*v2.Client]()
	for _, op := range operations {
		method, ok := sdk2.MethodByName(op.action)
		if !ok {
			t.Fatalf("the SDK has no %s", op.action)
		}
		s := shape{V2: map[string]string{}}
		addFields(s.V2, method.Type.In(1).Elem(), "json", "")
		if method, ok := sdk1.MethodByName(op.action); ok {
			s.V1 = map[string]string{}
			addFields(s.V1, method.Type.In(1).Elem(), "name", "")
		}
		shapes[op.action] = s
	}
	got, err := json.MarshalIndent(shapes, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	file := filepath.Join("..", "..", "internal", "api", "samples", "sdk_types.json")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(got) != string(want) {
		t.Errorf("%s is not what the SDKs have: run go test -run %s -update here (%v)", file, t.Name(), err)
	}
}

// accountFields are parameters of every request that no sample sends.
var accountFields = []string{"OwnerId", "OwnerAccount", "SecurityToken", "ResourceOwnerId", "ResourceOwnerAccount"}

// addFields adds the fields of a request type whose tag names their parameter.
func addFields(fields map[string]string, t reflect.Type, tag, prefix string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get(tag), ",")
		if name == "" || slices.Contains(accountFields, name) {
			continue
		}
		elem := f.Type
		list := ""
		for elem.Kind() == reflect.Pointer || elem.Kind() == reflect.Slice {
			if elem.Kind() == reflect.Slice {
				list = "[]"
			}
			elem = elem.Elem()
		}
		if elem.Kind() == reflect.Struct {
			fields[prefix+name] = list + elem.Name()
			addFields(fields, elem, tag, prefix+name+".")
			continue
		}
		fields[prefix+name] = list + elem.Name()
	}
}
