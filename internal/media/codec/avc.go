package codec

import (
	"encoding/binary"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
)

// parseAVC reads an AVCDecoderConfigurationRecord, ISO/IEC 14496-15 section
// 5.3.3.1.
func parseAVC(b []byte) (Info, error) {
	if len(b) < 6 {
		return Info{}, errShort
	}
	info := Info{Codecs: fmt.Sprintf("avc1.%02x%02x%02x", b[1], b[2], b[3])}
	if b[5]&31 == 0 {
		return info, nil // parameter sets travel in the stream
	}
	nalu, _, err := cutNALU(b[6:])
	if err != nil {
		return info, err
	}
	var sps h264.SPS
	if err := sps.Unmarshal(nalu); err != nil {
		return info, err
	}
	info.setPicture(sps.Width(), sps.Height(), sps.FPS())
	return info, nil
}

// cutNALU splits b after a NAL unit with a length of two bytes.
func cutNALU(b []byte) (nalu, rest []byte, err error) {
	if len(b) < 2 {
		return nil, nil, errShort
	}
	n := int(binary.BigEndian.Uint16(b))
	if len(b) < 2+n {
		return nil, nil, errShort
	}
	return b[2 : 2+n], b[2+n:], nil
}
