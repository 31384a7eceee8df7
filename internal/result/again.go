package result

import (
	"fmt"
	"strings"
)

// Again is the command line that makes this result again, or "". The check of a trace, and what clients
// do, has no seed: nothing is decided in it.
func (r *Result) Again() string {
	if r.Target.Kind == Recorded || r.Target.Kind == Judged {
		return Again(r.Run.Command, 0)
	}
	return Again(r.Run.Command, r.Scenario.Seed)
}

// Again is the command line that makes the decisions of a run again: the run's own, with its seed
// and safe to paste into a shell. It is "" without a command. Secrets in it are masked already,
// see [MaskArgs].
func Again(command []string, seed uint64) string {
	if len(command) == 0 {
		return ""
	}
	words := make([]string, len(command))
	seeded := seed == 0
	for i, word := range command {
		words[i] = quoted(word)
		seeded = seeded || word == "--seed" || strings.HasPrefix(word, "--seed=")
	}
	if !seeded {
		words = append(words, fmt.Sprint("--seed ", seed))
	}
	return strings.Join(words, " ")
}

// quoted makes a word safe to paste into a shell.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=,@%+", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
