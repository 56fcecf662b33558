package wire

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

type sample struct {
	Name  string    `rpc:"Name,required"`
	Text  *string   `rpc:"Text"`
	Flag  bool      `rpc:"Flag"`
	Count int32     `rpc:"Count"`
	Maybe *int32    `rpc:"Maybe"`
	At    time.Time `rpc:"At"`
	Names []string  `rpc:"Names,max=3"`
	Items []item    `rpc:"Items,max=2"`
}

type item struct {
	Kind string   `rpc:"Kind"`
	Size int32    `rpc:"Size"`
	Sub  []string `rpc:"Sub,max=2"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	empty, text, five := "", "t", int32(5)
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	tests := []struct {
		name    string
		raw     string
		want    sample
		badName string // of the ParamError
		missing bool
	}{
		{"the required one alone", "Name=n", sample{Name: "n"}, "", false},
		{"absent", "Text=t", sample{}, "Name", true},
		{"empty counts as absent where required", "Name=", sample{}, "Name", true},
		{"missing comes before invalid", "Flag=perhaps", sample{}, "Name", true},
		{"names keep their case", "name=n", sample{}, "Name", true},
		{"unknown ones are ignored", "Name=n&OwnerId=1&Itemsx=2&Items.x.Kind=k", sample{Name: "n"}, "", false},
		{"a pointer tells empty from absent", "Name=n&Text=", sample{Name: "n", Text: &empty}, "", false},
		{"a pointer to a value", "Name=n&Text=t&Maybe=5", sample{Name: "n", Text: &text, Maybe: &five}, "", false},
		{"an empty number is none", "Name=n&Maybe=&Count=&Flag=&At=", sample{Name: "n"}, "", false},
		{"true", "Name=n&Flag=true", sample{Name: "n", Flag: true}, "", false},
		{"TRUE", "Name=n&Flag=TRUE", sample{Name: "n", Flag: true}, "", false},
		{"Yes", "Name=n&Flag=Yes", sample{Name: "n", Flag: true}, "", false},
		{"1", "Name=n&Flag=1", sample{Name: "n", Flag: true}, "", false},
		{"no", "Name=n&Flag=no", sample{Name: "n"}, "", false},
		{"neither true nor false", "Name=n&Flag=maybe", sample{}, "Flag", false},
		{"an integer", "Name=n&Count=-7", sample{Name: "n", Count: -7}, "", false},
		{"an integer of more than 32 bits", "Name=n&Count=2147483648", sample{}, "Count", false},
		{"no integer", "Name=n&Maybe=1.5", sample{}, "Maybe", false},
		{"a time", "Name=n&At=2026-11-23T08:00:00Z", sample{Name: "n", At: at}, "", false},
		{"a time with a fraction", "Name=n&At=2026-11-23T08:00:00.1Z", sample{}, "At", false},
		{"a time of another zone", "Name=n&At=2026-11-23T08:00:00%2B08:00", sample{}, "At", false},
		{"a list keeps the order of its numbers", "Name=n&Names.2=b&Names.1=a", sample{Name: "n", Names: []string{"a", "b"}}, "", false},
		{"a list may have gaps", "Name=n&Names.3=c", sample{Name: "n", Names: []string{"c"}}, "", false},
		{"a list from 0", "Name=n&Names.0=a", sample{}, "Names", false},
		{"a list beyond its bound", "Name=n&Names.4=a", sample{}, "Names", false},
		{"a number with a leading zero", "Name=n&Names.01=a", sample{}, "Names", false},
		{"structs", "Name=n&Items.1.Kind=k&Items.1.Size=3&Items.2.Kind=m", sample{Name: "n", Items: []item{{Kind: "k", Size: 3}, {Kind: "m"}}}, "", false},
		{"lists in structs", "Name=n&Items.2.Sub.1=x", sample{Name: "n", Items: []item{{Sub: []string{"x"}}}}, "", false},
		{"a bad member of a struct", "Name=n&Items.2.Size=x", sample{}, "Items.N.Size", false},
		{"a list in a struct beyond its bound", "Name=n&Items.1.Sub.3=x", sample{}, "Items.N.Sub", false},
		{"structs beyond the bound", "Name=n&Items.3.Kind=x", sample{}, "Items", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := ParseParams(tt.raw)
			if err != nil {
				t.Fatal(err)
			}
			var got sample
			err = Decode(p, &got)
			if tt.badName != "" {
				var pe *ParamError
				if !errors.As(err, &pe) || pe.Name != tt.badName || pe.Missing != tt.missing {
					t.Fatalf("error %v, want one of %s, missing: %t", err, tt.badName, tt.missing)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestFieldsPanicsOnAMistakenTag(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		typ  reflect.Type
	}{
		{"no tag", reflect.TypeFor[struct{ A string }]()},
		{"an unknown option", reflect.TypeFor[struct {
			A string `rpc:"A,optional"`
		}]()},
		{"a bound that is no number", reflect.TypeFor[struct {
			A []string `rpc:"A,max=few"`
		}]()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("Fields did not panic")
				}
			}()
			Fields(tt.typ)
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, raw := range []string{"Name=n", "Name=n&Names.2=b&Names.1=a", "Name=n&Items.1.Kind=k&Items.1.Size=3", "Name=n&Items.2.Sub.1=x", "Name=n&Flag=Yes&Count=-7&At=2026-11-23T08:00:00Z", "Name=n&Names.01=a"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := ParseParams(raw)
		if err != nil {
			return
		}
		var got sample
		if err := Decode(p, &got); err != nil {
			var pe *ParamError
			if !errors.As(err, &pe) || pe.Name == "" {
				t.Errorf("Decode(%q) = %v, which names no parameter", raw, err)
			}
			return
		}
		if got.Name == "" || len(got.Names) > 3 || len(got.Items) > 2 {
			t.Errorf("Decode(%q) = %+v, against its tags", raw, got)
		}
	})
}
