package api

import (
	"testing"

	"tallylight/internal/live"
	"tallylight/internal/store"
)

func (f *fixture) notifyConfig() (c live.NotifyConfig) {
	f.t.Helper()
	ctx := f.t.Context()
	err := f.store.View(ctx, func(r store.Reader) (err error) {
		c, err = r.NotifyConfig(ctx, playDomain)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

func TestAddLiveRecordNotifyConfigDefaultsToFalseAndEmpty(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("AddLiveRecordNotifyConfig", "DomainName=PLAY.example.com", "NotifyUrl=http://cb.example.com/a?b=c d")
	want := live.NotifyConfig{Domain: playDomain, NotifyURL: "http://cb.example.com/a?b=c d"}
	if got := f.notifyConfig(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestUpdateLiveRecordNotifyConfig(t *testing.T) {
	t.Parallel()
	before := live.NotifyConfig{
		Domain: playDomain, NotifyURL: "http://cb.example.com/", OnDemandURL: "http://od.example.com/",
		NeedStatusNotify: true, NotifyReqAuth: true, NotifyAuthKey: "testkeyyourkey12",
	}
	tests := []struct {
		name   string
		params []string
		want   func(c *live.NotifyConfig)
	}{
		{"what is left out stays, but for the booleans", nil, func(c *live.NotifyConfig) { c.NeedStatusNotify, c.NotifyReqAuth = false, false }},
		{"signing is declined", []string{"NotifyReqAuth=no"}, func(c *live.NotifyConfig) {
			c.NeedStatusNotify, c.NotifyReqAuth, c.NotifyAuthOff = false, false, true
		}},
		{"the key on file serves", []string{"NotifyReqAuth=yes"}, func(c *live.NotifyConfig) { c.NeedStatusNotify = false }},
		{"an empty OnDemandUrl clears", []string{"OnDemandUrl=", "NeedStatusNotify=1", "NotifyReqAuth=TRUE"}, func(c *live.NotifyConfig) { c.OnDemandURL = "" }},
		{"an empty key clears", []string{"NotifyAuthKey="}, func(c *live.NotifyConfig) {
			c.NeedStatusNotify, c.NotifyReqAuth, c.NotifyAuthKey = false, false, ""
		}},
		{"all of it", []string{"NotifyUrl=http://x/", "OnDemandUrl=http://y/", "NeedStatusNotify=no", "NotifyReqAuth=true", "NotifyAuthKey=AnotherKey1234567"}, func(c *live.NotifyConfig) {
			*c = live.NotifyConfig{Domain: playDomain, NotifyURL: "http://x/", OnDemandURL: "http://y/", NotifyReqAuth: true, NotifyAuthKey: "AnotherKey1234567"}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := sqliteFixture(t)
			err := f.store.Update(t.Context(), func(tx store.Tx) error { return tx.AddNotifyConfig(t.Context(), before) })
			if err != nil {
				t.Fatal(err)
			}
			p := params("UpdateLiveRecordNotifyConfig", append([]string{"DomainName=" + playDomain, "NotifyUrl=" + before.NotifyURL}, tt.params...)...)
			if a := f.call(p); a.code != "" {
				t.Fatal(a.body)
			}
			want := before
			tt.want(&want)
			if got := f.notifyConfig(); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestARefusedUpdateChangesNothing(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("AddLiveRecordNotifyConfig", "DomainName="+playDomain, "NotifyUrl=http://cb.example.com/")
	before := f.notifyConfig()
	a := f.call(params("UpdateLiveRecordNotifyConfig", "DomainName="+playDomain, "NotifyUrl=http://other/", "NotifyReqAuth=true"))
	if a.code != "MissingNotifyAuthKey" {
		t.Errorf("got %s", a.body)
	}
	if got := f.notifyConfig(); got != before {
		t.Errorf("became %+v", got)
	}
}

func TestADeletedNotifyConfigCanBeAddedAgain(t *testing.T) {
	t.Parallel()
	f := sqliteFixture(t)
	f.mustCall("AddLiveRecordNotifyConfig", valid["AddLiveRecordNotifyConfig"]...)
	f.mustCall("DeleteLiveRecordNotifyConfig", "DomainName="+playDomain)
	f.mustCall("AddLiveRecordNotifyConfig", valid["AddLiveRecordNotifyConfig"]...)
}
