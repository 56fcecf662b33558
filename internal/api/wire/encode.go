package wire

import (
	"bytes"
	"encoding/xml"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// A Format is an encoding of answers.
type Format int

const (
	XML Format = iota // the default
	JSON
)

// ContentType returns the exact header value: clients compare it as text, so
// there is no blank before charset.
func (f Format) ContentType() string {
	if f == JSON {
		return "application/json;charset=utf-8"
	}
	return "text/xml;charset=utf-8"
}

// prolog is the vendor's, single quotes included.
const prolog = `<?xml version='1.0' encoding='UTF-8'?>`

// Encode returns the members of v, a struct, after the member RequestId. In XML
// they stand inside an element named root, in JSON in a bare object. Lists nest
// as their structs do, and an empty one is [] or nothing, never null. A pointer
// reads as what it points to, and has the option omitempty.
func Encode(f Format, root, requestID string, v any) []byte {
	b := make([]byte, 0, 512)
	value := reflect.ValueOf(v)
	if f == JSON {
		b = append(b, `{"RequestId":`...)
		b = appendJSONString(b, requestID)
		b = appendJSONMembers(b, value, true)
		return append(b, '}')
	}
	b = append(b, prolog...)
	b = appendTag(b, root, false)
	b = appendXML(b, "RequestId", reflect.ValueOf(requestID), false)
	b = appendXMLMembers(b, value)
	return appendTag(b, root, true)
}

// appendJSONMembers appends the members of v; after says that one stands before.
func appendJSONMembers(b []byte, v reflect.Value, after bool) []byte {
	for _, f := range Fields(v.Type()) {
		member := v.Field(f.Index)
		if f.Omit && member.IsZero() {
			continue
		}
		if after {
			b = append(b, ',')
		}
		after = true
		b = appendJSONString(b, f.Name)
		b = append(b, ':')
		b = appendJSON(b, member)
	}
	return b
}

func appendJSON(b []byte, v reflect.Value) []byte {
	switch {
	case v.Kind() == reflect.Pointer: // nil ones are left out
		return appendJSON(b, v.Elem())
	case v.Kind() == reflect.Struct:
		b = append(b, '{')
		b = appendJSONMembers(b, v, false)
		return append(b, '}')
	case v.Kind() == reflect.Slice:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, v.Index(i))
		}
		return append(b, ']')
	case v.Kind() == reflect.String:
		return appendJSONString(b, v.String())
	default:
		return appendNumber(b, v)
	}
}

// appendJSONString escapes what JSON demands and nothing more, as the vendor
// does: & < > stay readable in URLs.
func appendJSONString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(b, s[start:i]...)
				b = append(b, `\ufffd`...)
				start = i + size
			}
			i += size
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, `\n`...)
			default:
				b = append(b, `\u00`...)
				b = append(b, hex[c>>4], hex[c&15])
			}
			start = i + 1
		}
		i++
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendXMLMembers(b []byte, v reflect.Value) []byte {
	for _, f := range Fields(v.Type()) {
		member := v.Field(f.Index)
		if f.Omit && member.IsZero() {
			continue
		}
		b = appendXML(b, f.Name, member, f.CDATA)
	}
	return b
}

// appendXML appends v as an element, and a list as one element an item.
func appendXML(b []byte, name string, v reflect.Value, cdata bool) []byte {
	if v.Kind() == reflect.Pointer { // nil ones are left out
		v = v.Elem()
	}
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			b = appendXML(b, name, v.Index(i), cdata)
		}
		return b
	}
	b = appendTag(b, name, false)
	switch v.Kind() {
	case reflect.Struct:
		b = appendXMLMembers(b, v)
	case reflect.String:
		b = appendXMLText(b, v.String(), cdata)
	default:
		b = appendNumber(b, v)
	}
	return appendTag(b, name, true)
}

func appendTag(b []byte, name string, end bool) []byte {
	b = append(b, '<')
	if end {
		b = append(b, '/')
	}
	b = append(b, name...)
	return append(b, '>')
}

// appendXMLText escapes s. A CDATA section is used only where s cannot end it.
func appendXMLText(b []byte, s string, cdata bool) []byte {
	if cdata && !bytes.Contains([]byte(s), []byte("]]>")) {
		b = append(b, "<![CDATA["...)
		b = append(b, s...)
		return append(b, "]]>"...)
	}
	buf := bytes.NewBuffer(b)
	xml.EscapeText(buf, []byte(s)) // a bytes.Buffer takes every write
	return buf.Bytes()
}

// appendNumber appends a boolean, an integer or a finite fraction, which read the
// same in JSON and in XML.
func appendNumber(b []byte, v reflect.Value) []byte {
	switch {
	case v.Kind() == reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case v.CanInt():
		return strconv.AppendInt(b, v.Int(), 10)
	case v.CanFloat():
		return strconv.AppendFloat(b, v.Float(), 'f', -1, v.Type().Bits())
	}
	panic("wire: cannot encode " + v.Type().String())
}
