package conformance

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// checkMembers compares the members of an answer in JSON with those of the
// SDK's type: one that is missing, misspelt, unknown or of another type fails.
func checkMembers(t *testing.T, raw []byte, want reflect.Type) {
	t.Helper()
	var got any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	compareMember(t, "answer", got, want)
}

func compareMember(t *testing.T, path string, got any, want reflect.Type) {
	t.Helper()
	if want.Kind() == reflect.Pointer {
		want = want.Elem()
	}
	fits := false
	switch got := got.(type) {
	case map[string]any:
		fits = want.Kind() == reflect.Struct
		if fits {
			compareObject(t, path, got, want)
		}
	case []any:
		fits = want.Kind() == reflect.Slice
		for _, item := range got {
			if fits {
				compareMember(t, path+"[]", item, want.Elem())
			}
		}
	case string:
		fits = want.Kind() == reflect.String
	case bool:
		fits = want.Kind() == reflect.Bool
	case float64:
		fits = want.Kind() == reflect.Int32 || want.Kind() == reflect.Int64 || want.Kind() == reflect.Float32 || want.Kind() == reflect.Float64
	}
	if !fits {
		t.Errorf("%s is %v, the SDK has a %s", path, got, want)
	}
}

func compareObject(t *testing.T, path string, got map[string]any, want reflect.Type) {
	t.Helper()
	known := map[string]bool{}
	for i := range want.NumField() {
		name, _, _ := strings.Cut(want.Field(i).Tag.Get("json"), ",")
		known[name] = true
		if value, ok := got[name]; ok {
			compareMember(t, path+"."+name, value, want.Field(i).Type)
		} else {
			t.Errorf("%s lacks %s", path, name)
		}
	}
	for name := range got {
		if !known[name] {
			t.Errorf("%s has %s, which the SDK does not know", path, name)
		}
	}
}

// checkFilled sees that an SDK has filled in every member of its response.
// Lists may be empty.
func checkFilled(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			t.Errorf("%s was not filled in", path)
			return
		}
		checkFilled(t, path, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			checkFilled(t, path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkFilled(t, path+"[]", v.Index(i))
		}
	}
}

// checkValues looks up paths such as List.Item.0.Name in the SDK's response.
func checkValues(t *testing.T, body any, want params) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		t.Fatal(err)
	}
	for path, value := range want {
		got := tree
		for step := range strings.SplitSeq(path, ".") {
			switch node := got.(type) {
			case map[string]any:
				got = node[step]
			case []any:
				if i := int(step[0] - '0'); i < len(node) {
					got = node[i]
				} else {
					got = nil
				}
			default:
				got = nil
			}
		}
		if n, ok := value.(int); ok {
			value = float64(n)
		}
		if !reflect.DeepEqual(got, value) {
			t.Errorf("%s = %v, want %v", path, got, value)
		}
	}
}
