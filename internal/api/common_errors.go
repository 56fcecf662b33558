package api

import "tallylight/internal/api/apierr"

// commonErrors are those that every call can meet, in the order of the checks.
var commonErrors = []*apierr.Error{
	apierr.UnsupportedHTTPMethod,
	apierr.RequestTooLarge,
	apierr.TooManyParameters,
	apierr.InvalidParameter("…"),
	apierr.InvalidFormat,
	apierr.Missing("Version"),
	apierr.Missing("AccessKeyId"),
	apierr.Missing("Signature"),
	apierr.Missing("Timestamp"),
	apierr.Missing("SignatureNonce"),
	apierr.Missing("SignatureMethod"),
	apierr.Missing("SignatureVersion"),
	apierr.InvalidActionNotFound,
	apierr.InvalidVersion,
	apierr.InvalidTimeStampFormat,
	apierr.InvalidTimeStampExpired,
	apierr.InvalidAccessKeyIDNotFound,
	apierr.InvalidAccessKeyIDInactive,
	apierr.InvalidSignatureMethod,
	apierr.Invalid("SignatureVersion"),
	apierr.SignatureDoesNotMatchRPC("…"),
	apierr.SignatureDoesNotMatchACS3("…"),
	apierr.MissingSecurityToken,
	apierr.InvalidSecurityTokenMalformed,
	apierr.InvalidSecurityTokenMismatch,
	apierr.InvalidSecurityTokenExpired,
	apierr.SignatureNonceUsed,
	apierr.Throttling,
	apierr.Forbidden,
	apierr.ThrottlingUser,
	apierr.InternalError,
	apierr.ServiceUnavailable,
}
