package api

import "tallylight/internal/api/apierr"

// Parameters that several operations have in common.
var (
	streamingDomainParameter = parameter{name: "DomainName", about: "Streaming domain.", example: "play.example.com"}
	ingestDomainParameter    = parameter{name: "DomainName", about: "Ingest domain.", example: "push.example.com"}
	anyDomainParameter       = parameter{name: "DomainName", about: "Streaming or ingest domain.", example: "play.example.com"}
	pushedDomainParameter    = parameter{name: "DomainName", about: "Ingest domain of the stream, or its streaming domain.", example: "push.example.com"}
	pullDomainParameter      = parameter{name: "PullDomain", about: "Streaming domain.", limits: "Of type liveVideo.", example: "play.example.com"}

	appParameter        = parameter{name: "AppName", about: "App.", example: "live"}
	streamParameter     = parameter{name: "StreamName", about: "Stream.", example: "show"}
	streamTypeParameter = parameter{name: "LiveStreamType", about: "Kind of stream.", limits: "publisher", example: "publisher"}
	queryTypeParameter  = parameter{name: "QueryType", about: "How StreamName is compared: as a part of the name (fuzzy) or as a whole (strict).", preset: "fuzzy", limits: "fuzzy, strict", example: "strict"}
	regionParameter     = parameter{name: "RegionId", about: "Region. One server is one site, so that it is not looked at.", example: "cn-shanghai"}

	orderParameter          = parameter{name: "Order", about: "Order by time of creation.", preset: "asc", limits: "asc, desc", example: "desc"}
	pageNumParameter        = parameter{name: "PageNum", about: "Number of the page.", preset: "1", limits: "From 1; less counts as 1.", example: "1"}
	streamPageSizeParameter = parameter{name: "PageSize", about: "Streams a page.", preset: "2000", limits: "1 to 3000; what lies outside is taken to the nearer end.", example: "100"}
)

// Parameters of record configs.
var (
	configAppParameter    = parameter{name: "AppName", about: "App of the config, or * for the one of all apps.", example: "live"}
	configStreamParameter = parameter{name: "StreamName", about: "Stream of the config, or * for the one of all streams.", preset: "*", example: "show"}
	ossEndpointParameter  = parameter{name: "OssEndpoint", about: "Endpoint of the bucket. It is kept and shown; where a bucket is, the server's configuration says.", limits: "1 to 255 printable characters without blanks.", example: "oss-cn-shanghai.aliyuncs.com"}
	onDemandParameter     = parameter{name: "OnDemand", about: "Who decides whether a push is recorded: 0 all are, 1 the OnDemandUrl of the domain is asked (none is, while it has no OnDemandUrl), 2 the parameter record_config of the push URL, 7 RealTimeRecordCommand.", limits: "0, 1, 2, 7", example: "0"}
	delayTimeParameter    = parameter{name: "DelayTime", about: "Seconds for which an interrupted recording waits for its encoder to come back.", limits: "15 to 21600", example: "180", malformed: apierr.InvalidDelayTime}
	recordFromParameter   = parameter{name: "StartTime", about: "Pushes before this time are not recorded.", limits: "UTC, at most 7 days from now.", example: "2026-11-23T08:00:00Z", malformed: apierr.InvalidStartTimeMalformed}
	recordUntilParameter  = parameter{name: "EndTime", about: "Pushes from this time on are not recorded. More than 7 days after StartTime counts as 7 days.", limits: "UTC, after StartTime and after now.", example: "2026-11-23T20:00:00Z", malformed: apierr.InvalidEndTimeMalformed}
	templatesParameter    = parameter{name: "TranscodeTemplates", about: "Transcoded streams to be recorded. Nothing is transcoded here, so that each is refused.", limits: "At most 10.", example: "sd", malformed: apierr.InvalidTemplateLengthMalformed}
)

// withPreset returns p with a value where it is absent.
func (p parameter) withPreset(value string) parameter {
	p.preset = value
	return p
}
