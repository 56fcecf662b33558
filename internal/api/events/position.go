package events

import (
	"errors"
	"strconv"
	"strings"

	"tallylight/internal/live"
)

// MaxPositions bounds how many streams a follower remembers.
const MaxPositions = 1000

// A Position is how far a follower has come in a stream.
type Position struct {
	App, Stream string
	Seq         int64 // of the last event that it has
}

// ErrPositions means that a text is not one of FormatPositions.
var ErrPositions = errors.New("positions are not of the form app/stream:number,…")

// FormatPositions returns positions as a parameter: app/stream:seq, separated by
// commas, none of which can be in a name.
func FormatPositions(list []Position) string {
	var b strings.Builder
	for i, p := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(p.App + "/" + p.Stream + ":" + strconv.FormatInt(p.Seq, 10))
	}
	return b.String()
}

// ParsePositions reads what FormatPositions returns, up to MaxPositions. Its
// errors wrap ErrPositions.
func ParsePositions(text string) ([]Position, error) {
	if text == "" {
		return nil, nil
	}
	if strings.Count(text, ",") >= MaxPositions {
		return nil, ErrPositions
	}
	var list []Position
	for item := range strings.SplitSeq(text, ",") {
		name, number, _ := strings.Cut(item, ":")
		app, stream, _ := strings.Cut(name, "/")
		seq, err := strconv.ParseInt(number, 10, 64)
		if err != nil || seq < 0 || live.ValidateName(app) != nil || live.ValidateName(stream) != nil {
			return nil, ErrPositions
		}
		list = append(list, Position{app, stream, seq})
	}
	return list, nil
}
