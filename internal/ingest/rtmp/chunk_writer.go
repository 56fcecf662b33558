package rtmp

import "encoding/binary"

// Chunk stream ids that we send on (RTMP, section 5.3.1.1: 2 is for protocol
// control messages).
const (
	chunkControl = 2
	chunkCommand = 3
	chunkAudio   = 4
	chunkStatus  = 5
	chunkVideo   = 6
	chunkData    = 8
)

// appendMessage appends a message in chunks of at most chunkSize bytes of
// payload. Every message has a full header, so that what is appended does not
// depend on what was before. chunkStreamID is 2 to 63.
func appendMessage(dst []byte, chunkStreamID byte, m messageHeader, body []byte, chunkSize int) []byte {
	time := min(m.timestamp, extendedTimestamp)
	dst = append(dst, chunkStreamID)
	dst = appendUint24(dst, time)
	dst = appendUint24(dst, uint32(len(body)))
	dst = append(dst, m.typeID)
	dst = binary.LittleEndian.AppendUint32(dst, m.streamID)
	for {
		if time == extendedTimestamp {
			dst = binary.BigEndian.AppendUint32(dst, m.timestamp)
		}
		n := min(len(body), chunkSize)
		dst = append(dst, body[:n]...)
		if body = body[n:]; len(body) == 0 {
			return dst
		}
		dst = append(dst, 3<<6|chunkStreamID)
	}
}

// A messageHeader is a message without its body.
type messageHeader struct {
	typeID    byte
	streamID  uint32
	timestamp uint32
}

// appendControl appends a protocol control message that has one number.
func appendControl(dst []byte, typeID byte, n uint32) []byte {
	body := binary.BigEndian.AppendUint32(nil, n)
	return appendMessage(dst, chunkControl, messageHeader{typeID: typeID}, body, defaultChunkSize)
}

// appendUserControl appends a user control message.
func appendUserControl(dst []byte, event uint16, data []byte) []byte {
	body := append(binary.BigEndian.AppendUint16(nil, event), data...)
	return appendMessage(dst, chunkControl, messageHeader{typeID: typeUserControl}, body, defaultChunkSize)
}
