package console

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"tallylight/internal/identity"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

// accessKeyRoutes are those of access keys.
var accessKeyRoutes = []route{
	{pattern: "GET " + accessPath, handle: (*visit).accessPage},
	{pattern: "POST " + accessPath + "/keys", handle: (*visit).createKey},
	{pattern: "POST " + accessPath + "/keys/state", handle: (*visit).setKeyState},
	{pattern: "POST " + accessPath + "/keys/delete", handle: (*visit).deleteKey},
}

// accessPageSize bounds the rows of the lists.
const accessPageSize = 50

// A keyList is the page of access keys.
type keyList struct {
	accessHead
	User           string // the filter
	Users          []string
	Rows           []keyRow
	Before, Behind string
	OfAccount      bool // the visitor may make keys of the account itself
	Shown          live.AccessKey
}

// A keyRow is an access key in the list. Secrets are in none.
type keyRow struct {
	ID, User           string
	State              string // active, disabled or expired
	CreatedAt          time.Time
	ExpiresAt          time.Time
	Own                bool // the visitor has signed in with it
	MayState, MayErase bool
}

// accessPage shows the keys, or to those who may not see them what they may.
func (v *visit) accessPage() error {
	first, err := v.firstAccessTab()
	if err != nil {
		return err
	}
	if first != "" && first != accessPath {
		v.redirect(first)
		return nil
	}
	return v.showKeys(live.AccessKey{})
}

// showKeys answers with the list, and with a key that was made just now.
func (v *visit) showKeys(shown live.AccessKey) error {
	h, err := v.openAccess("", ramListKeys)
	if err != nil {
		return err
	}
	list := keyList{accessHead: h, Shown: shown, User: v.r.URL.Query().Get("user"), OfAccount: v.key.User == ""}
	if list.Users, err = v.accessUserNames(); err != nil {
		return err
	}
	ctx := v.r.Context()
	var keys []live.AccessKey
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		keys, err = r.AccessKeys(ctx, v.key.AccountID)
		return err
	})
	if err != nil {
		return fmt.Errorf("read access keys: %w", err)
	}
	if list.User != "" {
		keys = slices.DeleteFunc(keys, func(k live.AccessKey) bool { return k.User != list.User })
	}
	number := v.pageNumber()
	first := min((number-1)*accessPageSize, len(keys))
	last := min(first+accessPageSize, len(keys))
	list.Before, list.Behind = v.pageAddresses(number, last < len(keys))
	for _, k := range keys[first:last] {
		list.Rows = append(list.Rows, v.keyRow(h, k))
	}
	return v.render("access.html", "Access keys", list)
}

func (v *visit) keyRow(h accessHead, k live.AccessKey) keyRow {
	row := keyRow{ID: k.ID, User: k.User, State: "active", CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, Own: k.ID == v.key.ID}
	switch {
	case k.Temporary() && !v.Now().Before(k.ExpiresAt):
		row.State = "expired"
	case !k.Active:
		row.State = "disabled"
	}
	if k.User != "" || v.key.User == "" {
		row.MayState, row.MayErase = h.May["UpdateAccessKey"], h.May["DeleteAccessKey"]
	}
	return row
}

// createKey makes a key, whose secret stands in this answer alone.
func (v *visit) createKey() error {
	user := v.r.PostFormValue("user")
	if err := v.mustManage(ramCreateKey); err != nil {
		return err
	}
	if err := v.mustOwn(user); err != nil {
		return err
	}
	key := identity.NewKey(v.key.AccountID, user, v.Now())
	ctx := v.r.Context()
	err := v.Store.Update(ctx, func(tx store.Tx) error { return identity.AddKey(ctx, tx, key) })
	if err != nil {
		return notThere(fmt.Errorf("create access key: %w", err))
	}
	v.audit("create access key", key.ID, "of_user", user)
	if may, err := v.mayManage(ramListKeys); err != nil {
		return err
	} else if !may { // he is shown the key, and no list
		return v.render("access.html", "Access keys", keyList{Shown: key})
	}
	return v.showKeys(key)
}

// mustOwn keeps users from the keys of the account, with which one may do
// everything.
func (v *visit) mustOwn(user string) error {
	if user == "" && v.key.User != "" {
		return refused(http.StatusForbidden, "Only the account itself manages its own access keys.")
	}
	return nil
}

// openKey returns the key that the form names, if the visitor may use an action on
// it.
func (v *visit) openKey(action string) (key live.AccessKey, err error) {
	if err := v.mustManage(action); err != nil {
		return key, err
	}
	ctx := v.r.Context()
	err = v.Store.View(ctx, func(r store.Reader) (err error) {
		key, err = identity.Key(ctx, r, v.key.AccountID, v.r.PostFormValue("id"))
		return err
	})
	if err != nil {
		return key, notThere(fmt.Errorf("read access key: %w", err))
	}
	return key, v.mustOwn(key.User)
}

// setKeyState has calls with a key refused, or accepted again.
func (v *visit) setKeyState() error {
	key, err := v.openKey(ramUpdateKey)
	if err != nil {
		return err
	}
	active := v.r.PostFormValue("active") == "true"
	if key.ID == v.key.ID && !active {
		sure, err := v.confirmed(v.t("You have signed in with this access key. Deactivating it ends your session, and only another key can activate it again."), accessPath)
		if err != nil || !sure {
			return err
		}
	}
	ctx := v.r.Context()
	err = v.Store.Update(ctx, func(tx store.Tx) error {
		if !active {
			if err := identity.KeepLast(ctx, tx, key); err != nil {
				return err
			}
		}
		return identity.SetKeyActive(ctx, tx, v.key.AccountID, key.ID, active)
	})
	if err != nil {
		return v.keyFailed(fmt.Errorf("set state of access key %s: %w", key.ID, err))
	}
	if active {
		v.audit("activate access key", key.ID, "of_user", key.User)
		v.done("Access key %s is active.", key.ID)
	} else {
		v.audit("deactivate access key", key.ID, "of_user", key.User)
		v.done("Access key %s is inactive.", key.ID)
	}
	v.redirect(accessPath)
	return nil
}

func (v *visit) deleteKey() error {
	key, err := v.openKey(ramDeleteKey)
	if err != nil {
		return err
	}
	if key.ID == v.key.ID {
		sure, err := v.confirmed(v.t("You have signed in with this access key. Deleting it ends your session, and nothing brings it back."), accessPath)
		if err != nil || !sure {
			return err
		}
	}
	ctx := v.r.Context()
	err = v.Store.Update(ctx, func(tx store.Tx) error {
		if err := identity.KeepLast(ctx, tx, key); err != nil {
			return err
		}
		return identity.DeleteKey(ctx, tx, v.key.AccountID, key.ID)
	})
	if err != nil {
		return v.keyFailed(fmt.Errorf("delete access key %s: %w", key.ID, err))
	}
	v.audit("delete access key", key.ID, "of_user", key.User)
	v.done("Access key %s was deleted.", key.ID)
	v.redirect(accessPath)
	return nil
}

// keyFailed tells on the list what was not done.
func (v *visit) keyFailed(err error) error {
	if err := v.failed(notThere(err)); err != nil {
		return err
	}
	v.redirect(accessPath)
	return nil
}
