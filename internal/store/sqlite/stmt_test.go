package sqlite

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParametersGetTheirArguments(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "store.db"))
	type kind string
	for _, test := range []struct {
		name  string
		query string
		args  []any
		want  string
	}{
		{"in order", `SELECT $1 || $2 || $3`, []any{"a", "b", "c"}, "abc"},
		{"in another order", `SELECT $3 || $1 || $2`, []any{"a", "b", "c"}, "cab"},
		{"used twice", `SELECT $1 || $2 || $1`, []any{"a", "b"}, "aba"},
		{"not used", `SELECT $2`, []any{"a", "b", "c"}, "b"},
		{"more than nine", `SELECT $10 || $1`, []any{"a", 2, 3, 4, 5, 6, 7, 8, 9, "j"}, "ja"},
		{"beside a string", `SELECT $1 || ' $1 it''s $2'`, []any{"a"}, "a $1 it's $2"},
		{"beside a quoted name", `SELECT "$2" || $1 FROM (SELECT 'b' AS "$2")`, []any{"a"}, "ba"},
		{"beside comments", "SELECT -- don't use $2\n$1 /* nor $3,\nisn't it */ || $1", []any{"a"}, "aa"},
		{"of every type", `SELECT quote($1) || quote($2) || quote($3) || quote($4) || quote($5) || quote($6)`,
			[]any{1, int64(-1) << 62, true, nil, []byte{0xab}, kind("k")}, "1-46116860184273879041NULLX'AB''k'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for range 2 { // the second run has the buffers of the first
				if got := one(t, s.writer.conn, test.query, test.args...); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			}
		})
	}
}

// one returns the text that a query yields.
func one(t *testing.T, c *conn, query string, args ...any) (text string) {
	t.Helper()
	rows, err := c.query(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Next() {
		t.Fatal("no row", rows.Err())
	}
	if err := rows.Scan(&text); err != nil {
		t.Fatal(err)
	}
	if rows.Next() || rows.Err() != nil {
		t.Fatal("not one row", rows.Err())
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	return text
}

func TestStatementDoesNotRunWithoutItsArguments(t *testing.T) {
	t.Parallel()
	s := openTest(t, filepath.Join(t.TempDir(), "store.db"))
	for _, test := range []struct {
		name  string
		query string
		args  []any
		want  string
	}{
		{"too few", `SELECT $1 || $2`, []any{"a"}, "parameter $2"},
		{"too large a number", `SELECT $99999999999999999999`, []any{"a"}, "no argument"},
		{"no value of SQLite", `SELECT $1`, []any{struct{}{}}, "parameter $1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := s.writer.conn.query(test.query, test.args...); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("query: %v, want %q", err, test.want)
			}
			if _, err := s.writer.conn.exec(test.query, test.args...); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("exec: %v, want %q", err, test.want)
			}
		})
	}
}

func FuzzPositional(f *testing.F) {
	for _, query := range []string{
		`SELECT 1`, `SELECT $1 || $2, $1`, `$10$1`, `$0 $01 $ $a`, `'$1' $2 'it''s $3'`, `"$1"$2`,
		"-- $1\n$2", "/* $1\n */ $2 /* $3", `'open $1`, `json_extract(a, '$.b') = $1`,
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		text, params := positional(query)
		if strings.Count(text, "?") != strings.Count(query, "?")+len(params) {
			t.Errorf("positional(%q) = %q with %d parameters", query, text, len(params))
		}
		if slices.Contains(params, 0) {
			t.Errorf("positional(%q) has a parameter 0", query)
		}
		again, rest := positional(text)
		if again != text || len(rest) > 0 {
			t.Errorf("positional(%q) = %q, which it makes %q with %v", query, text, again, rest)
		}
	})
}
