package trace

import "slices"

// Tokenless is the number of no token, in [Event.Token].
const Tokenless = -1

// maxTokens is how many tokens of a customer are told apart. One that is older gets a new number when
// it comes again, which takes it for newer than it is: nothing is claimed of it then.
const maxTokens = 16

// Tokens numbers the user tokens of one customer from 1, in the order in which they were seen, so
// that events can say which one a request carried without showing it: an answer that brings a token
// (OpApply, or a replacement in a header) sees it as well as a request that carries one. The zero
// value has seen none.
//
// It is for those who watch a client from outside. A client that numbers its own tokens as they come
// needs none.
type Tokens struct {
	seen  []string
	shift int // how many were forgotten
}

// Number is the number of a token. A header that is empty, or that says what a script makes of a
// variable without a value, carries no token: Tokenless.
func (t *Tokens) Number(token string) int {
	switch token {
	case "", "undefined", "null", "None", "NaN", "[object Object]":
		return Tokenless
	}
	if i := slices.Index(t.seen, token); i >= 0 {
		return t.shift + i + 1
	}
	if len(t.seen) == maxTokens {
		t.seen = slices.Delete(t.seen, 0, 1)
		t.shift++
	}
	t.seen = append(t.seen, token)
	return t.shift + len(t.seen)
}
