package rtmp

import (
	"errors"
	"fmt"
	"time"

	"tallylight/internal/ingest/rtmp/amf"
	"tallylight/internal/media"
	"tallylight/internal/media/flv"
)

// Errors of single messages that a demuxer skips.
var (
	errDataName  = errors.New("data message has no name")
	errAggregate = errors.New("aggregate message is cut off")

	errAggregateTags = fmt.Errorf("aggregate message has more than %d tags, the rest is dropped", maxAggregateTags)
)

// maxAggregateTags bounds the tags of an aggregate message that are taken: 16 MiB hold
// more than a million empty ones. Encoders send some seconds at once, at most.
const maxAggregateTags = 4096

// setDataFrame is the name that encoders put in front of metadata, which asks
// the server to keep it for those who join later. It is no part of the metadata.
const setDataFrame = "@setDataFrame"

// A demuxer cuts the media and data messages of one push into units.
type demuxer struct {
	clock clock
}

// append appends the units of m to dst and takes over the hold on its body. A
// message with nothing to record gives none. An error concerns the message
// alone, or a part of an aggregate.
func (d *demuxer) append(dst []media.Unit, m *message) ([]media.Unit, error) {
	if m.typeID == typeAggregate {
		defer m.unit.Release()
		return d.appendAggregate(dst, m)
	}
	return appendUnit(dst, m.typeID, m.unit, d.clock.at(m.timestamp))
}

// appendAggregate appends the units of an aggregate message, which holds FLV
// tags. Their timestamps count from the first one's (RTMP, section 7.1.6).
func (d *demuxer) appendAggregate(dst []media.Unit, m *message) ([]media.Unit, error) {
	const headerSize, trailerSize = 11, 4
	var offset uint32
	var errs error
	b := m.body()
	for tags := 0; len(b) > 0; tags++ {
		if tags == maxAggregateTags {
			return dst, errors.Join(errs, errAggregateTags)
		}
		if len(b) < headerSize {
			return dst, errors.Join(errs, errAggregate)
		}
		size := int(uint24(b[1:]))
		timestamp := uint24(b[4:]) | uint32(b[7])<<24
		if len(b) < headerSize+size {
			return dst, errors.Join(errs, errAggregate)
		}
		if tags == 0 {
			offset = m.timestamp - timestamp
		}
		u := m.unit
		u.Body = b[headerSize : headerSize+size]
		u.Retain()
		var err error
		dst, err = appendUnit(dst, b[0]&0x1f, u, d.clock.at(timestamp+offset))
		if err != nil {
			errs = err
		}
		b = b[min(len(b), headerSize+size+trailerSize):]
	}
	return dst, errs
}

// appendUnit appends the unit that u becomes. If it becomes none, u is released.
func appendUnit(dst []media.Unit, typeID byte, u media.Unit, at time.Duration) ([]media.Unit, error) {
	u.DTS = at
	var keep bool
	var err error
	switch typeID {
	case typeVideo:
		u.Kind = media.Video
		keep, err = fill(&u, flv.ParseVideoBody)
	case typeAudio:
		u.Kind = media.Audio
		keep, err = fill(&u, flv.ParseAudioBody)
	case typeDataAMF0, typeDataAMF3:
		u.Kind = media.Data
		keep, err = fillData(&u, typeID)
	}
	if !keep {
		u.Release()
		return dst, err
	}
	return append(dst, u), nil
}

// fill makes u what its body says, which parse reads.
func fill(u *media.Unit, parse func([]byte) (flv.Body, error)) (keep bool, err error) {
	if len(u.Body) == 0 {
		return false, nil // encoders send empty messages to keep a connection open
	}
	body, err := parse(u.Body)
	if err != nil || body.Packet == flv.PacketOther || len(body.Payload) == 0 {
		return false, err
	}
	u.Codec = body.Codec
	u.Config = body.Packet == flv.PacketConfig
	u.Key = body.Key && !u.Config
	u.Composition = body.Composition
	u.Body = body.Payload
	return true, nil
}

// fillData makes u a data unit: AMF0 values, the name first. What came as AMF3
// is coded anew.
func fillData(u *media.Unit, typeID byte) (keep bool, err error) {
	body := u.Body
	if typeID == typeDataAMF3 && len(body) > 0 && body[0] == 0 {
		body = body[1:]
	}
	name, size, err := amf.Decode(body)
	if err != nil {
		return false, err
	}
	if name == setDataFrame {
		body = body[size:]
	}
	values, err := amf.DecodeAll(body)
	if err != nil {
		return false, err
	}
	if len(values) == 0 {
		return false, errDataName
	}
	if _, ok := values[0].(string); !ok {
		return false, errDataName
	}
	if typeID == typeDataAMF3 {
		recoded := media.Unit{Kind: u.Kind, DTS: u.DTS, Body: amf.Append(nil, values...)}
		u.Release()
		*u = recoded
		return true, nil
	}
	u.Body = body
	return true, nil
}

// hasMedia reports whether units has audio or video.
func hasMedia(units []media.Unit) bool {
	for i := range units {
		if units[i].Kind != media.Data {
			return true
		}
	}
	return false
}
