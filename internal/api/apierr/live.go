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

// Errors of record commands and of the log of callbacks. The service fills in
// some of the messages at run time; the words are ours there.
var (
	CodeConfigNotFound = badRequest("CodeConfigNotFound", "Config does not exist.")
	StreamNotFound     = &Error{"StreamNotFound", http.StatusConflict, "Stream does not exist."}
	TaskAlreadyStarted = &Error{"TaskAlreadyStarted", http.StatusConflict, "Task has already started."}
	// TaskNotStarted is ours: the service documents no code for a stop without a
	// task.
	TaskNotStarted = &Error{"TaskNotStarted", http.StatusConflict, "Task has not started."}
)

// MalformedParam returns the error of record commands for a parameter whose
// value cannot be used.
func MalformedParam(parameter string) *Error {
	return badRequest("MalformedParam", "Specified parameter "+parameter+" is not valid.")
}

// MalformedParams returns the error of the log of callbacks for a parameter whose
// value cannot be used.
func MalformedParams(parameter string) *Error {
	return badRequest("MalformedParams", "Specified parameter "+parameter+" is not valid.")
}

// UnsupportedOperation returns the error for an operation that the service has
// and this server does not offer. The code is ours.
func UnsupportedOperation(name string) *Error {
	return badRequest("UnsupportedOperation", "The operation "+name+" is not offered by this server.")
}

// Errors of lists of domains, and of what is asked of one domain.
var (
	// DomainNameMalformed is InvalidDomainNameMalformed in other words.
	DomainNameMalformed              = badRequest("InvalidDomainName.Malformed", "The specific value of parameter DomainName is malformed.")
	InvalidPageNumber                = badRequest("InvalidPageNumber.ValueNotSupported", "The specified value of parameter PageNumber is not supported.")
	InvalidPageSize                  = badRequest("InvalidPageSize.ValueNotSupported", "The specified value of parameter PageSize is not supported.")
	InvalidDomainStatus              = badRequest("InvalidDomainStatus.ValueNotSupported", "The specified value of parameter DomainStatus is not supported.")
	InvalidDomainSearchType          = badRequest("InvalidDomainSearchType.ValueNotSupported", "The specified value of parameter DomainSearchType is not supported.")
	InvalidDomainSearchTypeMalformed = badRequest("InvalidDomainSearchType.Malformed", "he specified value of parameter DomainSearchType is invalid.")
	InvalidLiveDomainType            = badRequest("InvalidLiveDomainType.ValueNotSupported", "The specified value of parameter LiveDomainType is not supported.")
)

// Errors of functions of domains.
var (
	InvalidFunctionsMalformed    = badRequest("InvalidFunctions.Malformed", "Specified Functions is malformed.")
	InvalidFunctionArgsMalformed = badRequest("InvalidFunctionArgs.Malformed", "The specified FunctionArgs is invalid.")
	InvalidArgValueMalformed     = badRequest("InvalidArgValue.Malformed", "Specified ArgValue is malformed.")
)

// FunctionNotSupported returns the error for a function that domains do not have
// here.
func FunctionNotSupported(name string) *Error {
	return badRequest("InvalidFunctionName.ValueNotSupported", "FunctionName ["+name+"] is not supported.")
}

// ArgNameNotSupported returns the error for an argument that a function does not
// have.
func ArgNameNotSupported(name string) *Error {
	return badRequest("InvalidArgName.ValueNotSupported", "ArgName "+name+" is not supported.")
}

// MissingArg returns the error for an argument of a function that is absent or
// empty.
func MissingArg(name string) *Error {
	return badRequest("MissingParameter"+name, "The specified value of ArgName["+name+"] is missing.")
}

// ArgMalformed returns the error for an argument of a function whose value cannot
// be used. It names the argument: the value may be a key.
func ArgMalformed(name string) *Error {
	return badRequest("Invalid"+name+".Malformed", "ArgValue ["+name+"] is malformed.")
}

// Errors of streams.
var (
	InvalidParam               = badRequest("InvalidParam", "Parameter invalid.")
	InvalidResumeTimeMalformed = badRequest("InvalidResumeTime.Malformed", "Specified parameter ResumeTime is not valid.")
	QuotaExceededBlacklist     = badRequest("QuotaExceeded.Blacklist", "Exceed max blacklist count limit")

	// StartTimeNotValid and EndTimeNotValid are InvalidStartTimeMalformed and
	// InvalidEndTimeMalformed in other words, as is EndTimeMismatch.
	StartTimeNotValid     = badRequest("InvalidStartTime.Malformed", "Specified parameter StartTime is not valid.")
	EndTimeNotValid       = badRequest("InvalidEndTime.Malformed", "Specified parameter EndTime is not valid.")
	StartTimeNotSupported = badRequest("InvalidStartTime.ValueNotSupported", "The specified value of parameter StartTime is not supported.")
	EndTimeMismatch       = badRequest("InvalidEndTime.Mismatch", "Specified end time does not match the specified start time.")
	DurationExceed        = badRequest("Duration.Exceed", "Duration between StartTime and EndTime is too long.")
)

// Errors of the callbacks about pushes.
var (
	// StreamsNotifyURLMalformed is InvalidNotifyURLMalformed in other words.
	StreamsNotifyURLMalformed = badRequest("InvalidNotifyUrl.Malformed", "Specified parameter NotifyUrl is not valid.")
	// NotifyEndTimeMismatch and NotifyDurationExceed are EndTimeMismatch and
	// DurationExceed in other words.
	NotifyEndTimeMismatch = badRequest("InvalidEndTime.Mismatch", "Specified EndTime does not match the specified StartTime.")
	NotifyDurationExceed  = badRequest("Duration.Exceed", "StartTime needs to be within the last 7 days.")
)

// Errors of index files, and of what was recorded.
var (
	InvalidParams = badRequest("InvalidParams", "invalid  params")
	// IndexEndTimeMismatch, IndexOSSEndpointMalformed and IndexOSSBucketMalformed
	// are those of record configs in other words.
	IndexEndTimeMismatch      = badRequest("InvalidEndTime.Mismatch", "Specified end time does not math the specified start time.")
	IndexOSSEndpointMalformed = badRequest("InvalidOssEndpoint.Malformed", "Specified OssEndpoint is malformed.")
	IndexOSSBucketMalformed   = badRequest("InvalidOssBucket.Malformed", "Specified OssBucket is malformed.")
	IndexOSSObjectMalformed   = badRequest("InvalidOssObject.Malformed", "Specified OssObject is malformed.")
	IndexBucketNotFound       = &Error{"InvalidBucket.NotFound", http.StatusNotFound, "The bucket does not belong to you."}
	IndexStreamNotFound       = badRequest("InvalidStream.NotFound", "Speicified stream does not exist.")
	IndexConfigChanged        = badRequest("InvalidConfig.Changed", "The oss bucket info between StartTime and EndTime has changed.")
	NoRecordContent           = badRequest("NoRecordContent", "The record content between StartTime and EndTime is empty.")
	RecordContentExceed       = badRequest("RecordContentExceed", "The record content between StartTime and EndTime is exceeded, please narrow down the range.")
	OperationNotSupport       = badRequest("OperationNotSupport", "The Operation is not support for flv/mp4 format or live to vod record.")
	// InvalidRecordNotFound is ours: the service documents no code for an index
	// file that does not exist.
	InvalidRecordNotFound = &Error{"InvalidRecord.NotFound", http.StatusNotFound, "Record does not exist."}
)
