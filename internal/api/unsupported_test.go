package api

import (
	"slices"
	"testing"

	"tallylight/internal/api/apierr"
	"tallylight/internal/api/sign"
)

func TestOperationsThatAreNotOfferedSaySo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	offered := map[string]bool{}
	for _, op := range operations {
		offered[op.name] = true
	}
	for _, name := range operationNames() {
		if !offered[name] {
			f.call(params(name, "DomainName="+playDomain)).wantError(t, apierr.UnsupportedOperation(name))
		}
	}
}

func TestOnlyCallersThatAreKnownLearnWhatIsOffered(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	a := f.callAs(sign.Key{ID: testKey.ID, Secret: "guess"}, params("CreateCaster"))
	if a.code != "SignatureDoesNotMatch" {
		t.Errorf("wrong secret: %d %s", a.status, a.code)
	}
	f.call(params("AddNothing")).wantError(t, apierr.InvalidActionNotFound)
}

func TestTheVendorsOperationsAreListedOnceAndSorted(t *testing.T) {
	t.Parallel()
	names := operationNames()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Error("vendor_operations.txt is not sorted, or names one twice")
	}
	for _, op := range operations {
		if !slices.Contains(names, op.name) {
			t.Errorf("vendor_operations.txt lacks %s", op.name)
		}
	}
}
