package flv

import "testing"

func TestDataNumber(t *testing.T) {
	t.Parallel()
	body := []byte("\x02\x00\x0aonMetaData\x08\x00\x00\x00\x02" +
		"\x00\x05width\x00\x40\x94\x00\x00\x00\x00\x00\x00" +
		"\x00\x0dvideodatarate\x00\x40\xa3\x88\x00\x00\x00\x00\x00\x00\x00\x09")
	for _, tc := range []struct {
		name string
		body []byte
		key  string
		want float64
		ok   bool
	}{
		{"a number", body, "videodatarate", 2500, true},
		{"another number", body, "width", 1280, true},
		{"a name that is missing", body, "height", 0, false},
		{"a number that is cut off", body[:len(body)-4], "videodatarate", 0, false},
		{"a string", []byte("\x00\x05width\x02\x00\x041280"), "width", 0, false},
		{"no number at all", []byte("\x00\x05width\x00\x7f\xf8\x00\x00\x00\x00\x00\x00"), "width", 0, false},
		{"nothing", nil, "width", 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got, ok := DataNumber(tc.body, tc.key); ok != tc.ok || ok && got != tc.want {
				t.Errorf("DataNumber = %v, %v; want %v, %v", got, ok, tc.want, tc.ok)
			}
		})
	}
}
