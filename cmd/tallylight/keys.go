package main

import (
	"cmp"
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

type keysCommand struct {
	List      keysListCommand      `cmd:"" help:"List the access keys."`
	Create    keysCreateCommand    `cmd:"" help:"Make an access key, of the account or of a user."`
	Temporary keysTemporaryCommand `cmd:"" help:"Make a temporary key with its security token."`
	Disable   keysDisableCommand   `cmd:"" help:"Refuse calls with a key until it is enabled."`
	Enable    keysEnableCommand    `cmd:"" help:"Accept calls with a key again."`
	Delete    keysDeleteCommand    `cmd:"" help:"Delete a key for good."`
}

func (keysCommand) Help() string {
	return `These commands work on the data folder, beside a running server or without one;
the server follows at once. Secrets and security tokens are shown when they are
made and never again.

Examples:

    tallylight keys create
    tallylight keys create --user lena
    tallylight keys temporary --duration 2h --user lena
    tallylight keys disable TLxxxxxxxxxxxxxxxxxxxxxx`
}

type keysListCommand struct {
	dataFlags
}

func (c *keysListCommand) Run(ctx context.Context, s *streams) error {
	var keys []live.AccessKey
	err := c.view(ctx, func(r store.Reader, account live.AccountID) (err error) {
		keys, err = r.AccessKeys(ctx, account)
		return err
	})
	if err != nil {
		return err
	}
	now := time.Now()
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tUSER\tSTATE\tCREATED\tEXPIRES")
	for _, k := range keys {
		expires := "-"
		if k.Temporary() {
			expires = k.ExpiresAt.Format(time.RFC3339)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", k.ID, cmp.Or(k.User, "-"), keyState(k, now), k.CreatedAt.Format(time.RFC3339), expires)
	}
	return w.Flush()
}

func keyState(k live.AccessKey, now time.Time) string {
	switch {
	case k.Temporary() && !now.Before(k.ExpiresAt):
		return "expired"
	case !k.Active:
		return "disabled"
	}
	return "active"
}

type keysCreateCommand struct {
	dataFlags
	User string `help:"The user whose policies bind the key; without one the key may do everything." placeholder:"NAME"`
}

func (c *keysCreateCommand) Run(ctx context.Context, s *streams) error {
	key := live.AccessKey{ID: "TL" + randomText(22), Secret: randomText(30), User: c.User, Active: true, CreatedAt: time.Now()}
	err := c.update(ctx, func(tx store.Tx, account live.AccountID) error {
		key.AccountID = account
		return addKeyOfUser(ctx, tx, key)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "AccessKeyId      %s\nAccessKeySecret  %s\n", key.ID, key.Secret)
	return err
}

// addKeyOfUser adds a key, whose user has to exist.
func addKeyOfUser(ctx context.Context, tx store.Tx, key live.AccessKey) error {
	if key.User != "" {
		if _, err := tx.User(ctx, key.AccountID, key.User); err != nil {
			return err
		}
	}
	return tx.PutAccessKey(ctx, key)
}

// Bounds of the life of temporary keys, and how long an expired one is kept so
// that its use can be told from that of a key that never was.
const (
	minTemporary = time.Minute
	maxTemporary = 12 * time.Hour
	keepExpired  = 24 * time.Hour
)

type keysTemporaryCommand struct {
	dataFlags
	Duration time.Duration `help:"How long the key serves, 1m to 12h." default:"1h" placeholder:"D"`
	User     string        `help:"The user whose policies bind the key; without one the key may do everything." placeholder:"NAME"`
}

func (c *keysTemporaryCommand) Run(ctx context.Context, s *streams) error {
	if c.Duration < minTemporary || c.Duration > maxTemporary {
		return usageError{fmt.Errorf("--duration: %s is not allowed: give 1m to 12h", c.Duration)}
	}
	now := time.Now()
	token := randomText(64)
	key := live.AccessKey{
		ID: "STS." + randomText(24), Secret: randomText(30), User: c.User, Active: true, CreatedAt: now,
		TokenHash: live.TokenHash(token), ExpiresAt: now.Add(c.Duration),
	}
	err := c.update(ctx, func(tx store.Tx, account live.AccountID) error {
		if err := deleteExpiredKeys(ctx, tx, account, now.Add(-keepExpired)); err != nil {
			return err
		}
		key.AccountID = account
		return addKeyOfUser(ctx, tx, key)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "AccessKeyId      %s\nAccessKeySecret  %s\nSecurityToken    %s\nExpiration       %s\n",
		key.ID, key.Secret, token, key.ExpiresAt.UTC().Format(time.RFC3339))
	return err
}

// deleteExpiredKeys deletes the temporary keys that expired before a time.
func deleteExpiredKeys(ctx context.Context, tx store.Tx, account live.AccountID, before time.Time) error {
	keys, err := tx.AccessKeys(ctx, account)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.Temporary() && k.ExpiresAt.Before(before) {
			if err := tx.DeleteAccessKey(ctx, k.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// keyFlags name a key.
type keyFlags struct {
	dataFlags
	ID string `arg:"" help:"AccessKeyId of the key."`
}

// setActive switches the key on or off.
func (c *keyFlags) setActive(ctx context.Context, active bool) error {
	return c.update(ctx, func(tx store.Tx, _ live.AccountID) error {
		key, err := tx.AccessKey(ctx, c.ID)
		if err != nil {
			return err
		}
		key.Active = active
		return tx.PutAccessKey(ctx, key)
	})
}

type keysDisableCommand struct{ keyFlags }

func (c *keysDisableCommand) Run(ctx context.Context) error { return c.setActive(ctx, false) }

type keysEnableCommand struct{ keyFlags }

func (c *keysEnableCommand) Run(ctx context.Context) error { return c.setActive(ctx, true) }

type keysDeleteCommand struct{ keyFlags }

func (c *keysDeleteCommand) Run(ctx context.Context) error {
	return c.update(ctx, func(tx store.Tx, _ live.AccountID) error { return tx.DeleteAccessKey(ctx, c.ID) })
}
