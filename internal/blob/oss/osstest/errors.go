package osstest

import (
	"encoding/base64"
	"fmt"
	"net/http"
)

// An apiError is an answer of the service that is not the one wished for.
type apiError struct {
	status  int
	code    string
	message string
	ec      string
}

var (
	errAccessDenied          = &apiError{http.StatusForbidden, "AccessDenied", "You have no right to access this object because of bucket acl.", "0003-00000001"}
	errInvalidAccessKeyID    = &apiError{http.StatusForbidden, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.", "0002-00000902"}
	errSignatureDoesNotMatch = &apiError{http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.", "0002-00000040"}
	errRequestTimeTooSkewed  = &apiError{http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", "0002-00000504"}
	errNoSuchBucket          = &apiError{http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist.", "0015-00000101"}
	errNoSuchKey             = &apiError{http.StatusNotFound, "NoSuchKey", "The specified key does not exist.", "0026-00000001"}
	errNoSuchUpload          = &apiError{http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.", "0042-00000002"}
	errInvalidPart           = &apiError{http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.", "0042-00000401"}
	errEntityTooSmall        = &apiError{http.StatusBadRequest, "EntityTooSmall", "Your proposed upload smaller than the minimum allowed size.", "0042-00000402"}
	errInvalidDigest         = &apiError{http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.", "0016-00000504"}
	errFileAlreadyExists     = &apiError{http.StatusConflict, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.", "0026-00000601"}
	errInvalidArgument       = &apiError{http.StatusBadRequest, "InvalidArgument", "An argument of the request is invalid.", "0016-00000002"}
	errInvalidRange          = &apiError{http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range cannot be satisfied.", "0016-00000102"}
	errMethodNotAllowed      = &apiError{http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.", "0016-00000001"}
)

// requestID is the id that errors bear.
const requestID = "5C3D9175B6FC201293AD0001"

// write answers with the error: in the body, or in a header where the method has
// no body.
func (e *apiError) write(w http.ResponseWriter, r *http.Request) {
	body := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<Error>
  <Code>%s</Code>
  <Message>%s</Message>
  <RequestId>%s</RequestId>
  <HostId>%s</HostId>
  <EC>%s</EC>
</Error>
`, e.code, e.message, requestID, r.Host, e.ec)
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("x-oss-request-id", requestID)
	w.Header().Set("x-oss-ec", e.ec)
	if r.Method == http.MethodHead {
		w.Header().Set("x-oss-err", base64.StdEncoding.EncodeToString([]byte(body)))
	}
	w.WriteHeader(e.status)
	if r.Method != http.MethodHead {
		fmt.Fprint(w, body)
	}
}
