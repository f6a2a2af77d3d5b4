package guest

import (
	"strings"

	"wasm-grpc/guest/internal/abi"
)

// TLSNameKind is what kind of name of a certificate it is.
type TLSNameKind string

// The kinds of names. Others are of later hosts.
const (
	TLSDNS        TLSNameKind = "dns"
	TLSURI        TLSNameKind = "uri"
	TLSCommonName TLSNameKind = "cn"
	TLSEmail      TLSNameKind = "email"
	TLSIP         TLSNameKind = "ip"
	TLSUnknown    TLSNameKind = "unknown" // of a host that does not tell the kinds
)

// TLSName is a name in the client's verified certificate. It counts with its kind only: whoever may have a common name
// signed may not have that DNS name.
type TLSName struct {
	Kind  TLSNameKind
	Value string
}

// String is the name after its kind: "dns:client.example.com".
func (n TLSName) String() string { return string(n.Kind) + ":" + n.Value }

// TLSNames are the names in the client's verified certificate: DNS names, URIs, the common name, e-mail and IP addresses;
// none without one.
func (c *Context) TLSNames() []TLSName {
	lines, known := c.lookUp(abi.TLSNames)
	if !known {
		if peer, shown := c.lookUp(abi.TLSPeer); shown {
			return []TLSName{{TLSUnknown, peer}}
		}
		return nil
	}
	var names []TLSName
	for line := range strings.SplitSeq(lines, "\n") {
		kind, value, _ := strings.Cut(line, ":")
		names = append(names, TLSName{TLSNameKind(kind), value})
	}
	return names
}

// HasTLSName tells whether the client's certificate has this name, of this kind.
func (c *Context) HasTLSName(kind TLSNameKind, value string) bool {
	for _, name := range c.TLSNames() {
		if name == (TLSName{kind, value}) {
			return true
		}
	}
	return false
}

// TLSPeer is the first of the names: a DNS name where there is one, else a URI, else the common name; false where the
// client has none.
func (c *Context) TLSPeer() (name TLSName, ok bool) {
	names := c.TLSNames()
	if len(names) == 0 {
		return TLSName{}, false
	}
	return names[0], true
}
