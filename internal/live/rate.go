package live

import "time"

const (
	// RateInterval is the time that one Rate covers.
	RateInterval = 5 * time.Second
	// MaxRates is how many of a stream are remembered: those of five minutes.
	MaxRates = 60
)

// A Rate is what came in of a stream within a RateInterval of the server's clock,
// be it what it was to be or not: an encoder that stalls shows as a gap.
type Rate struct {
	BitRate   int // kbit/s, of everything
	FrameRate int // frames of video a second
}
