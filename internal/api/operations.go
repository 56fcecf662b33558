package api

// operations lists every action that the server answers, sorted by name. Each
// row stands in the file of its operation.
var operations = []*operation{
	&addLiveAppRecordConfig,
	&addLiveDomain,
	&addLiveDomainMapping,
	&addLiveRecordNotifyConfig,
	&batchDeleteLiveDomainConfigs,
	&batchSetLiveDomainConfigs,
	&createLiveStreamRecordIndexFiles,
	&deleteLiveAppRecordConfig,
	&deleteLiveDomain,
	&deleteLiveDomainMapping,
	&deleteLiveRecordNotifyConfig,
	&deleteLiveStreamRecordIndexFiles,
	&deleteLiveStreamsNotifyURLConfig,
	&describeLiveDomainConfigs,
	&describeLiveDomainDetail,
	&describeLiveDomainMapping,
	&describeLiveRecordConfig,
	&describeLiveRecordNotifyConfig,
	&describeLiveRecordNotifyRecords,
	&describeLiveStreamAuthChecking,
	&describeLiveStreamRecordContent,
	&describeLiveStreamRecordIndexFile,
	&describeLiveStreamRecordIndexFiles,
	&describeLiveStreamState,
	&describeLiveStreamsBlockList,
	&describeLiveStreamsNotifyRecords,
	&describeLiveStreamsNotifyURLConfig,
	&describeLiveStreamsOnlineList,
	&describeLiveStreamsPublishList,
	&describeLiveUserDomains,
	&forbidLiveStream,
	&realTimeRecordCommand,
	&resumeLiveStream,
	&setLiveStreamsNotifyURLConfig,
	&startLiveDomain,
	&stopLiveDomain,
	&updateLiveAppRecordConfig,
	&updateLiveRecordNotifyConfig,
}

// ownOperations are ours: the service has none of them, and their names say so.
// Policies know them as they know the others.
var ownOperations = []*operation{
	&followEvents,
	&replayDeliveries,
}
