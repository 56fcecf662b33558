package wire

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Decode fills *dst, a struct, from p. The error is a *ParamError; a missing
// parameter is reported before one that cannot be used.
//
// Fields are strings, booleans (true, false, yes, no, 1, 0 in any case),
// integers, times, pointers to these, and lists of strings or of structs. A
// pointer stays nil where the parameter is absent. An empty value is a value
// for strings and the same as none for everything else. Parameters that dst
// does not know are ignored: clients always send some.
func Decode(p Params, dst any) error {
	v := reflect.ValueOf(dst).Elem()
	fields := Fields(v.Type())
	for _, f := range fields {
		if f.Required && p.Get(f.Name) == "" && (f.Max == 0 || len(p.withPrefix(f.Name+".")) == 0) {
			return &ParamError{Name: f.Name, Missing: true}
		}
	}
	return decodeStruct(p, v, fields, "", "")
}

// decodeStruct fills v with the parameters whose names start with prefix; in
// documentation that prefix reads docPrefix.
func decodeStruct(p Params, v reflect.Value, fields []Field, prefix, docPrefix string) error {
	for _, f := range fields {
		dst := v.Field(f.Index)
		if f.Max > 0 {
			if err := decodeList(p, dst, f, prefix, docPrefix); err != nil {
				return err
			}
			continue
		}
		value, ok := p.Lookup(prefix + f.Name)
		if !ok {
			continue
		}
		if err := decodeScalar(value, dst); err != nil {
			return &ParamError{Name: docPrefix + f.Name, Err: err}
		}
	}
	return nil
}

// decodeList fills the list f from Name.1, Name.2 or Name.1.Field and so on.
// The items keep the order of their numbers; numbers may be left out.
func decodeList(p Params, dst reflect.Value, f Field, prefix, docPrefix string) error {
	prefix, docPrefix = prefix+f.Name+".", docPrefix+f.Name
	var numbers []int
	for _, q := range p.withPrefix(prefix) {
		number, _, _ := strings.Cut(q.Name[len(prefix):], ".")
		n, err := strconv.Atoi(number)
		if err != nil {
			continue // not an item; some parameter that we do not know
		}
		if n < 1 || n > f.Max || strconv.Itoa(n) != number {
			return &ParamError{Name: docPrefix, Err: fmt.Errorf("items are numbered 1 to %d, not %.20s", f.Max, number)}
		}
		if !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for _, n := range numbers {
		item := reflect.New(f.Type.Elem()).Elem()
		name := prefix + strconv.Itoa(n)
		if item.Kind() == reflect.Struct {
			if err := decodeStruct(p, item, Fields(item.Type()), name+".", docPrefix+".N."); err != nil {
				return err
			}
		} else if value, ok := p.Lookup(name); !ok {
			continue // Name.1.Something, but the items have no members
		} else if err := decodeScalar(value, item); err != nil {
			return &ParamError{Name: docPrefix, Err: err}
		}
		dst.Set(reflect.Append(dst, item))
	}
	return nil
}

// decodeScalar sets dst, a string, bool, integer, time or a pointer to one.
func decodeScalar(value string, dst reflect.Value) error {
	if dst.Kind() == reflect.Pointer {
		elem := reflect.New(dst.Type().Elem())
		if value == "" && elem.Elem().Kind() != reflect.String {
			return nil
		}
		dst.Set(elem)
		return decodeScalar(value, elem.Elem())
	}
	if dst.Kind() == reflect.String {
		dst.SetString(value)
		return nil
	}
	if value == "" {
		return nil
	}
	switch {
	case dst.Type() == timeType:
		t, err := ParseTime(value)
		if err != nil {
			return err
		}
		dst.Set(reflect.ValueOf(t))
	case dst.Kind() == reflect.Bool:
		b, err := ParseBool(value)
		if err != nil {
			return err
		}
		dst.SetBool(b)
	case dst.CanInt():
		n, err := strconv.ParseInt(value, 10, dst.Type().Bits())
		if err != nil {
			return fmt.Errorf("not an integer of %d bits", dst.Type().Bits())
		}
		dst.SetInt(n)
	default:
		panic("wire: cannot decode into " + dst.Type().String())
	}
	return nil
}

// ParseBool reads a boolean as pages and clients send it: true and false, but also yes
// and no, 1 and 0.
func ParseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return false, fmt.Errorf("not a boolean: %.20q", s)
}
