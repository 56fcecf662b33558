package mpegts

import "encoding/binary"

// be is the byte order of transport streams.
var be = binary.BigEndian

// tablePackets is how many packets the tables take at the begin of a slice.
const tablePackets = 2

// programNumber names the only program of a stream.
const programNumber = 1

// appendTables appends a packet with the program association table and one with
// the map of the program (sections 2.4.4.3 and 2.4.4.8).
func appendTables(dst []byte, pcrPID uint16, tracks ...*track) []byte {
	dst, pat := beginTable(dst, patPID, 0x00, 1) // transport_stream_id
	dst = be.AppendUint16(dst, programNumber)
	dst = be.AppendUint16(dst, 7<<13|pmtPID)
	dst = endTable(dst, pat)

	dst, pmt := beginTable(dst, pmtPID, 0x02, programNumber)
	dst = be.AppendUint16(dst, 7<<13|pcrPID)
	dst = be.AppendUint16(dst, 15<<12) // no descriptors of the program
	for _, t := range tracks {
		dst = append(dst, t.streamType)
		dst = be.AppendUint16(dst, 7<<13|t.pid)
		dst = be.AppendUint16(dst, 15<<12|uint16(len(t.descriptors)))
		dst = append(dst, t.descriptors...)
	}
	return endTable(dst, pmt)
}

// beginTable begins a packet with one section (section 2.4.4.11) and returns
// where the packet starts. Its continuity counter is 0.
func beginTable(dst []byte, pid uint16, tableID byte, extension uint16) (_ []byte, start int) {
	start = len(dst)
	dst = append(dst, syncByte, startsUnit|byte(pid>>8), byte(pid), hasPayload)
	dst = append(dst, 0) // pointer_field
	dst = append(dst, tableID, 0, 0)
	dst = be.AppendUint16(dst, extension)
	return append(dst, 0xc1, 0, 0), start // version 0, current; section 0 of 0
}

// endTable sets the length of the section, appends its checksum and fills the
// packet.
func endTable(dst []byte, start int) []byte {
	const sectionAt, lengthAt, lengthEnd, crcSize = 5, 6, 8, 4
	length := len(dst) - start - lengthEnd + crcSize
	be.PutUint16(dst[start+lengthAt:], 0b1011<<12|uint16(length))
	dst = be.AppendUint32(dst, crc32(dst[start+sectionAt:]))
	return append(dst, stuffing[:start+packetSize-len(dst)]...)
}

// crc32 is the checksum of annex A, whose bits run the other way round than those
// of hash/crc32.
func crc32(b []byte) uint32 {
	crc := ^uint32(0)
	for _, c := range b {
		crc ^= uint32(c) << 24
		for range 8 {
			top := crc >> 31
			crc = crc<<1 ^ top*0x04c11db7
		}
	}
	return crc
}
