package sim

import (
	"slices"
	"strconv"

	"chatbench/internal/scenario"
)

// flow is a scenario's flow with a name for each of its steps, so that naming one costs nothing
// while customers play.
type flow struct {
	name    string
	connect scenario.Connect
	steps   []step // behind the connect
	expects bool   // messages matter to it
}

// step is a step and its name: its place in the flow, with a dot for each repeat around it, and
// what it does, such as "4.2 expect reply".
type step struct {
	scenario.Step
	name  string
	inner []step // of a repeat
}

// newFlow names the steps of a validated flow, which begins with its only connect.
func newFlow(f *scenario.Flow) *flow {
	return &flow{name: f.Name, connect: f.Steps[0].(scenario.Connect), steps: named(f.Steps, "")[1:], expects: expects(f.Steps)}
}

// expects reports whether a step waits for a message. A DISCONNECT is not waited for by looking at
// messages.
func expects(steps []scenario.Step) bool {
	return slices.ContainsFunc(steps, func(s scenario.Step) bool {
		switch s := s.(type) {
		case scenario.Expect:
			return !s.Disconnect
		case scenario.Repeat:
			return expects(s.Steps)
		}
		return false
	})
}

func named(steps []scenario.Step, prefix string) []step {
	list := make([]step, len(steps))
	for i, s := range steps {
		number := prefix + strconv.Itoa(i+1)
		list[i] = step{Step: s, name: number + " " + s.Describe()}
		if r, ok := s.(scenario.Repeat); ok {
			list[i].inner = named(r.Steps, number+".")
		}
	}
	return list
}
