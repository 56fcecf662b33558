package api

// operationGroups is the order in which the reference has the operations of the
// service. Its own operations follow in a group of theirs.
var operationGroups = []struct {
	id, title string
	names     []string // sorted
}{
	{"domains", "Domains", []string{
		"AddLiveDomain",
		"AddLiveDomainMapping",
		"DeleteLiveDomain",
		"DeleteLiveDomainMapping",
		"DescribeLiveDomainDetail",
		"DescribeLiveDomainMapping",
		"DescribeLiveUserDomains",
		"StartLiveDomain",
		"StopLiveDomain",
	}},
	{"push-authentication", "Authentication of pushes", []string{
		"BatchDeleteLiveDomainConfigs",
		"BatchSetLiveDomainConfigs",
		"DescribeLiveDomainConfigs",
		"DescribeLiveStreamAuthChecking",
	}},
	{"streams", "Streams", []string{
		"DescribeLiveStreamState",
		"DescribeLiveStreamsBlockList",
		"DescribeLiveStreamsOnlineList",
		"DescribeLiveStreamsPublishList",
		"ForbidLiveStream",
		"ResumeLiveStream",
	}},
	{"recording", "Recording", []string{
		"AddLiveAppRecordConfig",
		"DeleteLiveAppRecordConfig",
		"DescribeLiveRecordConfig",
		"DescribeLiveStreamRecordContent",
		"RealTimeRecordCommand",
		"UpdateLiveAppRecordConfig",
	}},
	{"recording-callbacks", "Callbacks about recordings", []string{
		"AddLiveRecordNotifyConfig",
		"DeleteLiveRecordNotifyConfig",
		"DescribeLiveRecordNotifyConfig",
		"DescribeLiveRecordNotifyRecords",
		"UpdateLiveRecordNotifyConfig",
	}},
	{"push-callbacks", "Callbacks about pushes", []string{
		"DeleteLiveStreamsNotifyUrlConfig",
		"DescribeLiveStreamsNotifyRecords",
		"DescribeLiveStreamsNotifyUrlConfig",
		"SetLiveStreamsNotifyUrlConfig",
	}},
	{"index-files", "Index files", []string{
		"CreateLiveStreamRecordIndexFiles",
		"DeleteLiveStreamRecordIndexFiles",
		"DescribeLiveStreamRecordIndexFile",
		"DescribeLiveStreamRecordIndexFiles",
	}},
}
