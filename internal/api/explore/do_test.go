package explore

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
)

func mustBuild(t *testing.T, c Call) *Request {
	t.Helper()
	r, err := Build(c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// from is the request of whoever looks on.
func from(t *testing.T) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.RemoteAddr = "192.0.2.1:1234"
	return r
}

func TestDoHandsTheRequestOver(t *testing.T) {
	t.Parallel()
	c := testCall()
	c.Method = http.MethodPost
	r := mustBuild(t, c)
	a, err := r.Do(from(t), http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		body, err := io.ReadAll(hr.Body)
		if err != nil || string(body) != r.Body || hr.Host != "127.0.0.1:8080" || hr.RemoteAddr != "192.0.2.1:1234" || hr.RequestURI != "/" {
			t.Errorf("%q %v %s %s %s", body, err, hr.Host, hr.RemoteAddr, hr.RequestURI)
		}
		w.Header().Set("x-acs-request-id", "id-1")
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("late", "yes")
		io.WriteString(w, "short and stout")
	}))
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != http.StatusTeapot || string(a.Body) != "short and stout" || a.RequestID != "id-1" || a.Header.Get("late") != "" || a.Cut {
		t.Errorf("%+v", a)
	}
}

func TestAnAnswerIsCutAtOneMebibyte(t *testing.T) {
	t.Parallel()
	a, err := mustBuild(t, testCall()).Do(from(t), http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		for hr.Context().Err() == nil {
			w.Write(bytes.Repeat([]byte("x"), 1000))
		}
	}))
	if err != nil || len(a.Body) != maxAnswer || !a.Cut || a.Status != http.StatusOK {
		t.Errorf("%v, %d bytes, cut %t", err, len(a.Body), a.Cut)
	}
}

func TestAnAnswerThatGoesOnIsEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, err := mustBuild(t, testCall()).Do(from(t), http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			io.WriteString(w, "first")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			<-hr.Context().Done()
		}))
		if err != nil || string(a.Body) != "first" || !a.Cut || a.Duration != maxTime {
			t.Errorf("%v %+v", err, a)
		}
	})
}

func TestIndent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, contentType, body, want string
	}{
		{"JSON", "application/json;charset=utf-8", `{"a":[1,"é<"]}`, "{\n  \"a\": [\n    1,\n    \"é<\"\n  ]\n}"},
		{"torn JSON", "application/json;charset=utf-8", `{"a":`, `{"a":`},
		{"XML", "text/xml;charset=utf-8", "<?xml version='1.0' encoding='UTF-8'?><A><B>1</B><C><![CDATA[<]]></C></A>",
			"<?xml version='1.0' encoding='UTF-8'?>\n<A>\n  <B>1</B>\n  <C>&lt;</C>\n</A>"},
		{"torn XML", "text/xml;charset=utf-8", "<A><B>", "<A><B>"},
		{"events", "text/event-stream", "data: 1\n\n", "data: 1\n\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := string(Indent(tt.contentType, []byte(tt.body))); strings.TrimSpace(got) != strings.TrimSpace(tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
