// Package samples writes code that makes a call of the API: in the languages of
// the service's SDKs, for its command line, and for curl.
//
// The code has the values of the call and the endpoint of the server. The key
// pair is not in it: code reads the environment variables
// ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET. Values come
// from whoever fills in a form, and are quoted so that they stay values.
package samples
