package conformance

import (
	"reflect"
	"strings"
	"testing"

	v2 "github.com/alibabacloud-go/live-20161101/v2/client"
)

// TestEveryOperationOfTheSDKIsKnown calls all that the SDK can call: what the
// server does not offer, it refuses as that, and not as a name that nobody has.
func TestEveryOperationOfTheSDKIsKnown(t *testing.T) {
	t.Parallel()
	addr := startServer(t, "TALLYLIGHT_API_QPS_FACTOR=0")
	call := v2Caller(t, addr, "")
	offered := map[string]bool{}
	for _, op := range operations {
		offered[op.action] = true
	}
	known := 0
	sdk := reflect.TypeFor[*v2.Client]()
	for i := range sdk.NumMethod() {
		action, ok := strings.CutSuffix(sdk.Method(i).Name, "WithOptions")
		if !ok || offered[action] {
			continue
		}
		known++
		r := call(t, operation{action: action}, params{})
		if r.code == "InvalidAction.NotFound" {
			t.Errorf("%s: %d %s %s", action, r.status, r.code, r.message)
		}
	}
	if known < 300 {
		t.Errorf("the SDK has %d operations only", known)
	}
}
