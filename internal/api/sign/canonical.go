package sign

import "tallylight/internal/api/wire"

// appendEncoded appends s percent-encoded: letters, digits and -_.~ stay, every
// other byte becomes %XX in upper case.
func appendEncoded(b []byte, s string) []byte {
	const hex = "0123456789ABCDEF"
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '_', c == '.', c == '~':
			b = append(b, c)
		default:
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}

// appendCanonicalQuery appends n1=v1&n2=v2… in canonical encoding, without the
// parameter named leaveOut.
func appendCanonicalQuery(b []byte, params wire.Params, leaveOut string) []byte {
	first := true
	for _, p := range params {
		if p.Name == leaveOut {
			continue
		}
		if !first {
			b = append(b, '&')
		}
		first = false
		b = appendEncoded(b, p.Name)
		b = append(b, '=')
		b = appendEncoded(b, p.Value)
	}
	return b
}

// CanonicalQuery returns params, which must be sorted, in canonical encoding:
// n1=v1&n2=v2 and so on, without the signature. The RPC scheme signs it, encoded
// once more, and the ACS3 scheme has it as a line of its canonical request.
func CanonicalQuery(params wire.Params) string {
	return string(appendCanonicalQuery(make([]byte, 0, 512), params, "Signature"))
}
