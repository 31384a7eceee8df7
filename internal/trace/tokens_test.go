package trace

import (
	"strconv"
	"testing"
)

func TestTokens(t *testing.T) {
	var tokens Tokens
	for _, step := range []struct {
		token string
		want  int
		why   string
	}{
		{"", Tokenless, "no header"},
		{"undefined", Tokenless, "a script's variable without a value"},
		{"null", Tokenless, "or with none"},
		{"first", 1, "numbers begin at 1"},
		{"first", 1, "the same again"},
		{"second", 2, "another"},
		{"first", 1, "the old one is still known"},
	} {
		if got := tokens.Number(step.token); got != step.want {
			t.Errorf("Number(%q) = %d, want %d: %s", step.token, got, step.want, step.why)
		}
	}
}

// TestTokensForget goes beyond what is remembered: numbers rise, and those of the latest stay.
func TestTokensForget(t *testing.T) {
	var tokens Tokens
	const many = 3 * maxTokens
	for n := 1; n <= many; n++ {
		if got := tokens.Number("token " + strconv.Itoa(n)); got != n {
			t.Fatalf("token %d got number %d", n, got)
		}
	}
	for n := many - maxTokens + 1; n <= many; n++ {
		if got := tokens.Number("token " + strconv.Itoa(n)); got != n {
			t.Errorf("token %d is number %d when it comes again", n, got)
		}
	}
	if got := tokens.Number("token 1"); got != many+1 {
		t.Errorf("a token that was forgotten is number %d, want %d: it must not be taken for an old one", got, many+1)
	}
	if len(tokens.seen) != maxTokens {
		t.Errorf("%d tokens are remembered, want %d", len(tokens.seen), maxTokens)
	}
}
