// Package amf reads and writes the Action Message Format, in which RTMP carries
// commands and metadata: AMF0, and the AMF3 values that AMF0 can switch to.
//
// In Go, values are
//
//	nil             null
//	Undefined       undefined, and what AMF calls unsupported
//	bool            boolean
//	float64         number, integer
//	string          string, XML; in AMF3 a byte array, too
//	Date            date
//	Object          object; the class name of a typed one is dropped
//	Map             ECMA array
//	[]any           strict array
//
// What the format allows and no encoder sends (references to objects, classes
// with a coding of their own, vectors, dictionaries) is refused. Depth, number
// and size of the values of one message are bounded.
package amf

import (
	"errors"
	"time"
)

// Bounds of the values of one message.
const (
	MaxDepth  = 16      // objects and arrays in one another
	MaxValues = 4096    // members and elements count, too
	MaxText   = 1 << 20 // bytes of strings and names, repeated ones counted each time
)

// Errors of the decoder.
var (
	ErrShort       = errors.New("amf: value is cut off")
	ErrTooLarge    = errors.New("amf: values are too many, too deep or too long")
	ErrUnsupported = errors.New("amf: unsupported type of value")
	ErrMalformed   = errors.New("amf: malformed value")
)

// Undefined is the value undefined.
type Undefined struct{}

// A Date is milliseconds since 1970-01-01 UTC.
type Date float64

// Time returns d to the millisecond.
func (d Date) Time() time.Time { return time.UnixMilli(int64(d)).UTC() }

// A Property is a named value.
type Property struct {
	Name  string
	Value any
}

// An Object is an anonymous object; its properties keep their order.
type Object []Property

// A Map is an ECMA array: values under names, in their order.
type Map []Property

// Get returns the first value under name, or nil.
func (o Object) Get(name string) any { return get(o, name) }

// Get returns the first value under name, or nil.
func (m Map) Get(name string) any { return get(m, name) }

func get(properties []Property, name string) any {
	for _, p := range properties {
		if p.Name == name {
			return p.Value
		}
	}
	return nil
}

// String returns the first value under name if it is a string, and "" otherwise.
func (o Object) String(name string) string {
	s, _ := o.Get(name).(string)
	return s
}

// Number returns the first value under name if it is a number, and 0 otherwise.
func (o Object) Number(name string) float64 {
	n, _ := o.Get(name).(float64)
	return n
}
