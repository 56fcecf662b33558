package wire

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"
)

type answer struct {
	Text  string `rpc:"Text"`
	Flag  bool   `rpc:"Flag"`
	Count int32  `rpc:"Count"`
	List  struct {
		Item []answerItem `rpc:"Item"`
	} `rpc:"List"`
	Names struct {
		Name []string `rpc:"Name"`
	} `rpc:"Names"`
	Link string `rpc:"Link,omitempty,cdata"`
}

type answerItem struct {
	Kind string `rpc:"Kind"`
}

func TestEncode(t *testing.T) {
	t.Parallel()
	var full answer
	full.Text, full.Flag, full.Count, full.Link = `a<b>&"c"\`, true, -3, "http://x/?a=1&b=2"
	full.List.Item = []answerItem{{"one"}, {"two"}}
	full.Names.Name = []string{"x", "y"}
	tests := []struct {
		name   string
		format Format
		value  any
		want   string
	}{
		{"JSON", JSON, full, `{"RequestId":"ID","Text":"a<b>&\"c\"\\","Flag":true,"Count":-3,"List":{"Item":[{"Kind":"one"},{"Kind":"two"}]},"Names":{"Name":["x","y"]},"Link":"http://x/?a=1&b=2"}`},
		{"XML", XML, full, `<?xml version='1.0' encoding='UTF-8'?><R><RequestId>ID</RequestId><Text>a&lt;b&gt;&amp;&#34;c&#34;\</Text><Flag>true</Flag><Count>-3</Count><List><Item><Kind>one</Kind></Item><Item><Kind>two</Kind></Item></List><Names><Name>x</Name><Name>y</Name></Names><Link><![CDATA[http://x/?a=1&b=2]]></Link></R>`},
		{"JSON of zero values has empty lists and no null", JSON, answer{}, `{"RequestId":"ID","Text":"","Flag":false,"Count":0,"List":{"Item":[]},"Names":{"Name":[]}}`},
		{"XML of zero values", XML, answer{}, `<?xml version='1.0' encoding='UTF-8'?><R><RequestId>ID</RequestId><Text></Text><Flag>false</Flag><Count>0</Count><List></List><Names></Names></R>`},
		{"JSON of no members", JSON, struct{}{}, `{"RequestId":"ID"}`},
		{"XML of no members", XML, struct{}{}, `<?xml version='1.0' encoding='UTF-8'?><R><RequestId>ID</RequestId></R>`},
		{"CDATA that its text would end", XML, struct {
			L string `rpc:"L,cdata"`
		}{"]]>"}, `<?xml version='1.0' encoding='UTF-8'?><R><RequestId>ID</RequestId><L>]]&gt;</L></R>`},
		{"fractions as short as they can be", JSON, struct {
			A float32 `rpc:"A"`
			B float32 `rpc:"B"`
		}{29.96, 3540}, `{"RequestId":"ID","A":29.96,"B":3540}`},
		{"control characters in JSON", JSON, struct {
			L string `rpc:"L"`
		}{"a\nb\x01\xffc"}, `{"RequestId":"ID","L":"a\nb\u0001\ufffdc"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := string(Encode(tt.format, "R", "ID", tt.value)); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestContentTypesHaveNoBlank(t *testing.T) {
	t.Parallel()
	if got := JSON.ContentType(); got != "application/json;charset=utf-8" {
		t.Errorf("JSON: %q", got)
	}
	if got := XML.ContentType(); got != "text/xml;charset=utf-8" {
		t.Errorf("XML: %q", got)
	}
}

// FuzzEncode checks that whatever text an answer holds comes back from the
// standard library's decoders, in both formats.
func FuzzEncode(f *testing.F) {
	for _, s := range []string{"", "plain", `a<b>&"c"\`, "]]>", "a\nb\x01\xffc", "日本\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := struct {
			Text string `rpc:"Text"`
			Link string `rpc:"Link,cdata"`
		}{s, "x"}
		var fromJSON, fromXML struct{ RequestId, Text, Link string }
		if err := json.Unmarshal(Encode(JSON, "R", "ID", v), &fromJSON); err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(Encode(XML, "R", "ID", v), &fromXML); err != nil {
			t.Fatal(err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && fromJSON.Text != want {
			t.Errorf("JSON gives back %q for %q", fromJSON.Text, s)
		}
		printable := !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0xfffd })
		if printable && utf8.ValidString(s) && fromXML.Text != s {
			t.Errorf("XML gives back %q for %q", fromXML.Text, s)
		}
	})
}
