package explore

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Indent returns an answer with each member on a line of its own, for reading.
// What is neither JSON nor XML, or is not well formed, comes back as it is.
func Indent(contentType string, body []byte) []byte {
	switch {
	case strings.HasPrefix(contentType, "application/json"):
		var b bytes.Buffer
		if json.Indent(&b, body, "", "  ") == nil {
			return b.Bytes()
		}
	case strings.HasPrefix(contentType, "text/xml"):
		if b, err := indentXML(body); err == nil {
			return b
		}
	}
	return body
}

// indentXML writes the tokens of a document anew. A CDATA section becomes text
// that reads the same.
func indentXML(body []byte) ([]byte, error) {
	var b bytes.Buffer
	d, e := xml.NewDecoder(bytes.NewReader(body)), xml.NewEncoder(&b)
	e.Indent("", "  ")
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			err := e.Close() // flushes
			return b.Bytes(), err
		}
		if err != nil {
			return nil, err
		}
		if err := e.EncodeToken(token); err != nil {
			return nil, err
		}
		if _, ok := token.(xml.ProcInst); ok {
			if err := e.EncodeToken(xml.CharData("\n")); err != nil {
				return nil, err
			}
		}
	}
}
