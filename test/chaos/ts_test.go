package chaos

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"tallylight/internal/media"
)

// What the tests need of MPEG transport streams (ISO/IEC 13818-1) that hold one
// stream of video and one of audio.
const (
	tsPacket = 188
	tsSync   = 0x47

	videoStreamID = 0xe0
	audioStreamID = 0xc0
)

var errTS = errors.New("malformed transport stream")

// walkTS walks the PES packets of a slice.
func walkTS(data []byte, r *contentReader) error {
	growing := make(map[uint16][]byte) // PES packets, by PID
	for len(data) > 0 {
		if len(data) < tsPacket || data[0] != tsSync {
			return errTS
		}
		packet := data[:tsPacket]
		data = data[tsPacket:]
		pid := binary.BigEndian.Uint16(packet[1:]) & 0x1fff
		begins := packet[1]&0x40 != 0
		payload := packet[4:]
		if packet[3]&0x20 != 0 { // adaptation field
			if int(payload[0])+1 > len(payload) {
				return errTS
			}
			payload = payload[1+payload[0]:]
		}
		if packet[3]&0x10 == 0 {
			continue
		}
		if begins {
			if err := walkPES(growing[pid], r); err != nil {
				return err
			}
			growing[pid] = nil
			if !bytes.HasPrefix(payload, []byte{0, 0, 1}) {
				continue // a table
			}
			growing[pid] = []byte{}
		}
		if growing[pid] != nil {
			growing[pid] = append(growing[pid], payload...)
		}
	}
	for _, pes := range growing { // the last of each stream
		if err := walkPES(pes, r); err != nil {
			return err
		}
	}
	return nil
}

// walkPES adds the frame of a PES packet (section 2.4.3.6).
func walkPES(pes []byte, r *contentReader) error {
	if len(pes) == 0 {
		return nil
	}
	if len(pes) < 14 || len(pes) < 9+int(pes[8]) {
		return errTS
	}
	pts := timestamp(pes[9:])
	dts := pts
	if pes[7]&0x40 != 0 {
		dts = timestamp(pes[14:])
	}
	payload := pes[9+int(pes[8]):]
	u := media.Unit{DTS: dts, Composition: pts - dts}
	switch pes[3] {
	case videoStreamID:
		u.Kind, u.Codec = media.Video, media.H264
		u.Body, u.Key = lengthPrefixed(payload)
		return r.add(u)
	case audioStreamID:
		u.Kind, u.Codec, u.Key = media.Audio, media.AAC, true
		const header = 7 // of ADTS without a check sum
		if len(payload) < header {
			return errTS
		}
		u.Body = payload[header:]
		return r.add(u)
	}
	return errTS
}

// timestamp reads 33 bits of 90 kHz.
func timestamp(b []byte) time.Duration {
	n := int64(b[0]>>1&7)<<30 | int64(binary.BigEndian.Uint16(b[1:])>>1)<<15 | int64(binary.BigEndian.Uint16(b[3:])>>1)
	return (time.Duration(n) * time.Second / 90_000).Round(time.Millisecond)
}

// lengthPrefixed turns the byte stream format (H.264 annex B) into that of the
// clip, without delimiters and parameter sets, and reports whether it is an IDR
// picture.
func lengthPrefixed(stream []byte) (body []byte, key bool) {
	const idr, sps, pps, delimiter = 5, 7, 8, 9
	for _, nalu := range bytes.Split(stream, []byte{0, 0, 1})[1:] {
		nalu = bytes.TrimRight(nalu, "\x00")
		if len(nalu) == 0 {
			continue
		}
		switch nalu[0] & 31 {
		case sps, pps, delimiter:
			continue
		case idr:
			key = true
		}
		body = binary.BigEndian.AppendUint32(body, uint32(len(nalu)))
		body = append(body, nalu...)
	}
	return body, key
}
