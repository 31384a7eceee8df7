package check

import (
	"strconv"
	"unicode/utf8"
)

// maxQuote is how much of a tenant's text a witness quotes, in bytes.
const maxQuote = 60

func itoa(n int) string { return strconv.Itoa(n) }

// clip shortens a text of the tenant's for a story, at the end of a character.
func clip(s string) string { return clipAt(s, maxQuote) }

// clipAt is clip with another limit, in bytes.
func clipAt(s string, most int) string {
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}

// numbers says which messages of a sender are meant, as the subject of a sentence in the past.
func numbers(from, to uint32) string {
	if to-from == 1 {
		return "message " + itoa(int(from)) + " was"
	}
	return "messages " + itoa(int(from)) + " to " + itoa(int(to-1)) + " were"
}

// hash is FNV-1a with 64 bits: identities need not be kept, only told apart.
func hash(s string) uint64 { return hashOn(14695981039346656037, s) }

// hashOn goes on with a hash.
func hashOn(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
