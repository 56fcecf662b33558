package hlstest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A validator reads a playlist line by line.
type validator struct {
	version, needed int // that is declared, that the tags need
	seen            map[string]bool
	pending         string // tag that a URI must follow
	target          int
	vod, ended      bool
	segments        int
	begun           bool // a tag of a segment came
	variants        int
	groups          []string // renditions that there are
	wanted          []string // and that variants name
}

func (v *validator) line(line string) error {
	switch {
	case v.ended:
		return errors.New("line after the end")
	case line == "":
		return nil
	case strings.HasPrefix(line, "#EXT"):
		name, value, _ := strings.Cut(line, ":")
		return v.tag(name, value)
	case strings.HasPrefix(line, "#"):
		return nil
	}
	switch v.pending {
	case "#EXTINF":
		v.segments++
	case "#EXT-X-STREAM-INF":
		v.variants++
	default:
		return errors.New("URI without a tag before it")
	}
	v.pending = ""
	return checkURI(line)
}

// Where tags belong.
const (
	anywhere     = iota
	media        // once, before the first segment
	segment      // before the URI of a segment, or of the segments after
	multivariant // not in a media playlist
)

var places = map[string]int{
	"#EXT-X-VERSION":              anywhere,
	"#EXT-X-INDEPENDENT-SEGMENTS": anywhere,
	"#EXT-X-TARGETDURATION":       media,
	"#EXT-X-MEDIA-SEQUENCE":       media,
	"#EXT-X-PLAYLIST-TYPE":        media,
	"#EXT-X-ENDLIST":              media,
	"#EXTINF":                     segment,
	"#EXT-X-MAP":                  segment,
	"#EXT-X-DISCONTINUITY":        segment,
	"#EXT-X-PROGRAM-DATE-TIME":    segment,
	"#EXT-X-MEDIA":                multivariant,
	"#EXT-X-STREAM-INF":           multivariant,
}

func (v *validator) tag(name, value string) error {
	place, ok := places[name]
	if !ok {
		return errors.New("unknown tag")
	}
	if v.pending == "#EXT-X-STREAM-INF" || v.pending != "" && name == v.pending {
		return fmt.Errorf("%s without a URI", v.pending)
	}
	if v.seen[name] && (place == media || place == anywhere || name == "#EXT-X-MAP") {
		return errors.New("tag is there twice")
	}
	v.seen[name] = true
	switch place {
	case media:
		if v.begun && name != "#EXT-X-ENDLIST" {
			return errors.New("tag stands behind a segment's")
		}
	case segment:
		v.begun = true
	}
	return v.value(name, value)
}

func (v *validator) value(name, value string) (err error) {
	switch name {
	case "#EXT-X-VERSION":
		v.version, err = strconv.Atoi(value)
	case "#EXT-X-TARGETDURATION":
		v.target, err = strconv.Atoi(value)
	case "#EXT-X-MEDIA-SEQUENCE":
		_, err = strconv.ParseUint(value, 10, 64)
	case "#EXT-X-PLAYLIST-TYPE":
		if v.vod = value == "VOD"; !v.vod && value != "EVENT" {
			err = errors.New("unknown type")
		}
	case "#EXT-X-ENDLIST":
		v.ended = true
	case "#EXTINF":
		v.pending = name
		err = v.duration(value)
	case "#EXT-X-MAP":
		v.needed = max(v.needed, 6)
		err = v.mapping(value)
	case "#EXT-X-PROGRAM-DATE-TIME":
		_, err = time.Parse("2006-01-02T15:04:05.999999999Z07:00", value)
	case "#EXT-X-MEDIA":
		v.needed = max(v.needed, 4)
		err = v.rendition(value)
	case "#EXT-X-STREAM-INF":
		v.pending = name
		err = v.variant(value)
	default:
		if value != "" {
			err = errors.New("tag has a value")
		}
	}
	return err
}

// duration checks an EXTINF against the target duration (4.3.3.1).
func (v *validator) duration(value string) error {
	number, _, ok := strings.Cut(value, ",")
	if !ok {
		return errors.New("no comma behind the duration")
	}
	seconds, err := strconv.ParseFloat(number, 64)
	if err != nil || seconds < 0 {
		return errors.New("duration is none")
	}
	if strings.Contains(number, ".") {
		v.needed = max(v.needed, 3)
	}
	if int(seconds+0.5) > v.target {
		return fmt.Errorf("segment is longer than the target duration, %d s", v.target)
	}
	return nil
}

func (v *validator) mapping(value string) error {
	if v.segments > 0 {
		return errors.New("segments before the initialization section")
	}
	a, err := parseAttributes(value)
	if err != nil {
		return err
	}
	return a.uri("URI")
}

// rendition checks an EXT-X-MEDIA (4.3.4.1).
func (v *validator) rendition(value string) error {
	a, err := parseAttributes(value)
	if err != nil {
		return err
	}
	if a["TYPE"] != "AUDIO" {
		return errors.New("rendition of another type than AUDIO")
	}
	if a.quoted("NAME") == "" {
		return errors.New("rendition without a name")
	}
	group := a.quoted("GROUP-ID")
	if group == "" {
		return errors.New("rendition of no group")
	}
	v.groups = append(v.groups, group)
	return a.uri("URI")
}

var (
	resolution = regexp.MustCompile(`^[1-9][0-9]*x[1-9][0-9]*$`)
	frameRate  = regexp.MustCompile(`^[0-9]+\.[0-9]{1,3}$`)
	codecs     = regexp.MustCompile(`^"[A-Za-z0-9]+(\.[A-Za-z0-9]+)*(,[A-Za-z0-9]+(\.[A-Za-z0-9]+)*)*"$`)
)

// variant checks an EXT-X-STREAM-INF (4.3.4.2).
func (v *validator) variant(value string) error {
	a, err := parseAttributes(value)
	if err != nil {
		return err
	}
	peak, err := strconv.ParseUint(a["BANDWIDTH"], 10, 63)
	if err != nil {
		return errors.New("no BANDWIDTH")
	}
	if s, ok := a["AVERAGE-BANDWIDTH"]; ok {
		if average, err := strconv.ParseUint(s, 10, 63); err != nil || average > peak {
			return errors.New("AVERAGE-BANDWIDTH is above BANDWIDTH, or none")
		}
	}
	for name, pattern := range map[string]*regexp.Regexp{"RESOLUTION": resolution, "FRAME-RATE": frameRate, "CODECS": codecs} {
		if s, ok := a[name]; ok && !pattern.MatchString(s) {
			return fmt.Errorf("malformed %s", name)
		}
	}
	if _, ok := a["AUDIO"]; ok {
		v.wanted = append(v.wanted, a.quoted("AUDIO"))
	}
	return nil
}

// end checks the playlist as a whole.
func (v *validator) end() error {
	switch {
	case v.pending != "":
		return fmt.Errorf("%s without a URI", v.pending)
	case v.version < v.needed:
		return fmt.Errorf("version is %d, tags need %d", v.version, v.needed)
	case v.variants > 0 || v.seen["#EXT-X-MEDIA"]:
		return v.endMultivariant()
	case !v.seen["#EXT-X-TARGETDURATION"]:
		return errors.New("no target duration")
	case v.vod && !v.ended:
		return errors.New("complete playlist without an end")
	case v.seen["#EXT-X-PLAYLIST-TYPE"] && !v.seen["#EXT-X-MEDIA-SEQUENCE"]:
		return errors.New("recording without a media sequence")
	}
	return nil
}

func (v *validator) endMultivariant() error {
	for name := range v.seen {
		if place := places[name]; place == media || place == segment {
			return fmt.Errorf("%s in a multivariant playlist", name)
		}
	}
	if v.variants == 0 {
		return errors.New("no variant")
	}
	for _, group := range v.wanted {
		if !slices.Contains(v.groups, group) {
			return fmt.Errorf("variant names the group %q, which is not there", group)
		}
	}
	return nil
}
