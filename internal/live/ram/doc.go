// Package ram reads policies and decides by them, in the grammar of the vendor's
// Resource Access Management:
//
//	{"Version": "1", "Statement": [
//	  {"Effect": "Allow", "Action": "live:Describe*", "Resource": "*"},
//	  {"Effect": "Deny", "Action": "live:*", "Resource": "acs:cdn:*:*:domain/play.example.com",
//	   "Condition": {"NotIpAddress": {"acs:SourceIp": ["192.0.2.0/24"]}}}
//	]}
//
// A statement that denies wins over one that allows, and what no statement
// allows is refused. What a condition asks that nobody can answer, an unknown
// operator, key or value, never helps to allow and never helps to escape a
// denial.
//
// The package is pure: a policy and a request go in, a decision comes out.
package ram
