package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"tallylight/internal/callback"
	"tallylight/internal/callback/wire"
	"tallylight/internal/live"
	"tallylight/internal/store"
)

type secretsCommand struct {
	List   secretsListCommand   `cmd:"" help:"List whose secrets there are. The secrets are not shown."`
	Rotate secretsRotateCommand `cmd:"" help:"Make a new secret; the one before goes on to sign, too."`
	Drop   secretsDropCommand   `cmd:"" help:"Stop signing with the secret before."`
}

func (secretsCommand) Help() string {
	return `Callbacks about a domain are signed by Standard Webhooks with the secrets of the
endpoint, else of the domain, else with callbacks.secret. While somebody has two
secrets, callbacks carry two signatures: rotate, give the receiver the new secret, and
drop the old one when it is in use.

A running server follows within seconds.

Examples:

    tallylight secrets rotate play.example.com
    tallylight secrets drop play.example.com

A domain leaves callbacks.secret without a gap in three steps:

    tallylight secrets rotate play.example.com --secret whsec_…   # that of callbacks.secret
    tallylight secrets rotate play.example.com
    tallylight secrets drop play.example.com`
}

// secretOwner names whose secrets a command is about.
type secretOwner struct {
	dataFlags
	Owner string `arg:"" help:"A domain, or the id of an endpoint."`
}

// find returns the owner as it is stored, if there is one.
func (c *secretOwner) find(ctx context.Context, r store.Reader) (string, error) {
	if strings.HasPrefix(c.Owner, live.EndpointIDPrefix) {
		e, err := r.Endpoint(ctx, live.EndpointID(c.Owner))
		return string(e.ID), err
	}
	d, err := r.Domain(ctx, live.NormalizeDomainName(c.Owner))
	return d.Name, err
}

type secretsListCommand struct {
	dataFlags
}

func (c *secretsListCommand) Run(ctx context.Context, s *streams) error {
	var list []live.WebhookSecret
	err := c.view(ctx, func(r store.Reader, _ live.AccountID) (err error) {
		list, err = r.WebhookSecrets(ctx)
		return err
	})
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "OWNER\tSECRET\tCREATED")
	for i, secret := range list {
		which := "new"
		if i > 0 && list[i-1].Owner == secret.Owner {
			which = "before"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", secret.Owner, which, secret.CreatedAt.Format(time.RFC3339))
	}
	return w.Flush()
}

type secretsRotateCommand struct {
	secretOwner
	Secret string `help:"Take this secret, whsec_ and base64, in place of a random one." placeholder:"SECRET"`
}

func (c *secretsRotateCommand) Run(ctx context.Context, s *streams) error {
	secret := wire.NewSecret()
	if c.Secret != "" {
		var err error
		if secret, err = wire.ParseSecret(c.Secret); err != nil {
			return usageError{fmt.Errorf("--secret: %w", err)}
		}
	}
	var owner string
	err := c.update(ctx, func(tx store.Tx, _ live.AccountID) (err error) {
		if owner, err = c.find(ctx, tx); err != nil {
			return err
		}
		return tx.AddWebhookSecret(ctx, live.WebhookSecret{Owner: owner, Secret: secret.Text(), CreatedAt: time.Now()})
	})
	if err != nil {
		return err
	}
	return printf(s, "%s\n", secret.Text())
}

type secretsDropCommand struct {
	secretOwner
	All bool `help:"Drop the new secret, too: the owner has none of its own then."`
}

func (c *secretsDropCommand) Run(ctx context.Context, s *streams) error {
	dropped := 0
	err := c.update(ctx, func(tx store.Tx, _ live.AccountID) error {
		owner, err := c.find(ctx, tx)
		if err != nil {
			return err
		}
		dropped, err = callback.DropSecrets(ctx, tx, owner, c.All)
		if errors.Is(err, callback.ErrNoSecretBefore) {
			return fmt.Errorf("%s: %w; --all drops the only one", owner, err)
		}
		return err
	})
	if err != nil {
		return err
	}
	return printf(s, "dropped %d\n", dropped)
}
