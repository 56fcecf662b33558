package sqlite

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// A seen takes any value.
type seen struct{ value any }

func (s *seen) Scan(value any) error {
	s.value = value
	return nil
}

type (
	word  string
	flag  bool
	count int8
)

func TestColumnsAreScanned(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "store.db"))
	for _, test := range []struct {
		column string
		want   any // value of the variable
	}{
		{`'text'`, "text"},
		{`'text'`, word("text")},
		{`''`, ""},
		{`-9223372036854775808`, int64(-1 << 63)},
		{`127`, count(127)},
		{`42`, 42},
		{`0`, false},
		{`1`, flag(true)},
		{`x'00ff'`, []byte{0, 0xff}},
		{`x''`, []byte(nil)},
		{`'text'`, seen{"text"}},
		{`1`, seen{int64(1)}},
		{`1.5`, seen{1.5}},
		{`NULL`, seen{nil}},
	} {
		dest := reflect.New(reflect.TypeOf(test.want))
		if err := s.writer.conn.value(t.Context(), dest.Interface(), `SELECT `+test.column); err != nil {
			t.Errorf("%s into a %T: %v", test.column, test.want, err)
		}
		if got := dest.Elem().Interface(); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s into a %T: %v, want %v", test.column, test.want, got, test.want)
		}
	}
}

func TestColumnsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "store.db"))
	for _, test := range []struct {
		column string
		dest   any
	}{
		{`NULL`, new(string)},
		{`NULL`, new(int)},
		{`NULL`, new(bool)},
		{`'1'`, new(int)},
		{`1`, new(string)},
		{`1.5`, new(int)},
		{`1.5`, new(float64)}, // nothing of ours is one
		{`128`, new(count)},
		{`2`, new(bool)},
		{`x'00'`, new(string)},
		{`'text'`, new([]byte)},
		{`'text'`, "text"},
		{`'text'`, (*string)(nil)},
		{`'text'`, nil},
	} {
		err := s.writer.conn.value(t.Context(), test.dest, `SELECT `+test.column)
		if err == nil || !strings.Contains(err.Error(), "column 1") {
			t.Errorf("%s into a %T: %v, want an error that names the column", test.column, test.dest, err)
		}
	}
	if err := s.writer.conn.value(t.Context(), new(string), `SELECT 'a', 'b'`); err == nil {
		t.Error("two columns into one variable: no error")
	}
	if err := s.writer.conn.value(t.Context(), new(string), `SELECT 'a' WHERE FALSE`); err == nil {
		t.Error("no row into a variable: no error")
	}
}

// A statement runs again after rows of it were closed early, and closing these
// again does not disturb that run.
func TestClosedRowsAreDoneWith(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "store.db"))
	const query = `SELECT value FROM json_each($1)`
	first, err := s.writer.conn.query(query, `["a", "b"]`)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := s.writer.conn.query(query, `["c", "d"]`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for len(got) < 3 && second.Next() { // a run that begins anew would never end
		var text string
		if err := second.Scan(&text); err != nil {
			t.Fatal(err)
		}
		got = append(got, text)
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := second.Err(); err != nil {
		t.Fatal(err)
	}
	if want := []string{"c", "d"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}
