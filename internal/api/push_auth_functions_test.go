package api

import (
	"errors"
	"testing"
	"time"

	"tallylight/internal/api/apierr"
	"tallylight/internal/live"
)

func FuzzParseFunctions(f *testing.F) {
	f.Add(aliauth())
	f.Add(aliauth("auth_type=no_auth", argAuthKey1))
	for _, c := range streamErrorCases() {
		if c.action == "BatchSetLiveDomainConfigs" {
			f.Add(c.params().Get("Functions"))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, _, err := parseFunctions(text)
		if err != nil {
			if _, known := errors.AsType[*apierr.Error](err); !known {
				t.Errorf("refused with %v, which has no code", err)
			}
			return
		}
		if a.Type == live.PushAuthA && live.ValidatePushAuthKey(a.Key1) != nil {
			t.Errorf("accepted without a good key: %+v", a)
		}
		if a.Validity < time.Minute || a.Validity > live.MaxPushAuthValidity {
			t.Errorf("accepted with the validity %s", a.Validity)
		}
	})
}
