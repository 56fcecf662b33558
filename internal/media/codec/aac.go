package codec

import (
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"
)

// parseAAC reads an AudioSpecificConfig, ISO/IEC 14496-3 section 1.6.2.1.
func parseAAC(b []byte) (Info, error) {
	if len(b) < 2 {
		return Info{}, errShort
	}
	info := Info{Codecs: fmt.Sprintf("mp4a.40.%d", b[0]>>3)}
	var config mpeg4audio.AudioSpecificConfig
	if err := config.Unmarshal(b); err != nil {
		return info, err
	}
	info.SampleRate = config.SampleRate
	info.Channels = int(config.ChannelConfig)
	if config.ChannelConfig == 7 {
		info.Channels = 8
	}
	if config.ExtensionSampleRate > 0 { // SBR doubles the rate
		info.SampleRate = config.ExtensionSampleRate
	}
	if config.ExtensionType == mpeg4audio.ObjectTypePS { // out of one channel
		info.Channels = 2
	}
	return info, nil
}
