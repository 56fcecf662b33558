package remote

import "testing"

func FuzzMarks(f *testing.F) {
	for _, mark := range []string{"", ":", "00000000000000ff:\"etag\"", "ff:etag", "00000000000000FF:etag", "00000000000000ff:a:b", "+0000000000000ff:etag"} {
		f.Add(mark)
	}
	f.Fuzz(func(t *testing.T, mark string) {
		crc64, etag, err := parseMark(mark)
		if err != nil {
			return
		}
		if again := markPart(crc64, etag); again != mark {
			t.Errorf("markPart(parseMark(%q)) = %q", mark, again)
		}
	})
}

func TestMarksAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	for _, etag := range []string{"", "9a0364b9e99bb480dd25e1f0284c8555", `"9A03-2"`, "a:b"} {
		crc64, got, err := parseMark(markPart(255, etag))
		if crc64 != 255 || got != etag || err != nil {
			t.Errorf("parseMark(markPart(255, %q)) = %d, %q, %v", etag, crc64, got, err)
		}
	}
}
