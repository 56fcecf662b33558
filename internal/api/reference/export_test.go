package reference

// Dictionaries is for the tests of other packages' texts.
var Dictionaries = dictionaries
