package codec

import (
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
)

// parseAV1 reads an AV1CodecConfigurationRecord, AV1-ISOBMFF section 2.3.3.
func parseAV1(b []byte) (Info, error) {
	if len(b) < 4 {
		return Info{}, errShort
	}
	tier, depth := 'M', 8
	if b[2]&0x80 != 0 {
		tier = 'H'
	}
	if b[2]&0x40 != 0 {
		depth = 10
		if b[2]&0x20 != 0 {
			depth = 12
		}
	}
	info := Info{Codecs: fmt.Sprintf("av01.%d.%02d%c.%02d", b[1]>>5, b[1]&31, tier, depth)}
	for b = b[4:]; len(b) > 0; {
		obu, rest, err := cutOBU(b)
		if err != nil {
			return info, err
		}
		if av1.OBUType(obu[0]>>3&15) == av1.OBUTypeSequenceHeader {
			var header av1.SequenceHeader
			if err := header.Unmarshal(obu); err != nil {
				return info, err
			}
			info.setPicture(header.Width(), header.Height(), 0)
			return info, nil
		}
		b = rest
	}
	return info, nil
}

// cutOBU splits b, which is not empty, after its first OBU. One without a size
// reaches to the end.
func cutOBU(b []byte) (obu, rest []byte, err error) {
	if b[0]&2 == 0 {
		return b, nil, nil
	}
	at := 1
	if b[0]&4 != 0 { // extension byte
		at = 2
	}
	if len(b) <= at {
		return nil, nil, errShort
	}
	var size av1.LEB128
	n, err := size.Unmarshal(b[at:])
	if err != nil {
		return nil, nil, err
	}
	if uint64(size) > uint64(len(b)-at-n) {
		return nil, nil, errShort
	}
	end := at + n + int(size)
	return b[:end], b[end:], nil
}
