package live

import (
	"fmt"
	"regexp"
	"time"
)

// A User of an account has access keys of its own, and may do what its policies
// allow: nothing without any.
type User struct {
	AccountID AccountID
	Name      string
	CreatedAt time.Time
}

// A UserPolicy is a policy attached to a user; the name is the user's own.
type UserPolicy struct {
	AccountID AccountID
	User      string
	Name      string
	Document  string // JSON, which package live/ram reads
	CreatedAt time.Time
}

// userName is what the vendor allows in names of users, and a superset of what
// it allows in those of policies.
var userName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// ValidateUserName reports whether name can be that of a user or a policy: 1 to
// 64 letters, digits, dots, underscores and hyphens.
func ValidateUserName(name string) error {
	if !userName.MatchString(name) {
		return fmt.Errorf("name %q: give 1 to 64 letters, digits, dots, underscores and hyphens", name)
	}
	return nil
}
