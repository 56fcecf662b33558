package amf

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Append appends values to dst as AMF0. Of the types of Go, it takes those that
// the package comment lists, and int as a number; any other is a mistake of the
// caller and panics. Names of properties are cut to 65,535 bytes.
func Append(dst []byte, values ...any) []byte {
	for _, v := range values {
		dst = appendValue(dst, v)
	}
	return dst
}

func appendValue(dst []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(dst, markerNull)
	case Undefined:
		return append(dst, markerUndefined)
	case bool:
		if v {
			return append(dst, markerBoolean, 1)
		}
		return append(dst, markerBoolean, 0)
	case int:
		return appendDouble(append(dst, markerNumber), float64(v))
	case float64:
		return appendDouble(append(dst, markerNumber), v)
	case string:
		if len(v) > math.MaxUint16 {
			dst = binary.BigEndian.AppendUint32(append(dst, markerLongString), uint32(len(v)))
			return append(dst, v...)
		}
		return appendName(append(dst, markerString), v)
	case Date:
		return append(appendDouble(append(dst, markerDate), float64(v)), 0, 0)
	case Object:
		return appendProperties(append(dst, markerObject), v)
	case Map:
		dst = binary.BigEndian.AppendUint32(append(dst, markerECMAArray), uint32(len(v)))
		return appendProperties(dst, v)
	case []any:
		dst = binary.BigEndian.AppendUint32(append(dst, markerStrictArray), uint32(len(v)))
		return Append(dst, v...)
	default:
		panic(fmt.Sprintf("amf: no coding for %T", value))
	}
}

func appendProperties(dst []byte, properties []Property) []byte {
	for _, p := range properties {
		dst = appendValue(appendName(dst, p.Name), p.Value)
	}
	return append(dst, 0, 0, markerObjectEnd)
}

func appendName(dst []byte, s string) []byte {
	s = s[:min(len(s), math.MaxUint16)]
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(s)))
	return append(dst, s...)
}

func appendDouble(dst []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(f))
}
