package codec

import (
	"encoding/binary"
	"math/bits"
	"strconv"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h265"
)

// parseHEVC reads an HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 section
// 8.3.3.1.
func parseHEVC(b []byte) (Info, error) {
	if len(b) < 23 {
		return Info{}, errShort
	}
	info := Info{Codecs: hevcCodecs(b)}
	arrays := b[22]
	b = b[23:]
	for range arrays {
		if len(b) < 3 {
			return info, errShort
		}
		naluType, count := h265.NALUType(b[0]&63), binary.BigEndian.Uint16(b[1:])
		b = b[3:]
		for range count {
			var (
				nalu []byte
				err  error
			)
			if nalu, b, err = cutNALU(b); err != nil {
				return info, err
			}
			if naluType != h265.NALUType_SPS_NUT {
				continue
			}
			var sps h265.SPS
			if err := sps.Unmarshal(nalu); err != nil {
				return info, err
			}
			info.setPicture(sps.Width(), sps.Height(), sps.FPS())
			return info, nil
		}
	}
	return info, nil
}

// hevcCodecs builds the codecs parameter of ISO/IEC 14496-15 annex E.3, for
// instance "hvc1.1.6.L93.b0".
func hevcCodecs(b []byte) string {
	s := []byte("hvc1.")
	if space := b[1] >> 6; space > 0 {
		s = append(s, 'A'+space-1)
	}
	s = strconv.AppendUint(s, uint64(b[1]&31), 10)
	s = append(s, '.')
	compatibility := bits.Reverse32(binary.BigEndian.Uint32(b[2:]))
	s = strconv.AppendUint(s, uint64(compatibility), 16)
	tier := byte('L')
	if b[1]&0x20 != 0 {
		tier = 'H'
	}
	s = append(s, '.', tier)
	s = strconv.AppendUint(s, uint64(b[12]), 10)
	constraints := b[6:12]
	for len(constraints) > 0 && constraints[len(constraints)-1] == 0 {
		constraints = constraints[:len(constraints)-1]
	}
	for _, c := range constraints {
		s = append(s, '.')
		s = strconv.AppendUint(s, uint64(c), 16)
	}
	return string(s)
}
