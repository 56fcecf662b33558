package conformance

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
)

// check holds a result against what a call expects.
func check(t *testing.T, op operation, c call, id string, r result) {
	t.Helper()
	if c.code != "" {
		status := c.status
		if status == 0 {
			status = http.StatusBadRequest
		}
		if r.code != c.code || r.status != status || r.message == "" {
			t.Errorf("got %d %s %q, want %d %s", r.status, r.code, r.message, status, c.code)
		}
		return
	}
	if r.code != "" {
		t.Fatalf("refused: %d %s %s", r.status, r.code, r.message)
	}
	if r.raw != nil {
		checkMembers(t, r.raw, v2Body(op.action))
	} else {
		checkFilled(t, op.action, reflect.ValueOf(r.body))
	}
	if c.values != nil {
		checkValues(t, r.body, fill(c.values, id).(params))
	}
}

// acceptXML makes the SDK ask for XML.
func acceptXML(r *requests.RpcRequest) { r.AcceptFormat = "XML" }
