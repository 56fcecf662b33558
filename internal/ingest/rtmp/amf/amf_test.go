package amf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

// cases are values with their coding, where Append gives the same bytes.
var cases = []struct {
	name  string
	bytes string
	value any
}{
	{"number", "\x00\x40\x45\x00\x00\x00\x00\x00\x00", 42.0},
	{"true", "\x01\x01", true},
	{"false", "\x01\x00", false},
	{"string", "\x02\x00\x03abc", "abc"},
	{"empty string", "\x02\x00\x00", ""},
	{"null", "\x05", nil},
	{"undefined", "\x06", Undefined{}},
	{"date", "\x0b\x40\x45\x00\x00\x00\x00\x00\x00\x00\x00", Date(42)},
	{"long string", "\x0c\x00\x01\x00\x00" + strings.Repeat("x", 65536), strings.Repeat("x", 65536)},
	{"empty object", "\x03\x00\x00\x09", Object(nil)},
	{"object keeps its order", "\x03\x00\x01b\x05\x00\x01a\x01\x01\x00\x00\x09", Object{{"b", nil}, {"a", true}}},
	{"ECMA array", "\x08\x00\x00\x00\x01\x00\x01a\x05\x00\x00\x09", Map{{"a", nil}}},
	{"strict array", "\x0a\x00\x00\x00\x02\x05\x01\x01", []any{nil, true}},
	{"nested", "\x03\x00\x01a\x0a\x00\x00\x00\x01\x03\x00\x00\x09\x00\x00\x09", Object{{"a", []any{Object(nil)}}}},
}

// lenientCases are codings that are read and not written.
var lenientCases = []struct {
	name  string
	bytes string
	value any
}{
	{"unsupported", "\x0d", Undefined{}},
	{"XML", "\x0f\x00\x00\x00\x03<a>", "<a>"},
	{"typed object", "\x10\x00\x03Foo\x00\x01a\x05\x00\x00\x09", Object{{"a", nil}}},
	{"ECMA array with a wrong count", "\x08\x00\x00\x00\x09\x00\x01a\x05\x00\x00\x09", Map{{"a", nil}}},
	{"ECMA array without its end", "\x08\x00\x00\x00\x01\x00\x01a\x05", Map{{"a", nil}}},
	{"AMF3 undefined", "\x11\x00", Undefined{}},
	{"AMF3 null", "\x11\x01", nil},
	{"AMF3 false", "\x11\x02", false},
	{"AMF3 true", "\x11\x03", true},
	{"AMF3 integer of one byte", "\x11\x04\x7f", 127.0},
	{"AMF3 integer of two bytes", "\x11\x04\x81\x00", 128.0},
	{"AMF3 integer of three bytes", "\x11\x04\x81\x80\x00", 16384.0},
	{"AMF3 integer of four bytes", "\x11\x04\x80\xc0\x80\x00", 2097152.0},
	{"AMF3 negative integer", "\x11\x04\xff\xff\xff\xff", -1.0},
	{"AMF3 double", "\x11\x05\x40\x45\x00\x00\x00\x00\x00\x00", 42.0},
	{"AMF3 string", "\x11\x06\x07abc", "abc"},
	{"AMF3 XML document", "\x11\x07\x07<a>", "<a>"},
	{"AMF3 date", "\x11\x08\x01\x40\x45\x00\x00\x00\x00\x00\x00", Date(42)},
	{"AMF3 byte array", "\x11\x0c\x05\x01\x02", "\x01\x02"},
	{"AMF3 strict array", "\x11\x09\x05\x01\x02\x03", []any{false, true}},
	{"AMF3 array with names", "\x11\x09\x03\x03a\x03\x01\x02", Map{{"a", true}, {"0", false}}},
	{"AMF3 dynamic object", "\x11\x0a\x0b\x01\x03a\x04\x05\x01", Object{{"a", 5.0}}},
	{"AMF3 object with traits and string references", "\x11\x09\x05\x01\x0a\x13\x01\x03a\x06\x00\x0a\x01\x06\x05bc",
		[]any{Object{{"a", "a"}}, Object{{"a", "bc"}}}},
	{"AMF3 within an object", "\x03\x00\x01a\x11\x04\x05\x00\x00\x09", Object{{"a", 5.0}}},
}

var refusedCases = []struct {
	name  string
	bytes string
	want  error
}{
	{"nothing", "", ErrShort},
	{"cut number", "\x00\x01", ErrShort},
	{"cut boolean", "\x01", ErrShort},
	{"cut string", "\x02\x00\x05abc", ErrShort},
	{"cut long string", "\x0c\xff\xff\xff\xffabc", ErrShort},
	{"cut object", "\x03\x00\x01a\x05", ErrShort},
	{"cut date", "\x0b\x40\x45\x00\x00\x00\x00\x00\x00\x00", ErrShort},
	{"strict array longer than the message", "\x0a\xff\xff\xff\xff\x05", ErrShort},
	{"reference", "\x07\x00\x00", ErrUnsupported},
	{"unknown marker", "\x7f", ErrUnsupported},
	{"objects too deep", strings.Repeat("\x03\x00\x01a", 20) + "\x05", ErrTooLarge},
	{"arrays too deep", strings.Repeat("\x0a\x00\x00\x00\x01", 20) + "\x05", ErrTooLarge},
	{"too many values", "\x0a\x00\x00\x20\x00" + strings.Repeat("\x05", 0x2000), ErrTooLarge},
	{"AMF3 unknown marker", "\x11\x0d", ErrUnsupported},
	{"AMF3 reference to an object", "\x11\x0a\x00", ErrUnsupported},
	{"AMF3 reference to a date", "\x11\x08\x00", ErrUnsupported},
	{"AMF3 class with a coding of its own", "\x11\x0a\x07\x03X", ErrUnsupported},
	{"AMF3 reference to no string", "\x11\x06\x00", ErrMalformed},
	{"AMF3 reference to no traits", "\x11\x0a\x01", ErrMalformed},
	{"AMF3 traits longer than the message", "\x11\x0a\xff\xff\xff\xf3\x01", ErrShort},
	{"AMF3 array longer than the message", "\x11\x09\xff\xff\xff\xff\x01", ErrShort},
	{"AMF3 too deep", "\x11" + strings.Repeat("\x09\x03\x01", 20) + "\x01", ErrTooLarge},
	{"AMF3 text that multiplies", "\x11\x09\xc1\x01\x01" + amf3String(60_000) + strings.Repeat("\x06\x00", 4000), ErrTooLarge},
}

// amf3String is an AMF3 string of n bytes, with its marker.
func amf3String(n int) string {
	n29 := n<<1 | 1
	return "\x06" + string([]byte{byte(n29>>14) | 0x80, byte(n29>>7) | 0x80, byte(n29 & 0x7f)}) + strings.Repeat("x", n)
}

func TestDecodeAndAppendAgree(t *testing.T) {
	t.Parallel()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, n, err := Decode([]byte(tc.bytes))
			if err != nil || n != len(tc.bytes) || !reflect.DeepEqual(got, tc.value) {
				t.Errorf("Decode = %#v, %d, %v; want %#v, %d", got, n, err, tc.value, len(tc.bytes))
			}
			if got := Append(nil, tc.value); string(got) != tc.bytes {
				t.Errorf("Append = %q, want %q", got, tc.bytes)
			}
		})
	}
}

func TestDecodeReadsWhatOthersWrite(t *testing.T) {
	t.Parallel()
	for _, tc := range lenientCases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, n, err := Decode([]byte(tc.bytes))
			if err != nil || n != len(tc.bytes) || !reflect.DeepEqual(got, tc.value) {
				t.Errorf("Decode = %#v, %d, %v; want %#v, %d", got, n, err, tc.value, len(tc.bytes))
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range refusedCases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got, _, err := Decode([]byte(tc.bytes)); !errors.Is(err, tc.want) {
				t.Errorf("Decode = %#v, %v; want error %v", got, err, tc.want)
			}
		})
	}
}

func TestDecodeAllReadsToTheEnd(t *testing.T) {
	t.Parallel()
	got, err := DecodeAll([]byte("\x02\x00\x01a\x05\x01\x01"))
	if want := []any{"a", nil, true}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("DecodeAll = %v, %v; want %v", got, err, want)
	}
	if _, err := DecodeAll([]byte("\x05\x02")); !errors.Is(err, ErrShort) {
		t.Errorf("DecodeAll of a cut value: %v, want ErrShort", err)
	}
}

func TestAppendWritesIntegersAsNumbers(t *testing.T) {
	t.Parallel()
	want := binary.BigEndian.AppendUint64([]byte{0}, math.Float64bits(-7))
	if got := Append(nil, -7); !bytes.Equal(got, want) {
		t.Errorf("Append(-7) = %x, want %x", got, want)
	}
}

func TestAppendPanicsOnOtherTypes(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Append(nil, struct{}{})
}

func TestObjectsAnswerForWhatTheyLack(t *testing.T) {
	t.Parallel()
	o := Object{{"s", "text"}, {"n", 3.0}, {"s", "second"}}
	if got := o.String("s"); got != "text" {
		t.Errorf("String(s) = %q, want the first value", got)
	}
	if got := o.Number("n"); got != 3 {
		t.Errorf("Number(n) = %v, want 3", got)
	}
	if o.String("n") != "" || o.Number("s") != 0 || o.Get("none") != nil || Map(nil).Get("s") != nil {
		t.Error("a missing or ill-typed value is not zero")
	}
}

func FuzzAMF0(f *testing.F) {
	for _, tc := range cases {
		f.Add([]byte(tc.bytes))
	}
	for _, tc := range lenientCases {
		f.Add([]byte(tc.bytes))
	}
	for _, tc := range refusedCases {
		f.Add([]byte(tc.bytes))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		value, n, err := Decode(b)
		if n > len(b) {
			t.Fatalf("Decode took %d of %d bytes", n, len(b))
		}
		if err != nil {
			return
		}
		coded := Append(nil, value)
		if len(coded) > len(b)+2*MaxText+20*MaxValues {
			t.Errorf("%d bytes become %d", len(b), len(coded))
		}
		again, n, err := Decode(coded)
		if err != nil || n != len(coded) {
			t.Fatalf("Decode(Append(%#v)): %d of %d bytes, %v", value, n, len(coded), err)
		}
		if twice := Append(nil, again); !bytes.Equal(twice, coded) { // DeepEqual fails for NaN
			t.Errorf("Append(Decode(%x)) = %x", coded, twice)
		}
	})
}
