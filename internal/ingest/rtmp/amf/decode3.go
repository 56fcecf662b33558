package amf

import "strconv"

// AMF3 markers (AMF 3 specification, section 3.1).
const (
	marker3Undefined = 0x00
	marker3Null      = 0x01
	marker3False     = 0x02
	marker3True      = 0x03
	marker3Integer   = 0x04
	marker3Double    = 0x05
	marker3String    = 0x06
	marker3XMLDoc    = 0x07
	marker3Date      = 0x08
	marker3Array     = 0x09
	marker3Object    = 0x0a
	marker3XML       = 0x0b
	marker3ByteArray = 0x0c
)

// A decoder3 reads one AMF3 value, with the tables that references in it point
// into.
type decoder3 struct {
	*decoder
	strings []string
	traits  []traits
}

// traits is what objects of one class have in common.
type traits struct {
	names   []string
	dynamic bool
}

func (d *decoder3) value(depth int) (any, error) {
	if err := d.admit(depth); err != nil {
		return nil, err
	}
	marker, err := d.byte()
	if err != nil {
		return nil, err
	}
	switch marker {
	case marker3Undefined:
		return Undefined{}, nil
	case marker3Null:
		return nil, nil
	case marker3False:
		return false, nil
	case marker3True:
		return true, nil
	case marker3Integer:
		n, err := d.uint29()
		return float64(int32(n<<3) >> 3), err
	case marker3Double:
		return d.double()
	case marker3String:
		return d.string3()
	case marker3XMLDoc, marker3XML, marker3ByteArray:
		n, err := d.inline()
		if err != nil {
			return nil, err
		}
		return d.string(n)
	case marker3Date:
		if _, err := d.inline(); err != nil {
			return nil, err
		}
		ms, err := d.double()
		return Date(ms), err
	case marker3Array:
		return d.array(depth)
	case marker3Object:
		return d.object(depth)
	default:
		return nil, ErrUnsupported
	}
}

// uint29 reads an integer of one to four bytes, seven bits in each but the
// fourth, which has eight.
func (d *decoder3) uint29() (uint32, error) {
	var n uint32
	for range 3 {
		b, err := d.byte()
		if err != nil {
			return 0, err
		}
		n = n<<7 | uint32(b&0x7f)
		if b < 0x80 {
			return n, nil
		}
	}
	b, err := d.byte()
	return n<<8 | uint32(b), err
}

// inline reads the length of a value that stands here; a reference to an earlier
// one is refused.
func (d *decoder3) inline() (int, error) {
	n, err := d.uint29()
	if err == nil && n&1 == 0 {
		err = ErrUnsupported
	}
	return int(n >> 1), err
}

// string3 reads a string or a reference to one.
func (d *decoder3) string3() (string, error) {
	n, err := d.uint29()
	if err != nil {
		return "", err
	}
	if n&1 == 0 {
		i := int(n >> 1)
		if i >= len(d.strings) {
			return "", ErrMalformed
		}
		return d.strings[i], d.admitText(len(d.strings[i]))
	}
	s, err := d.string(int(n >> 1))
	if err == nil && s != "" {
		d.strings = append(d.strings, s)
	}
	return s, err
}

// array reads named values, then numbered ones. Without named ones it is a
// strict array.
func (d *decoder3) array(depth int) (any, error) {
	n, err := d.inline()
	if err != nil {
		return nil, err
	}
	named, err := d.dynamic(depth)
	if err != nil {
		return nil, err
	}
	if n > len(d.rest) { // an element has a byte at least
		return nil, ErrShort
	}
	array := []any{}
	for i := range n {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if named != nil {
			named = append(named, Property{strconv.Itoa(i), v})
		} else {
			array = append(array, v)
		}
	}
	if named != nil {
		return Map(named), nil
	}
	return array, nil
}

func (d *decoder3) object(depth int) (any, error) {
	t, err := d.objectTraits()
	if err != nil {
		return nil, err
	}
	var object Object
	for _, name := range t.names {
		if err := d.admitText(len(name)); err != nil {
			return nil, err
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		object = append(object, Property{name, v})
	}
	if t.dynamic {
		properties, err := d.dynamic(depth)
		if err != nil {
			return nil, err
		}
		object = append(object, properties...)
	}
	return object, nil
}

// objectTraits reads what precedes an object's values: traits, or a reference to
// earlier ones (section 3.12).
func (d *decoder3) objectTraits() (traits, error) {
	n, err := d.uint29()
	if err != nil {
		return traits{}, err
	}
	switch {
	case n&1 == 0: // reference to an object
		return traits{}, ErrUnsupported
	case n&2 == 0: // reference to traits
		if int(n>>2) >= len(d.traits) {
			return traits{}, ErrMalformed
		}
		return d.traits[n>>2], nil
	case n&4 != 0: // a class with a coding of its own
		return traits{}, ErrUnsupported
	}
	if _, err := d.string3(); err != nil { // class name
		return traits{}, err
	}
	count := int(n >> 4)
	if count > len(d.rest) {
		return traits{}, ErrShort
	}
	t := traits{dynamic: n&8 != 0}
	for range count {
		name, err := d.string3()
		if err != nil {
			return traits{}, err
		}
		if err := d.admit(0); err != nil {
			return traits{}, err
		}
		t.names = append(t.names, name)
	}
	d.traits = append(d.traits, t)
	return t, nil
}

// dynamic reads named values up to the empty name.
func (d *decoder3) dynamic(depth int) ([]Property, error) {
	var properties []Property
	for {
		name, err := d.string3()
		if err != nil || name == "" {
			return properties, err
		}
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		properties = append(properties, Property{name, v})
	}
}
