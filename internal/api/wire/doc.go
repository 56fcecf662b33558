// Package wire turns what travels into Go values and back: parameters of a
// query or a form into request structs, response structs into JSON or XML.
//
// Both directions go by the struct tag rpc, which holds the name on the wire:
//
//	type request struct {
//		DomainName string    `rpc:"DomainName,required"`
//		OnDemandURL *string  `rpc:"OnDemandUrl"`   // nil where absent
//		Formats    []format  `rpc:"RecordFormat,max=3"` // RecordFormat.1.Format=…
//	}
//
// The package knows neither operations nor error codes; its caller is package
// api.
package wire
