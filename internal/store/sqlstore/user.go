package sqlstore

import (
	"context"
	"fmt"

	"tallylight/internal/live"
)

func scanUser(scan func(...any) error) (u live.User, err error) {
	err = scan(&u.AccountID, &u.Name, timeColumn{&u.CreatedAt})
	return u, err
}

// User implements store.Reader.
func (r *Reader) User(ctx context.Context, account live.AccountID, name string) (live.User, error) {
	u, err := one(ctx, r.conn, live.ErrUserNotFound, scanUser,
		`SELECT account_id, name, created_at FROM ram_users WHERE account_id = $1 AND name = $2`, string(account), name)
	if err != nil {
		return u, fmt.Errorf("user %s: %w", name, err)
	}
	return u, nil
}

// Users implements store.Reader.
func (r *Reader) Users(ctx context.Context, account live.AccountID) ([]live.User, error) {
	users, err := all(ctx, r.conn, scanUser,
		`SELECT account_id, name, created_at FROM ram_users WHERE account_id = $1 ORDER BY name`, string(account))
	if err != nil {
		return nil, fmt.Errorf("users of account %s: %w", account, err)
	}
	return users, nil
}

// UserPolicies implements store.Reader.
func (r *Reader) UserPolicies(ctx context.Context, account live.AccountID, user string) ([]live.UserPolicy, error) {
	policies, err := all(ctx, r.conn, func(scan func(...any) error) (p live.UserPolicy, err error) {
		err = scan(&p.AccountID, &p.User, &p.Name, &p.Document, timeColumn{&p.CreatedAt})
		return p, err
	}, `SELECT account_id, user_name, name, document, created_at FROM ram_policies
		WHERE account_id = $1 AND user_name = $2 ORDER BY name`, string(account), user)
	if err != nil {
		return nil, fmt.Errorf("policies of user %s: %w", user, err)
	}
	return policies, nil
}

// AddUser implements store.Tx.
func (t *Tx) AddUser(ctx context.Context, u live.User) error {
	err := change(ctx, t.conn, live.ErrUserExists,
		`INSERT INTO ram_users (account_id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (account_id, name) DO NOTHING`,
		string(u.AccountID), u.Name, micros(u.CreatedAt))
	if err != nil {
		return fmt.Errorf("add user %s: %w", u.Name, err)
	}
	return nil
}

// DeleteUser implements store.Tx. Its policies go with it by their foreign key.
func (t *Tx) DeleteUser(ctx context.Context, account live.AccountID, name string) error {
	err := change(ctx, t.conn, live.ErrUserNotFound,
		`DELETE FROM ram_users WHERE account_id = $1 AND name = $2`, string(account), name)
	if err == nil {
		_, err = t.conn.Exec(ctx, `DELETE FROM access_keys WHERE account_id = $1 AND user_name = $2`, string(account), name)
	}
	if err != nil {
		return fmt.Errorf("delete user %s: %w", name, err)
	}
	return nil
}

// PutUserPolicy implements store.Tx.
func (t *Tx) PutUserPolicy(ctx context.Context, p live.UserPolicy) error {
	err := change(ctx, t.conn, live.ErrUserNotFound,
		`INSERT INTO ram_policies (account_id, user_name, name, document, created_at)
		SELECT account_id, name, $3, $4, $5 FROM ram_users WHERE account_id = $1 AND name = $2
		ON CONFLICT (account_id, user_name, name) DO UPDATE SET document = excluded.document, created_at = excluded.created_at`,
		string(p.AccountID), p.User, p.Name, p.Document, micros(p.CreatedAt))
	if err != nil {
		return fmt.Errorf("put policy %s of user %s: %w", p.Name, p.User, err)
	}
	return nil
}

// DeleteUserPolicy implements store.Tx.
func (t *Tx) DeleteUserPolicy(ctx context.Context, account live.AccountID, user, name string) error {
	err := change(ctx, t.conn, live.ErrPolicyNotFound,
		`DELETE FROM ram_policies WHERE account_id = $1 AND user_name = $2 AND name = $3`, string(account), user, name)
	if err != nil {
		return fmt.Errorf("delete policy %s of user %s: %w", name, user, err)
	}
	return nil
}
