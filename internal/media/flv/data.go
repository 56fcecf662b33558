package flv

import (
	"bytes"
	"encoding/binary"
	"math"
)

// DataNumber returns a number that a data message tells under name, as onMetaData
// tells videodatarate. It looks for the property where ever it stands (AMF0,
// sections 2.2 and 2.5): a message that nests it elsewhere is not told apart.
func DataNumber(body []byte, name string) (float64, bool) {
	key := binary.BigEndian.AppendUint16(nil, uint16(len(name)))
	key = append(key, name...)
	key = append(key, 0) // the marker of a number
	_, rest, found := bytes.Cut(body, key)
	if !found || len(rest) < 8 {
		return 0, false
	}
	n := math.Float64frombits(binary.BigEndian.Uint64(rest))
	return n, !math.IsNaN(n) && !math.IsInf(n, 0)
}
