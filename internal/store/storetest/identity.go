package storetest

import (
	"context"
	"testing"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func testAccessKeysListed(t *testing.T, b Backend) {
	keys := []live.AccessKey{
		{ID: "LTAI9", Secret: "first", AccountID: "1", Active: true, CreatedAt: epoch},
		{ID: "LTAI1", Secret: "second", AccountID: "1", User: "lena", CreatedAt: after(time.Second)},
		{ID: "STS.1", Secret: "third", AccountID: "1", Active: true, TokenHash: "ab12", ExpiresAt: after(time.Hour), CreatedAt: after(time.Minute)},
	}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, k := range append(keys[1:3:3], keys[0], live.AccessKey{ID: "OTHER", AccountID: "2"}) {
			if err := tx.PutAccessKey(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
	list := func(ctx context.Context, r store.Reader) ([]live.AccessKey, error) { return r.AccessKeys(ctx, "1") }
	equal(t, "AccessKeys", read(t, b.Store, list), keys)

	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.DeleteAccessKey(ctx, "LTAI1"); err != nil {
			return err
		}
		return refused(tx.DeleteAccessKey(ctx, "LTAI1"), live.ErrAccessKeyMissing)
	})
	equal(t, "AccessKeys", read(t, b.Store, list), []live.AccessKey{keys[0], keys[2]})
}

func testUsers(t *testing.T, b Backend) {
	lena := live.User{AccountID: "1", Name: "lena", CreatedAt: epoch}
	adam := live.User{AccountID: "1", Name: "adam", CreatedAt: after(time.Second)}
	users := func(ctx context.Context, r store.Reader) ([]live.User, error) { return r.Users(ctx, "1") }
	get := func(ctx context.Context, r store.Reader) (live.User, error) { return r.User(ctx, "1", "lena") }
	missing(t, b.Store, live.ErrUserNotFound, get)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, u := range []live.User{lena, adam, {AccountID: "2", Name: "lena"}} {
			if err := tx.AddUser(ctx, u); err != nil {
				return err
			}
			if err := tx.PutAccessKey(ctx, live.AccessKey{ID: "key of " + u.Name + string(u.AccountID), AccountID: u.AccountID, User: u.Name}); err != nil {
				return err
			}
		}
		return refused(tx.AddUser(ctx, lena), live.ErrUserExists)
	})
	equal(t, "User", read(t, b.Store, get), lena)
	equal(t, "Users", read(t, b.Store, users), []live.User{adam, lena})

	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.PutUserPolicy(ctx, live.UserPolicy{AccountID: "1", User: "lena", Name: "p", Document: "{}"}); err != nil {
			return err
		}
		if err := tx.DeleteUser(ctx, "1", "lena"); err != nil {
			return err
		}
		return refused(tx.DeleteUser(ctx, "1", "lena"), live.ErrUserNotFound)
	})
	equal(t, "Users", read(t, b.Store, users), []live.User{adam})
	for id, want := range map[string]error{"key of lena1": live.ErrAccessKeyMissing, "key of adam1": nil, "key of lena2": nil} {
		key := func(ctx context.Context, r store.Reader) (live.AccessKey, error) { return r.AccessKey(ctx, id) }
		if want != nil {
			missing(t, b.Store, want, key)
		} else {
			read(t, b.Store, key)
		}
	}
	policies := func(ctx context.Context, r store.Reader) ([]live.UserPolicy, error) {
		return r.UserPolicies(ctx, "1", "lena")
	}
	if got := read(t, b.Store, policies); len(got) != 0 {
		t.Errorf("policies of a deleted user: %+v", got)
	}
}

func testUserPolicies(t *testing.T, b Backend) {
	reading := live.UserPolicy{AccountID: "1", User: "lena", Name: "read", Document: `{"Version":"1"}`, CreatedAt: epoch}
	admin := live.UserPolicy{AccountID: "1", User: "lena", Name: "admin", Document: "{}", CreatedAt: epoch}
	policies := func(ctx context.Context, r store.Reader) ([]live.UserPolicy, error) {
		return r.UserPolicies(ctx, "1", "lena")
	}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := refused(tx.PutUserPolicy(ctx, reading), live.ErrUserNotFound); err != nil {
			return err
		}
		for _, u := range []live.User{{AccountID: "1", Name: "lena"}, {AccountID: "1", Name: "adam"}} {
			if err := tx.AddUser(ctx, u); err != nil {
				return err
			}
		}
		for _, p := range []live.UserPolicy{reading, admin, {AccountID: "1", User: "adam", Name: "read", Document: "{}"}} {
			if err := tx.PutUserPolicy(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	equal(t, "UserPolicies", read(t, b.Store, policies), []live.UserPolicy{admin, reading})

	reading.Document, reading.CreatedAt = `{"Version":"1","Statement":[]}`, after(time.Hour)
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		if err := tx.PutUserPolicy(ctx, reading); err != nil {
			return err
		}
		if err := tx.DeleteUserPolicy(ctx, "1", "lena", "admin"); err != nil {
			return err
		}
		return refused(tx.DeleteUserPolicy(ctx, "1", "lena", "admin"), live.ErrPolicyNotFound)
	})
	equal(t, "UserPolicies", read(t, b.Store, policies), []live.UserPolicy{reading})
}

func testNonces(t *testing.T, b Backend) {
	soon := live.Nonces{ExpiresAt: after(time.Minute), Digests: []uint64{1, 1 << 63, 0}}
	late := live.Nonces{ExpiresAt: after(time.Hour), Digests: []uint64{7}}
	update(t, b.Store, func(ctx context.Context, tx store.Tx) error {
		for _, n := range []live.Nonces{late, soon, soon} {
			if err := tx.AddNonces(ctx, n); err != nil {
				return err
			}
		}
		return nil
	})
	at := func(now time.Time) func(context.Context, store.Reader) ([]live.Nonces, error) {
		return func(ctx context.Context, r store.Reader) ([]live.Nonces, error) { return r.Nonces(ctx, now) }
	}
	equal(t, "Nonces", read(t, b.Store, at(epoch)), []live.Nonces{soon, soon, late})
	equal(t, "Nonces at their expiry", read(t, b.Store, at(soon.ExpiresAt)), []live.Nonces{late})

	update(t, b.Store, func(ctx context.Context, tx store.Tx) error { return tx.DeleteNonces(ctx, soon.ExpiresAt) })
	equal(t, "Nonces after some were deleted", read(t, b.Store, at(epoch)), []live.Nonces{late})
}
