package wire

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParseParams(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		raw  string
		want Params
		err  error
	}{
		{"nothing", "", nil, nil},
		{"names sort by bytes", "b=1&a=2&_=3&Z=4&%C3%A9=5&Tag.10=6&Tag.2=7", Params{{"Tag.10", "6"}, {"Tag.2", "7"}, {"Z", "4"}, {"_", "3"}, {"a", "2"}, {"b", "1"}, {"é", "5"}}, nil},
		{"plus and %20 are blanks", "a=x+y%20z", Params{{"a", "x y z"}}, nil},
		{"empty value and missing equals sign read the same", "a=&b", Params{{"a", ""}, {"b", ""}}, nil},
		{"only the first equals sign divides", "a=b=c", Params{{"a", "b=c"}}, nil},
		{"empty pairs are skipped", "&a=1&&b=2&", Params{{"a", "1"}, {"b", "2"}}, nil},
		{"a repeated name is refused", "a=1&a=2", Params{{"a", "1"}, {"a", "2"}}, ErrRepeated},
		{"a name repeated in another encoding is refused", "a=1&%61=2", Params{{"a", "1"}, {"a", "2"}}, ErrRepeated},
		{"a torn escape is refused, the rest read", "a=%2&Format=JSON", Params{{"Format", "JSON"}}, ErrEncoding},
		{"bytes that are not UTF-8 are refused", "a=%FF", Params{}, ErrEncoding},
		{"NUL is refused", "a=%00", Params{}, ErrEncoding},
		{"a bare semicolon is refused", "a=1;b=2", Params{}, ErrEncoding},
		{"an encoded semicolon is text", "a=1%3Bb", Params{{"a", "1;b"}}, nil},
		{"too many are refused", strings.Repeat("&", MaxParams), nil, ErrTooMany},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseParams(tt.raw)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	many := make(Params, MaxParams)
	for i := range many {
		many[i].Name = strings.Repeat("x", i+1)
	}
	tests := []struct {
		name string
		p, q Params
		want Params
		err  error
	}{
		{"sorts the union", Params{{"b", "1"}}, Params{{"a", "2"}}, Params{{"a", "2"}, {"b", "1"}}, nil},
		{"keeps one side alone", nil, Params{{"a", "2"}}, Params{{"a", "2"}}, nil},
		{"refuses a name on both sides", Params{{"a", "1"}}, Params{{"a", "2"}}, Params{{"a", "1"}, {"a", "2"}}, ErrRepeated},
		{"refuses too many", many, Params{{"a", "2"}}, many, ErrTooMany},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.p.Merge(tt.q)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestParamsTellEmptyFromAbsent(t *testing.T) {
	t.Parallel()
	p := Params{{"a", ""}}
	if _, ok := p.Lookup("a"); !ok {
		t.Error("empty parameter is not found")
	}
	if _, ok := p.Lookup("b"); ok {
		t.Error("absent parameter is found")
	}
}

func TestWithAndWithoutLeaveTheOriginalAlone(t *testing.T) {
	t.Parallel()
	p := make(Params, 0, 8)
	p = append(p, Param{"a", "1"}, Param{"c", "3"})
	if got, want := p.With("b", "2"), (Params{{"a", "1"}, {"b", "2"}, {"c", "3"}}); !slices.Equal(got, want) {
		t.Errorf("With a new name = %v, want %v", got, want)
	}
	if got, want := p.With("a", "9"), (Params{{"a", "9"}, {"c", "3"}}); !slices.Equal(got, want) {
		t.Errorf("With a known name = %v, want %v", got, want)
	}
	if got, want := p.Without("a"), (Params{{"c", "3"}}); !slices.Equal(got, want) {
		t.Errorf("Without = %v, want %v", got, want)
	}
	if want := (Params{{"a", "1"}, {"c", "3"}}); !slices.Equal(p, want) {
		t.Errorf("original became %v", p)
	}
}

func FuzzParseParams(f *testing.F) {
	for _, raw := range []string{"", "b=1&a=2&_=3&Z=4&%C3%A9=5", "a=x+y%20z", "a=&b", "a=1&a=2", "a=%2", "a=%FF", "a=1;b=2"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := ParseParams(raw)
		if err != nil {
			return
		}
		again, err := ParseParams(p.Encode())
		if err != nil || !slices.Equal(again, p) {
			t.Errorf("ParseParams(%q) = %v, %v; want %v", p.Encode(), again, err, p)
		}
	})
}
