package apierr

import "net/http"

// Errors of the gateway: they come before any operation is looked at.
var (
	InvalidActionNotFound = &Error{"InvalidAction.NotFound", http.StatusNotFound, "Specified api is not found, please check your url and method."}
	InvalidVersion        = Invalid("Version")
	// InvalidFormat is the answer to a Format other than JSON and XML.
	InvalidFormat = badRequest("InvalidParameter.Format", "Specified parameter format is not valid.")
	// UnsupportedHTTPMethod is the answer to anything but GET and POST. Product
	// pages print the status 403, the gateway's own list 400.
	UnsupportedHTTPMethod = badRequest("UnsupportedHTTPMethod", "This http method is not supported.")
	// RequestTooLarge and TooManyParameters are ours: the service does not
	// document what it answers.
	RequestTooLarge   = &Error{"RequestTooLarge", http.StatusRequestEntityTooLarge, "The request body is too large."}
	TooManyParameters = badRequest("TooManyParameters", "The request has too many parameters.")
)

// Errors of authentication.
var (
	InvalidAccessKeyIDNotFound    = &Error{"InvalidAccessKeyId.NotFound", http.StatusNotFound, "Specified access key is not found."}
	InvalidAccessKeyIDInactive    = badRequest("InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
	InvalidSecurityTokenMismatch  = badRequest("InvalidSecurityToken.MismatchWithAccessKey", "Specified SecurityToken mismatch with the AccessKey.")
	InvalidSecurityTokenExpired   = badRequest("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
	InvalidSecurityTokenMalformed = badRequest("InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
	// MissingSecurityToken means that a temporary key came without its token.
	MissingSecurityToken    = Missing("SecurityToken")
	InvalidSignatureMethod  = badRequest("InvalidSignatureMethod", "Specified signature method is not valid.")
	InvalidTimeStampFormat  = badRequest("InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.")
	InvalidTimeStampExpired = badRequest("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
	SignatureNonceUsed      = badRequest("SignatureNonceUsed", "Specified signature nonce was used already.")
	// Forbidden means that the policies of a user do not allow the call. The status
	// is that of the operation's own page; other products answer 403.
	Forbidden = badRequest("Forbidden", "Ram Permission is forbidden.")
)

// serverString introduces the string to sign at the end of a message. Clients
// cut there and compare the rest with their own string: no blank after the
// colon, nothing after the string.
const serverString = " server string to sign is:"

// SignatureDoesNotMatchRPC returns the error for a wrong signature of the RPC
// scheme.
func SignatureDoesNotMatchRPC(stringToSign string) *Error {
	return badRequest("SignatureDoesNotMatch", "Specified signature is not matched with our calculation."+serverString+stringToSign)
}

// SignatureDoesNotMatchACS3 returns the error for a wrong signature of the ACS3
// scheme.
func SignatureDoesNotMatchACS3(stringToSign string) *Error {
	return badRequest("SignatureDoesNotMatch", "Specified signature does not match our calculation."+serverString+stringToSign)
}

// Errors of limits and of the server itself.
var (
	// ThrottlingUser means that the account calls one operation too often.
	ThrottlingUser = badRequest("Throttling.User", "Request was denied due to user flow control.")
	// Throttling means that the server as a whole cannot take the call now.
	Throttling         = badRequest("Throttling", "Request was denied due to request throttling.")
	InternalError      = &Error{"InternalError", http.StatusInternalServerError, "The request processing has failed due to some unknown error."}
	ServiceUnavailable = &Error{"ServiceUnavailable", http.StatusServiceUnavailable, "The request has failed due to a temporary failure of the server."}
)
