package api

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/reference"
)

// allOperations returns the operations of the reference, group by group.
func allOperations() (all []*reference.Operation) {
	for _, g := range Reference().Groups {
		all = append(all, g.Operations...)
	}
	return all
}

func TestEveryOperationStandsInOneGroup(t *testing.T) {
	t.Parallel()
	var got, want []string
	for _, g := range operationGroups {
		if !slices.IsSorted(g.names) {
			t.Errorf("group %s is not sorted", g.id)
		}
		got = append(got, g.names...)
	}
	for _, op := range operations {
		want = append(want, op.name)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("groups have %v\nthe table has %v", got, want)
	}
	if n := len(allOperations()) + len(Reference().NotBuilt); n != len(operationNames())+len(ownOperations) {
		t.Errorf("%d operations are offered or not built", n)
	}
}

func TestEveryTextIsTranslated(t *testing.T) {
	t.Parallel()
	translated := reflect.TypeFor[reference.Text]()
	var visit func(path string, v reflect.Value)
	visit = func(path string, v reflect.Value) {
		switch {
		case v.Kind() == reflect.Pointer:
			visit(path, v.Elem())
		case v.Kind() == reflect.Slice:
			for i := range v.Len() {
				visit(path, v.Index(i))
			}
		case v.Type() == translated:
			text := v.Interface().(reference.Text)
			// A default is mostly a value, the same in all languages.
			if text.English != "" && text.Chinese == "" && !strings.HasSuffix(path, ".Default") {
				t.Errorf("%s: %q is not translated", path, text.English)
			}
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				visit(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		}
	}
	visit("reference", reflect.ValueOf(Reference()))
}

func TestEveryMemberOfAnAnswerIsDescribed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	var visit func(op, parent string, list []*reference.Member)
	visit = func(op, parent string, list []*reference.Member) {
		for _, m := range list {
			if m.About.English == "" {
				t.Errorf("%s: %s has no description", op, m.Name)
			}
			for _, key := range []string{parent + "." + m.Name, op + "." + m.Name, m.Name} {
				if memberDocs[key] != "" {
					used[key] = true
					break
				}
			}
			visit(op, m.Name, m.Members)
		}
	}
	for _, op := range allOperations() {
		visit(op.Name, "", op.Response)
	}
	for key := range memberDocs {
		if !used[key] {
			t.Errorf("%s describes no member", key)
		}
	}
}

func TestEveryErrorIsExplained(t *testing.T) {
	t.Parallel()
	ref := Reference()
	for _, e := range slices.Concat(commonErrors, []*apierr.Error{apierr.UnsupportedOperation("x")}) {
		if c := ref.ErrorCode(e.Code); c == nil || c.Meaning.English == "" {
			t.Errorf("%s is not explained", e.Code)
		}
	}
	for _, op := range slices.Concat(operations, ownOperations) {
		for _, e := range op.declared() {
			c := ref.ErrorCode(e.Code)
			switch {
			case c == nil || c.Meaning.English == "" || c.Cause.English == "" || c.Remedy.English == "":
				t.Errorf("%s of %s is not explained", e.Code, op.name)
			case c.Status != e.Status:
				t.Errorf("%s has the status %d and %d", e.Code, c.Status, e.Status)
			case !c.Common && !slices.Contains(c.Operations, op.name):
				t.Errorf("%s does not name %s", e.Code, op.name)
			case strings.Contains(c.Meaning.English+c.Cause.Chinese, "{}"):
				t.Errorf("%s: a name is missing in %q", e.Code, c.Meaning.English)
			}
		}
	}
}

func TestEveryOperationHasAnExample(t *testing.T) {
	t.Parallel()
	for _, op := range allOperations() {
		if op.Streams {
			if len(op.Examples) != 1 || !strings.Contains(op.Examples[0].Body, "event: callback") {
				t.Errorf("%s: %+v", op.Name, op.Examples)
			}
			continue
		}
		if len(op.Examples) != 2 {
			t.Errorf("%s has %d examples", op.Name, len(op.Examples))
			continue
		}
		if e := op.Examples[0]; e.Format != "JSON" || !json.Valid([]byte(e.Body)) || !strings.Contains(e.Request, "Action="+op.Name+"&") {
			t.Errorf("%s: %+v", op.Name, e)
		}
		e := op.Examples[1]
		decoder := xml.NewDecoder(strings.NewReader(e.Body))
		var err error
		for err == nil {
			_, err = decoder.Token()
		}
		if e.Format != "XML" || e.Body == "" || !errors.Is(err, io.EOF) || !strings.Contains(e.Request, "Format=XML&") {
			t.Errorf("%s: %v %+v", op.Name, err, e)
		}
	}
}

func TestParametersAreATree(t *testing.T) {
	t.Parallel()
	op := Reference().Operation("AddLiveAppRecordConfig")
	var list *reference.Parameter
	for _, p := range op.Parameters {
		if p.Name == "RecordFormat" {
			list = p
		}
	}
	if list == nil || list.Type.String() != "list of objects" || list.MaxItems != 3 || len(list.Items) != 5 {
		t.Fatalf("RecordFormat is %+v", list)
	}
	format := list.Items[0]
	if format.Path != "RecordFormat.N.Format" || format.Name != "Format" || !slices.Equal(format.Allowed, []string{"m3u8", "flv", "mp4", "cmaf"}) {
		t.Errorf("its first member is %+v", format)
	}
	if got := Reference().Operation("NoSuchOperation"); got != nil {
		t.Errorf("found %v", got)
	}
}
