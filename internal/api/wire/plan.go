package wire

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Field describes one member of a request or a response struct, as its tag
// and its Go type say.
type Field struct {
	Name     string // on the wire
	Index    int    // in the struct
	Type     reflect.Type
	Required bool // requests: absent or empty is an error
	Max      int  // requests, lists only: the highest N of Name.N
	CDATA    bool // XML responses: the text travels as a CDATA section
	Omit     bool // responses: left out where zero
}

var timeType = reflect.TypeFor[time.Time]()

// plans holds the fields of every struct type seen. The types are those of the
// program, so it is bounded.
var plans sync.Map // reflect.Type → []Field

// Fields returns the fields of a struct type in their order. A field without
// the tag rpc, a tag that cannot be read or a list without bound in a request
// is a mistake in the program, and Fields panics.
func Fields(t reflect.Type) []Field {
	if f, ok := plans.Load(t); ok {
		return f.([]Field)
	}
	fields := make([]Field, 0, t.NumField())
	for i := range t.NumField() {
		fields = append(fields, parseField(t, i))
	}
	plans.Store(t, fields)
	return fields
}

// parseField reads the tag of the field i of t.
func parseField(t reflect.Type, i int) Field {
	sf := t.Field(i)
	name, options, _ := strings.Cut(sf.Tag.Get("rpc"), ",")
	if name == "" || !sf.IsExported() {
		panic(fmt.Sprintf("wire: field %s.%s is unexported or has no rpc tag", t, sf.Name))
	}
	f := Field{Name: name, Index: i, Type: sf.Type}
	for option := range strings.SplitSeq(options, ",") {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "":
		case "required":
			f.Required = true
		case "cdata":
			f.CDATA = true
		case "omitempty":
			f.Omit = true
		case "max":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				panic(fmt.Sprintf("wire: field %s.%s: bad max %q", t, sf.Name, value))
			}
			f.Max = n
		default:
			panic(fmt.Sprintf("wire: field %s.%s: unknown option %q", t, sf.Name, option))
		}
	}
	return f
}
