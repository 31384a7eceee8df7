package har

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// randomSession is a recording in which everything may happen at any time.
func randomSession(seed uint64) *session {
	rng := rand.New(rand.NewPCG(seed, 1))
	s := begin()
	at := 1.0
	texts := []string{"hello", "human", "人工", "order 4711", "phone 13912345678", "{{", "- x"}
	sources := []string{"ROBOT", "ROBOT", "ROBOT QUEUE", "SYSTEM", "SYSTEM QUEUE", "AGENT", "AGENT", "AGENT IMAGE", "AGENT VIDEO", "AGENT LOCATE", "AGENT DISCONNECT", "SYSTEM DISCONNECT", "ROBOT DISCONNECT"}
	codes := []string{"0", "0", "0", "0", "0", "0", "13"}
	for i := range 3 + rng.IntN(40) {
		at += []float64{0, 0.05, 0.7, 4, 20}[rng.IntN(5)]
		switch rng.IntN(12) {
		case 0:
			s.send(at, "CONNECT", "TEXT", "hello", codes[rng.IntN(len(codes))])
		case 1, 2, 3:
			s.send(at, "CHAT", "TEXT", texts[rng.IntN(len(texts))], codes[rng.IntN(len(codes))])
		case 4:
			s.send(at, "TRANS2AGENT", "TEXT", "", codes[rng.IntN(len(codes))])
		case 5:
			s.send(at, "DISCONNECT", "TEXT", "", "0")
		case 6:
			key := fmt.Sprintf("key-of-%d", i)
			s.upload(at, "png", key, []byte("\x89PNG")).send(at+0.1, "CHAT", "IMAGE", key, "0")
		case 7:
			s.hear(at)
		default:
			var heard []string
			for range 1 + rng.IntN(3) {
				heard = append(heard, sources[rng.IntN(len(sources))])
			}
			s.hear(at, heard...)
		}
	}
	return s
}

// TestDraftOfAnything wants a scenario of whatever was recorded, and one that the embedded tenant can
// play to its end.
func TestDraftOfAnything(t *testing.T) {
	sessions, played := uint64(120), 0
	for seed := range sessions {
		r := open(t, randomSession(seed).file())
		out, err := r.Draft(DraftOptions{Source: "session.har", Name: "session", Customer: -1, Files: true})
		if err != nil {
			continue // nothing was said: TestNoConversation
		}
		played++
		wellTravelled(t, parsed(t, out), out.Scenario)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if played < int(sessions)*3/4 {
		t.Errorf("only %d of %d recordings became a scenario", played, sessions)
	}
}
