package codec

// ParseMP3Header reads the header of an MPEG audio frame of layer III, ISO/IEC
// 11172-3 section 2.4.1.3, with the half and quarter rates of MPEG-2 and 2.5:
// samples a second, and one or two channels. It allocates nothing.
func ParseMP3Header(b []byte) (sampleRate, channels int, ok bool) {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe0 != 0xe0 {
		return 0, 0, false
	}
	const layerIII = 1
	version, layer, rate := b[1]>>3&3, b[1]>>1&3, b[2]>>2&3
	if version == 1 || layer != layerIII || rate == 3 { // reserved
		return 0, 0, false
	}
	sampleRate = [...]int{44100, 48000, 32000}[rate]
	switch version {
	case 2: // MPEG-2
		sampleRate /= 2
	case 0: // MPEG-2.5
		sampleRate /= 4
	}
	const mono = 3
	if b[3]>>6 == mono {
		return sampleRate, 1, true
	}
	return sampleRate, 2, true
}
