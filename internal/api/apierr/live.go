package apierr

import "net/http"

// Errors that the operations share.
var (
	// InvalidDomainNotFound covers domains of other accounts, too.
	InvalidDomainNotFound = &Error{"InvalidDomain.NotFound", http.StatusNotFound, "The domain provided does not exist in our records."}
	// IllegalOperation means that the domain is of the wrong type.
	IllegalOperation    = &Error{"IllegalOperation", http.StatusForbidden, "Illegal domain operate is not permitted."}
	ConfigAlreadyExists = badRequest("ConfigAlreadyExists", "Config has already exist.")
)

// Errors of domains.
var (
	InvalidDomainNameMalformed = badRequest("InvalidDomainName.Malformed", "Specified DomainName is malformed.")
	// WildcardNotSupported is the answer to a domain name that starts with a dot.
	WildcardNotSupported   = badRequest("CdnTypeNotSupportExtensiveDomain", "Extensive domain not supported for this cdn type.")
	InvalidRegionMalformed = badRequest("InvalidRegion.Malformed", "Specified Region is malformed.")
	InvalidScopeMalformed  = badRequest("InvalidScope.Malformed", "Specified Scope is malformed.")
	CheckURLMalformed      = badRequest("Abs.CheckUrl.Malformed", "The CheckUrl you provided is malformed!")
	TopLevelDomainNotFound = badRequest("TopLevelDomain.NotFound", "TopLevelDomain is not exist.")
	TopLevelDomainMismatch = badRequest("TopLevelDomain.Mismatch", "The specified TopLevelDomain does not match webSiteType.")
	ResourceGroupNotFound  = badRequest("EntityNotExists.ResourceGroup", "The resource group does not exist.")
	DomainOccupied         = badRequest("LockFail", "Domain has been occupied.")
	InvalidPushDomain      = badRequest("InvalidPushDomain", "The PushDomain should be  liveEdge type.")
	InvalidPullDomain      = badRequest("InvalidPullDomain", "The PullDomain should be  liveVideo type.")
)

// Errors of record configs.
var (
	InvalidOSSEndpointMalformed       = badRequest("InvalidOssEndpoint.Malformed", "Specified parameter OssEndpoint is not valid.")
	InvalidOSSBucketMalformed         = badRequest("InvalidOssBucket.Malformed", "Specified parameter OssBucket is not valid.")
	InvalidOSSBucketNotFound          = badRequest("InvalidOssBucket.NotFound", "The parameter OssBucket does not exist.")
	InvalidFormatMalformed            = badRequest("InvalidFormat.Malformed", "Specified parameter Format is not valid.")
	InvalidFormatIllegalOperation     = badRequest("InvalidFormat.IllegalOperation", "Specified parameter Format can not be multiple.")
	InvalidCycleDurationMalformed     = badRequest("InvalidCycleDuration.Malformed", "Specified CycleDuration Format is not valid.")
	InvalidSliceDurationMalformed     = badRequest("InvalidSliceDuration.Malformed", "Specified SliceDuration Format is not valid.")
	InvalidTemplateLengthMalformed    = badRequest("InvalidTemplateLength.Malformed", "Specified record template length is not valid.")
	InvalidTemplateForbidRaw          = badRequest("InvalidTemplate.ForbidRaw", "Template named raw is Forbidden.")
	MissingTemplate                   = Missing("Template")
	MissingOSSObjectPrefix            = Missing("OssObjectPrefix")
	MissingSliceOSSObjectPrefix       = Missing("SliceOssObjectPrefix")
	InvalidOSSObjectPrefixMalformed   = badRequest("InvalidOssObjectPrefix.Malformed", "Specified parameter OssObjectPrefix is not valid.")
	InvalidSliceObjectPrefixMalformed = badRequest("InvalidSliceOssObjectPrefix.Malformed", "Specified parameter SliceOssObjectPrefix is not valid.")
	InvalidDelayTime                  = badRequest("InvalidDelayTime", "Specified Delaytime is invalid.")
	InvalidStartTimeMalformed         = badRequest("InvalidStartTime.Malformed", "Specified StartTime is malformed.")
	InvalidEndTimeMalformed           = badRequest("InvalidEndTime.Malformed", "Specified EndTime is malformed.")
	InvalidEndTimeMismatch            = badRequest("InvalidEndTime.Mismatch", "Specified EndTime does not math the specified StartTime or current time.")
	InvalidStartTimeMismatch          = badRequest("InvalidStartTime.Mismatch", "Specified StartTime does not math the  current time.")
)

// Errors of notify configs.
var (
	InvalidConfigNotFound       = &Error{"InvalidConfig.NotFound", http.StatusNotFound, "Config does not exist."}
	InvalidNotifyURLMalformed   = badRequest("InvalidNotifyUrl.Malformed", "Specified NotifyUrl is invalid.")
	InvalidNotifyURLUnsafe      = badRequest("InvalidNotifyUrl.Unsafe", "Specified NotifyUrl is not safe.")
	InvalidOnDemandURLMalformed = badRequest("InvalidOnDemandUrl.Malformed", "Specified OnDemandUrl is invalid.")
	InvalidOnDemandURLUnsafe    = badRequest("InvalidOnDemandUrl.Unsafe", "Specified OnDemandUrl is not safe.")
	// MissingNotifyAuthKey and InvalidNotifyAuthKeyMalformed are ours, coined by
	// the pattern of the others: the service documents no code for the key.
	MissingNotifyAuthKey          = Missing("NotifyAuthKey")
	InvalidNotifyAuthKeyMalformed = badRequest("InvalidNotifyAuthKey.Malformed", "Specified NotifyAuthKey is invalid.")
)
