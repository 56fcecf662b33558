package api

// operations lists every action that the server answers, sorted by name. Each
// row stands in the file of its operation.
var operations = []*operation{
	&addLiveAppRecordConfig,
	&addLiveDomain,
	&addLiveDomainMapping,
	&addLiveRecordNotifyConfig,
	&deleteLiveRecordNotifyConfig,
	&describeLiveRecordConfig,
	&describeLiveRecordNotifyConfig,
	&updateLiveRecordNotifyConfig,
}
