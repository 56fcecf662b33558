package sqlstore

import (
	"testing"
	"testing/fstest"
)

func TestMigrationsAreNumberedWithoutGap(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		files []string
		ok    bool
	}{
		{"none", nil, true},
		{"one", []string{"0001_a.sql"}, true},
		{"two", []string{"0001_b.sql", "0002_a.sql"}, true},
		{"other files beside", []string{"0001_a.sql", "README.md"}, true},
		{"not from one on", []string{"0002_a.sql"}, false},
		{"from zero on", []string{"0000_a.sql"}, false},
		{"a gap", []string{"0001_a.sql", "0003_a.sql"}, false},
		{"a number twice", []string{"0001_a.sql", "0001_b.sql"}, false},
		{"too few digits", []string{"1_a.sql"}, false},
		{"no number", []string{"a.sql"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files := fstest.MapFS{}
			for _, name := range test.files {
				files[name] = &fstest.MapFile{Data: []byte("SELECT 1;")}
			}
			if _, err := Migrations(files); (err == nil) != test.ok {
				t.Errorf("Migrations(%q): %v, want success: %t", test.files, err, test.ok)
			}
		})
	}
}

func TestChecksumIsOfTheTextWhateverItsLineEnds(t *testing.T) {
	t.Parallel()
	checksum := func(text string) string {
		m, err := Migrations(fstest.MapFS{"0001_a.sql": {Data: []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		return m[0].Checksum
	}
	if checksum("SELECT 1;\n") != checksum("SELECT 1;\r\n") {
		t.Error("line ends change the checksum")
	}
	if checksum("SELECT 1;\n") == checksum("SELECT 2;\n") {
		t.Error("the text does not change the checksum")
	}
}
