package chaos

import (
	"fmt"
	"strconv"
	"time"

	"tallylight/internal/live"
)

// What is configured.
const (
	streamingDomain = "play.example.com"
	ingestDomain    = "push.example.com"
	bucketName      = "chaos-shows"
	objectPrefix    = "{AppName}/{StreamName}/{Sequence}_{EscapedStartTime}_{EscapedEndTime}"
	slicePrefix     = "{AppName}/{StreamName}/slices/{UnixTimestamp}_{Sequence}"
	sliceDuration   = 5 * time.Second
)

// A rule is how the streams of an app are recorded.
type rule struct {
	app     string
	formats []live.Format
	cycle   time.Duration
	delay   time.Duration
}

// rules have cycles of a few frames and such that outlast the test, and wait
// shorter and longer for an encoder than the encoders stay away.
var rules = []rule{
	{"brief", []live.Format{live.FormatFLV, live.FormatMP4}, 5 * time.Second, 15 * time.Second},
	{"whole", []live.Format{live.FormatFLV, live.FormatMP4}, time.Hour, 15 * time.Second},
	{"patient", []live.Format{live.FormatMP4, live.FormatFLV, live.FormatM3U8}, 20 * time.Second, 3 * time.Minute},
	{"sliced", []live.Format{live.FormatM3U8, live.FormatCMAF}, 20 * time.Second, 15 * time.Second},
}

func sliced(f live.Format) bool { return f == live.FormatM3U8 || f == live.FormatCMAF }

// ruleOf returns the rule of an app.
func ruleOf(app string) rule {
	for _, r := range rules {
		if r.app == app {
			return r
		}
	}
	return rule{}
}

// configure has everything recorded, and told to a receiver.
func (s *server) configure(notifyURL string) {
	s.t.Helper()
	s.must("AddLiveDomain", "DomainName", streamingDomain, "LiveDomainType", "liveVideo", "Region", "cn-shanghai")
	s.must("AddLiveDomain", "DomainName", ingestDomain, "LiveDomainType", "liveEdge", "Region", "cn-shanghai")
	s.must("AddLiveDomainMapping", "PushDomain", ingestDomain, "PullDomain", streamingDomain)
	for _, r := range rules {
		pairs := []string{"DomainName", streamingDomain, "AppName", r.app,
			"OssBucket", bucketName, "OssEndpoint", "oss-cn-shanghai.aliyuncs.com", "DelayTime", inSeconds(r.delay)}
		for i, format := range r.formats {
			name := fmt.Sprintf("RecordFormat.%d.", i+1)
			pairs = append(pairs, name+"Format", string(format), name+"OssObjectPrefix", objectPrefix, name+"CycleDuration", inSeconds(r.cycle))
			if sliced(format) {
				pairs = append(pairs, name+"SliceDuration", inSeconds(sliceDuration), name+"SliceOssObjectPrefix", slicePrefix)
			}
		}
		s.must("AddLiveAppRecordConfig", pairs...)
	}
	s.must("AddLiveRecordNotifyConfig", "DomainName", streamingDomain, "NotifyUrl", notifyURL, "NeedStatusNotify", "true")
}

func inSeconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }
