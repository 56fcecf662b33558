package reference

import (
	"slices"
	"testing"
)

func TestFindErrors(t *testing.T) {
	t.Parallel()
	ref := &API{ErrorCodes: []ErrorCode{
		{Code: "Forbidden", Messages: []string{"Ram Permission is forbidden."}, Meaning: Text{English: "Not allowed.", Chinese: "不允许。"}},
		{Code: "LockFail", Messages: []string{"Domain has been occupied."}, Cause: Text{English: "It is not Forbidden.", Chinese: "域名已存在。"}},
		{Code: "MissingAppName", Remedy: Text{English: "Send it.", Chinese: "发送。"}},
	}}
	for _, tt := range []struct {
		name, query string
		want        []string
	}{
		{"nothing finds all", " ", []string{"Forbidden", "LockFail", "MissingAppName"}},
		{"a code", "lockfail", []string{"LockFail"}},
		{"codes before texts", "FORBIDDEN", []string{"Forbidden", "LockFail"}},
		{"a message", "occupied", []string{"LockFail"}},
		{"Chinese", "发送", []string{"MissingAppName"}},
		{"what is nowhere", "nowhere", nil},
	} {
		var got []string
		for _, e := range ref.FindErrors(tt.query) {
			got = append(got, e.Code)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
