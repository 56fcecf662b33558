// Package identity manages who may call: access keys of the account and of its
// users, and the policies that bind users. The command line and the console change
// them through it; the API asks the store for the rest itself.
//
// Every function works in a transaction of the caller.
package identity
