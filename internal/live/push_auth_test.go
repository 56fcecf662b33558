package live

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestAuthKeysAreThoseOfTheDocumentation(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		path string
		unix int64
		key  string
		want string
	}{
		{"/video/standard", 1622194197, "aliyunliveexp1234", "1622194197-0-0-5552ff52b5e4e20387c6dc18afce206b"},
		{"/video/standard/1K.html", 1444435200, "aliyuncdnexp1234", "1444435200-0-0-80cd3862d699b7118eed99103f2a3a4f"},
		{"/live/stream1", 1767225600, "0123456789abcdef", "1767225600-0-0-fa7f8e5ae697a2a8aa2b335027ad345b"},
	} {
		if got := AuthKey(tc.path, time.Unix(tc.unix, 0), "0", "0", tc.key); got != tc.want {
			t.Errorf("AuthKey(%s) = %s, want %s", tc.path, got, tc.want)
		}
	}
}

func TestAPushIsCheckedByItsDomainsKeys(t *testing.T) {
	t.Parallel()
	const path, key1, key2 = "/live/stream1", "0123456789abcdef", "fedcba9876543210"
	signed := time.Unix(1767225600, 0)
	good := AuthKey(path, signed, "0", "0", key1)
	auth := PushAuth{Type: PushAuthA, Key1: key1, Key2: key2, Validity: 30 * time.Minute}
	oneKey := PushAuth{Type: PushAuthA, Key1: key1, Validity: 30 * time.Minute}
	off := PushAuth{Type: PushAuthNone, Key1: key1, Validity: 30 * time.Minute}
	for _, tc := range []struct {
		name    string
		auth    PushAuth
		path    string
		authKey string
		after   time.Duration
		want    error
	}{
		{"first key", auth, path, good, 0, nil},
		{"second key", auth, path, AuthKey(path, signed, "0", "0", key2), 0, nil},
		{"random part and user", auth, path, AuthKey(path, signed, "a1b2", "7", key1), 0, nil},
		{"timestamp to come", auth, path, good, -time.Hour, nil},
		{"at the end of the validity", auth, path, good, 30 * time.Minute, nil},
		{"after the end of the validity", auth, path, good, 30*time.Minute + time.Nanosecond, ErrAuthKeyExpired},
		{"no auth_key", auth, path, "", 0, ErrAuthKeyMissing},
		{"no auth_key where none is wanted", off, path, "", 0, nil},
		{"any auth_key where none is wanted", off, path, "x", 0, nil},
		{"another stream", auth, "/live/stream2", good, 0, ErrAuthKeyInvalid},
		{"another key", auth, path, AuthKey(path, signed, "0", "0", "another-key"), 0, ErrAuthKeyInvalid},
		{"no second key, signed with none", oneKey, path, AuthKey(path, signed, "0", "0", ""), 0, ErrAuthKeyInvalid},
		{"hash in capitals", auth, path, strings.ToUpper(good), 0, ErrAuthKeyInvalid},
		{"hash cut off", auth, path, good[:len(good)-1], 0, ErrAuthKeyInvalid},
		{"another timestamp", auth, path, "1767225601" + good[10:], 0, ErrAuthKeyInvalid},
		{"another user", auth, path, strings.Replace(good, "-0-0-", "-0-1-", 1), 0, ErrAuthKeyInvalid},
		{"three parts", auth, path, "1767225600-0-0", 0, ErrAuthKeyInvalid},
		{"five parts", auth, path, good + "-0", 0, ErrAuthKeyInvalid},
		{"timestamp that is no number", auth, path, "now-0-0-fa7f8e5ae697a2a8aa2b335027ad345b", 0, ErrAuthKeyInvalid},
		{"timestamp with a sign", auth, path, "+1767225600-0-0-fa7f8e5ae697a2a8aa2b335027ad345b", 0, ErrAuthKeyInvalid},
		{"timestamp of the far future", auth, path, AuthKey(path, time.Unix(10_000_000_000, 0), "0", "0", key1), 0, ErrAuthKeyInvalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := tc.auth.Check(tc.path, tc.authKey, signed.Add(tc.after))
			if !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) {
				t.Errorf("Check: %v, want %v", err, tc.want)
			}
		})
	}
}

func TestKeysOfPushAuthAreChecked(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"abcdEF12":              true,
		strings.Repeat("a", 32): true,
		"abcdEF1":               false,
		strings.Repeat("a", 33): false,
		"abcd-EF12":             false,
		"abcdéF12":              false,
		"":                      false,
	} {
		if err := ValidatePushAuthKey(key); (err == nil) != want {
			t.Errorf("ValidatePushAuthKey(%q): %v", key, err)
		}
	}
}

func FuzzPushAuthCheck(f *testing.F) {
	f.Add("/live/stream1", "1767225600-0-0-fa7f8e5ae697a2a8aa2b335027ad345b")
	f.Add("/live/stream1", "1767225600-0-0")
	f.Add("", "---")
	auth := PushAuth{Type: PushAuthA, Key1: "0123456789abcdef", Validity: time.Minute}
	now := time.Unix(1767225600, 0)
	f.Fuzz(func(t *testing.T, path, authKey string) {
		if auth.Check(path, authKey, now) != nil {
			return
		}
		// What passes was signed with the key.
		fields := strings.Split(authKey, "-")
		if want := authHash(path+"-"+strings.Join(fields[:3], "-"), auth.Key1); fields[3] != want {
			t.Errorf("%q passes for %q, want the hash %s", authKey, path, want)
		}
	})
}
