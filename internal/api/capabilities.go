package api

import (
	"slices"

	"tallylight/internal/live"
)

// capabilities are what the recorder behind the API can do. A record config that
// asks for more is refused: it is never accepted and then not carried out.
type capabilities struct {
	formats  []live.Format
	onDemand []live.OnDemand
}

// supported are the capabilities of this version.
var supported = capabilities{
	formats:  []live.Format{live.FormatFLV, live.FormatMP4, live.FormatM3U8, live.FormatCMAF},
	onDemand: []live.OnDemand{live.OnDemandAutomatic, live.OnDemandCallback, live.OnDemandPushArgs, live.OnDemandManual},
}

func (c capabilities) writes(f live.Format) bool { return slices.Contains(c.formats, f) }

func (c capabilities) decidesBy(d live.OnDemand) bool { return slices.Contains(c.onDemand, d) }
