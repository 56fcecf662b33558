package main

import (
	"cmp"
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"tallylight/internal/identity"
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
	var key live.AccessKey
	err := c.update(ctx, func(tx store.Tx, account live.AccountID) error {
		key = identity.NewKey(account, c.User, time.Now())
		return identity.AddKey(ctx, tx, key)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "AccessKeyId      %s\nAccessKeySecret  %s\n", key.ID, key.Secret)
	return err
}

type keysTemporaryCommand struct {
	dataFlags
	Duration time.Duration `help:"How long the key serves, 1m to 12h." default:"1h" placeholder:"D"`
	User     string        `help:"The user whose policies bind the key; without one the key may do everything." placeholder:"NAME"`
}

func (c *keysTemporaryCommand) Run(ctx context.Context, s *streams) error {
	if c.Duration < identity.MinTemporary || c.Duration > identity.MaxTemporary {
		return usageError{fmt.Errorf("--duration: %s is not allowed: give 1m to 12h", c.Duration)}
	}
	var key live.AccessKey
	var token string
	err := c.update(ctx, func(tx store.Tx, account live.AccountID) error {
		key, token = identity.NewTemporaryKey(account, c.User, time.Now(), c.Duration)
		return identity.AddKey(ctx, tx, key)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "AccessKeyId      %s\nAccessKeySecret  %s\nSecurityToken    %s\nExpiration       %s\n",
		key.ID, key.Secret, token, key.ExpiresAt.UTC().Format(time.RFC3339))
	return err
}

// keyFlags name a key.
type keyFlags struct {
	dataFlags
	ID string `arg:"" help:"AccessKeyId of the key."`
}

// setActive switches the key on or off.
func (c *keyFlags) setActive(ctx context.Context, active bool) error {
	return c.update(ctx, func(tx store.Tx, account live.AccountID) error {
		return identity.SetKeyActive(ctx, tx, account, c.ID, active)
	})
}

type keysDisableCommand struct{ keyFlags }

func (c *keysDisableCommand) Run(ctx context.Context) error { return c.setActive(ctx, false) }

type keysEnableCommand struct{ keyFlags }

func (c *keysEnableCommand) Run(ctx context.Context) error { return c.setActive(ctx, true) }

type keysDeleteCommand struct{ keyFlags }

func (c *keysDeleteCommand) Run(ctx context.Context) error {
	return c.update(ctx, func(tx store.Tx, account live.AccountID) error { return identity.DeleteKey(ctx, tx, account, c.ID) })
}
