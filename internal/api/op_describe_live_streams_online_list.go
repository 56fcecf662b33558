package api

import (
	"context"
	"math"
	"strings"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/wire"
	"tallylight/internal/live"
)

var describeLiveStreamsOnlineList = operation{
	name:     "DescribeLiveStreamsOnlineList",
	summary:  "Lists the streams of a domain that are pushed now, page by page, the oldest push first.",
	qps:      166, // 10,000 a minute
	access:   accessGet,
	resource: resourceDomain,
	params: []parameter{
		streamingDomainParameter,
		{name: "AppName", about: "Lists the streams of this app only.", limits: "The whole name.", example: "live"},
		{name: "StreamName", about: "Lists the streams of this name only, or whose names hold it; QueryType says which.", example: "show"},
		queryTypeParameter,
		{name: "StreamType", about: "Lists the streams as they are pushed (raw), or those that are transcoded (trans), of which there are none.", preset: "all", limits: "all, raw, trans", example: "raw"},
		{name: "OnlyStream", about: "yes leaves out what is not needed to name the streams: of each, DomainName, AppName, StreamName and PublishTime remain.", preset: "no", limits: "yes, no", example: "yes"},
		pageNumParameter,
		streamPageSizeParameter,
		regionParameter,
	},
	errs: []*apierr.Error{
		apierr.InvalidDomainNotFound,
		apierr.IllegalOperation,
		apierr.Invalid("QueryType"),
		apierr.Invalid("StreamType"),
		apierr.Invalid("OnlyStream"),
	},
	handler: handle((*Server).describeLiveStreamsOnlineList),
}

type describeLiveStreamsOnlineListRequest struct {
	DomainName string `rpc:"DomainName,required"`
	AppName    string `rpc:"AppName"`
	StreamName string `rpc:"StreamName"`
	QueryType  string `rpc:"QueryType"`
	StreamType string `rpc:"StreamType"`
	OnlyStream string `rpc:"OnlyStream"`
	PageNum    *int32 `rpc:"PageNum"`
	PageSize   *int32 `rpc:"PageSize"`
	RegionID   string `rpc:"RegionId"`
}

type describeLiveStreamsOnlineListResponse struct {
	PageNum   int              `rpc:"PageNum"`
	PageSize  int              `rpc:"PageSize"`
	TotalNum  int              `rpc:"TotalNum"`
	TotalPage int              `rpc:"TotalPage"`
	Info      onlineStreamList `rpc:"OnlineInfo"`
}

type onlineStreamList struct {
	Streams []onlineStream `rpc:"LiveStreamOnlineInfo"`
}

// An onlineStream is a stream that is pushed now, in an answer. What is nil is
// left out.
type onlineStream struct {
	DomainName  string `rpc:"DomainName"`
	AppName     string `rpc:"AppName"`
	StreamName  string `rpc:"StreamName"`
	PublishTime string `rpc:"PublishTime"`

	PublishDomain *string `rpc:"PublishDomain,omitempty"`
	PublishType   *string `rpc:"PublishType,omitempty"`
	PublishURL    *string `rpc:"PublishUrl,omitempty"`
	ClientIP      *string `rpc:"ClientIp,omitempty"`
	ServerIP      *string `rpc:"ServerIp,omitempty"`
	Transcoded    *string `rpc:"Transcoded,omitempty"`
	VideoCodecID  *int    `rpc:"VideoCodecId,omitempty"`
	VideoDataRate *int    `rpc:"VideoDataRate,omitempty"` // kbit/s
	FrameRate     *int    `rpc:"FrameRate,omitempty"`
	Width         *int    `rpc:"Width,omitempty"`
	Height        *int    `rpc:"Height,omitempty"`
	AudioCodecID  *int    `rpc:"AudioCodecId,omitempty"`
	AudioDataRate *int    `rpc:"AudioDataRate,omitempty"` // kbit/s
}

func (s *Server) describeLiveStreamsOnlineList(ctx context.Context, c caller, q *describeLiveStreamsOnlineListRequest) (describeLiveStreamsOnlineListResponse, error) {
	answer := describeLiveStreamsOnlineListResponse{
		PageNum:  clamp(q.PageNum, 1, 1, math.MaxInt32),
		PageSize: clamp(q.PageSize, defaultStreamPageSize, 1, maxStreamPageSize),
	}
	d, err := s.streamingDomain(ctx, c, q.DomainName)
	if err != nil {
		return answer, err
	}
	if err := q.validate(); err != nil {
		return answer, err
	}
	sessions, err := s.liveSessions(ctx, d.Name)
	if err != nil {
		return answer, err
	}
	first := (answer.PageNum - 1) * answer.PageSize
	for _, session := range sessions {
		if !q.matches(session.Key) {
			continue
		}
		if first <= answer.TotalNum && answer.TotalNum < first+answer.PageSize {
			answer.Info.Streams = append(answer.Info.Streams, newOnlineStream(session, q.OnlyStream == "yes"))
		}
		answer.TotalNum++
	}
	answer.TotalPage = pages(answer.TotalNum, answer.PageSize)
	return answer, nil
}

func (q *describeLiveStreamsOnlineListRequest) validate() error {
	switch q.OnlyStream {
	case "", "yes", "no":
	default:
		return apierr.Invalid("OnlyStream")
	}
	return validateStreamFilter(q.QueryType, q.StreamType)
}

// validateStreamFilter checks the parameters that lists of streams share.
func validateStreamFilter(queryType, streamType string) error {
	switch queryType {
	case "", "fuzzy", "strict":
	default:
		return apierr.Invalid("QueryType")
	}
	switch streamType {
	case "", "all", "raw", "trans":
	default:
		return apierr.Invalid("StreamType")
	}
	return nil
}

func (q *describeLiveStreamsOnlineListRequest) matches(key live.StreamKey) bool {
	switch {
	case q.StreamType == "trans", q.AppName != "" && q.AppName != key.App:
		return false
	case q.QueryType == "strict":
		return q.StreamName == "" || q.StreamName == key.Stream
	}
	return strings.Contains(key.Stream, q.StreamName)
}

func newOnlineStream(s live.SessionInfo, short bool) onlineStream {
	stream := onlineStream{
		DomainName:  s.Key.Domain,
		AppName:     s.Key.App,
		StreamName:  s.Key.Stream,
		PublishTime: wire.FormatTime(s.StartedAt),
	}
	if short {
		return stream
	}
	stream.PublishDomain = &s.IngestDomain
	stream.PublishType = new(publishType(s.Session))
	stream.PublishURL = new(pushURL(s.Session))
	stream.ClientIP = new(ip(s.RemoteAddr))
	stream.ServerIP = new(ip(s.LocalAddr))
	stream.Transcoded = new("no")
	stream.VideoCodecID = new(codecIDs[s.VideoCodec])
	stream.VideoDataRate = &s.VideoRate
	stream.FrameRate = &s.FrameRate
	stream.Width = &s.Width
	stream.Height = &s.Height
	stream.AudioCodecID = new(codecIDs[s.AudioCodec])
	stream.AudioDataRate = &s.AudioRate
	return stream
}

// codecIDs are the numbers that FLV has for codecs; HEVC, AV1 and Opus have
// those that encoders used before Enhanced RTMP gave them names. Others, and
// those of a stream that has none yet, are 0.
var codecIDs = map[string]int{"h264": 7, "hevc": 12, "av1": 13, "mp3": 2, "aac": 10, "opus": 13}
