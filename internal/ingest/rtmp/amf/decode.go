package amf

import (
	"encoding/binary"
	"math"
)

// AMF0 markers (AMF 0 specification, section 2.1).
const (
	markerNumber      = 0x00
	markerBoolean     = 0x01
	markerString      = 0x02
	markerObject      = 0x03
	markerNull        = 0x05
	markerUndefined   = 0x06
	markerECMAArray   = 0x08
	markerObjectEnd   = 0x09
	markerStrictArray = 0x0a
	markerDate        = 0x0b
	markerLongString  = 0x0c
	markerUnsupported = 0x0d
	markerXML         = 0x0f
	markerTypedObject = 0x10
	markerAVMPlus     = 0x11 // an AMF3 value follows
)

// Decode reads the first AMF0 value of b and returns it with its size in bytes.
func Decode(b []byte) (value any, size int, err error) {
	d := decoder{rest: b}
	value, err = d.value(0)
	return value, len(b) - len(d.rest), err
}

// DecodeAll reads AMF0 values up to the end of b.
func DecodeAll(b []byte) ([]any, error) {
	d := decoder{rest: b}
	var values []any
	for len(d.rest) > 0 {
		v, err := d.value(0)
		if err != nil {
			return values, err
		}
		values = append(values, v)
	}
	return values, nil
}

// A decoder reads the values of one message.
type decoder struct {
	rest   []byte
	values int
	text   int
}

// admit counts a value at depth against the bounds.
func (d *decoder) admit(depth int) error {
	d.values++
	if d.values > MaxValues || depth > MaxDepth {
		return ErrTooLarge
	}
	return nil
}

func (d *decoder) value(depth int) (any, error) {
	if err := d.admit(depth); err != nil {
		return nil, err
	}
	marker, err := d.byte()
	if err != nil {
		return nil, err
	}
	switch marker {
	case markerNumber:
		return d.double()
	case markerBoolean:
		b, err := d.byte()
		return b != 0, err
	case markerString:
		return d.shortString()
	case markerLongString, markerXML:
		return d.longString()
	case markerNull:
		return nil, nil
	case markerUndefined, markerUnsupported:
		return Undefined{}, nil
	case markerDate:
		ms, err := d.double()
		if err != nil {
			return nil, err
		}
		_, err = d.take(2) // time zone, which is reserved
		return Date(ms), err
	case markerObject:
		properties, err := d.properties(depth, false)
		return Object(properties), err
	case markerTypedObject:
		if _, err := d.shortString(); err != nil {
			return nil, err
		}
		properties, err := d.properties(depth, false)
		return Object(properties), err
	case markerECMAArray:
		if _, err := d.uint32(); err != nil { // the number of properties, a mere hint
			return nil, err
		}
		properties, err := d.properties(depth, true)
		return Map(properties), err
	case markerStrictArray:
		return d.strictArray(depth)
	case markerAVMPlus:
		d3 := decoder3{decoder: d}
		return d3.value(depth)
	default:
		return nil, ErrUnsupported
	}
}

// properties reads up to the object end marker. Some encoders leave it out after
// an ECMA array that ends the message, which mayEnd permits.
func (d *decoder) properties(depth int, mayEnd bool) ([]Property, error) {
	var properties []Property
	for {
		if mayEnd && len(d.rest) == 0 {
			return properties, nil
		}
		name, err := d.shortString()
		if err != nil {
			return properties, err
		}
		if name == "" && len(d.rest) > 0 && d.rest[0] == markerObjectEnd {
			d.rest = d.rest[1:]
			return properties, nil
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return properties, err
		}
		properties = append(properties, Property{name, v})
	}
}

func (d *decoder) strictArray(depth int) (any, error) {
	n, err := d.uint32()
	if err != nil {
		return nil, err
	}
	if int64(n) > int64(len(d.rest)) { // an element has a byte at least
		return nil, ErrShort
	}
	array := []any{}
	for range n {
		v, err := d.value(depth + 1)
		if err != nil {
			return array, err
		}
		array = append(array, v)
	}
	return array, nil
}

func (d *decoder) shortString() (string, error) {
	n, err := d.take(2)
	if err != nil {
		return "", err
	}
	return d.string(int(binary.BigEndian.Uint16(n)))
}

func (d *decoder) longString() (string, error) {
	n, err := d.uint32()
	if err != nil {
		return "", err
	}
	if int64(n) > int64(len(d.rest)) {
		return "", ErrShort
	}
	return d.string(int(n))
}

func (d *decoder) string(n int) (string, error) {
	b, err := d.take(n)
	if err != nil {
		return "", err
	}
	return string(b), d.admitText(n)
}

// admitText counts n bytes of text against the bounds.
func (d *decoder) admitText(n int) error {
	if d.text += n; d.text > MaxText {
		return ErrTooLarge
	}
	return nil
}

func (d *decoder) double() (float64, error) {
	b, err := d.take(8)
	if err != nil {
		return 0, err
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
}

func (d *decoder) uint32() (uint32, error) {
	b, err := d.take(4)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(b), nil
}

func (d *decoder) byte() (byte, error) {
	b, err := d.take(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

func (d *decoder) take(n int) ([]byte, error) {
	if len(d.rest) < n {
		return nil, ErrShort
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b, nil
}
