package wire

import (
	"time"

	"tallylight/internal/live"
)

// richMembers are what a rich body tells of every event beside the vendor's
// members.
type richMembers struct {
	ID         live.EventID     `json:"id"`
	Type       live.EventType   `json:"type"`
	Seq        int64            `json:"seq"` // counts the events of the stream, from 1
	OccurredAt time.Time        `json:"occurred_at"`
	Recording  live.RecordingID `json:"recording_id,omitempty"`
}

type richStatusBody struct {
	statusBody
	richMembers
}

type richFileBody struct {
	fileBody
	richMembers
	FileID     live.RecordFileID `json:"file_id"`
	Format     live.Format       `json:"format"`
	Size       int64             `json:"size"`              // bytes
	Bitrate    int64             `json:"bitrate,omitempty"` // bits a second, on average
	Codecs     []string          `json:"codecs,omitempty"`
	Resolution *resolution       `json:"resolution,omitempty"`
	Storage    storage           `json:"storage"`
	SHA256     string            `json:"sha256,omitempty"`    // of the object, hex
	Gaps       []gap             `json:"gaps,omitempty"`      // in which nothing was recorded
	MoreGaps   int               `json:"more_gaps,omitempty"` // came after them
}

// A gap is a span of time inside a file in which nothing was recorded.
type gap struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	At   int64     `json:"at"` // of the file's media time, where it goes on: milliseconds
}

func newGaps(list []live.Gap) []gap {
	var gaps []gap
	for _, g := range list {
		gaps = append(gaps, gap{g.From.UTC(), g.To.UTC(), g.At.Milliseconds()})
	}
	return gaps
}

// A resolution is the size of pictures.
type resolution struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

func newResolution(width, height int) *resolution {
	if width == 0 || height == 0 {
		return nil
	}
	return &resolution{width, height}
}

// A storage is where an object is.
type storage struct {
	Endpoint  string `json:"endpoint,omitempty"`
	Bucket    string `json:"bucket"`
	ObjectKey string `json:"object_key"`
}

// richPushBody tells of a push, whose vendor's callback has no body. Domain is the
// one that the push named.
type richPushBody struct {
	Domain string `json:"domain"`
	App    string `json:"app"`
	Stream string `json:"stream"`
	richMembers
	SessionID  live.SessionID `json:"session_id"`
	IP         string         `json:"ip"`
	Node       string         `json:"node"`
	Args       pushArgs       `json:"args,omitempty"` // of the push URL, the first value of each
	Resolution *resolution    `json:"resolution,omitempty"`
}

// RichBody returns the bytes that tell of e to endpoints that want more than the
// vendor documents: for events of recordings the members of Body, and then ours. As
// Body, it depends on the event alone.
func RichBody(e live.Event) ([]byte, error) {
	rich := richMembers{ID: e.ID, Type: e.Type, Seq: e.Seq, OccurredAt: e.OccurredAt.UTC(), Recording: e.Recording}
	switch {
	case e.Type.OfPushes():
		p := e.Detail.Publish
		if p == nil {
			return nil, errWithout(e, "push")
		}
		return marshal(richPushBody{
			Domain: e.Key.Domain, App: e.Key.App, Stream: e.Key.Stream, richMembers: rich,
			SessionID: p.Session, IP: p.IP, Node: p.Node, Args: firstArgs(p.Args, ""), Resolution: newResolution(p.Width, p.Height),
		})
	case e.Type == live.EventFileCreated:
		f := e.Detail.File
		if f == nil {
			return nil, errWithout(e, "file")
		}
		return marshal(richFileBody{
			fileBody: newFileBody(e.Key, f), richMembers: rich,
			FileID: f.ID, Format: f.Format, Size: f.Size, Bitrate: bitrate(f), Codecs: f.Codecs, Resolution: newResolution(f.Width, f.Height),
			Storage: storage{Endpoint: f.Endpoint, Bucket: f.Bucket, ObjectKey: f.ObjectKey},
			SHA256:  f.SHA256, Gaps: newGaps(f.Gaps.List), MoreGaps: f.Gaps.More,
		})
	}
	return marshal(richStatusBody{newStatusBody(e), rich})
}

// bitrate returns the average rate of a file in bits a second, 0 where unknown.
func bitrate(f *live.FileDetail) int64 {
	if f.Duration <= 0 {
		return 0
	}
	return int64(float64(f.Size) * 8 / f.Duration.Seconds())
}
