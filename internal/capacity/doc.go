// Package capacity finds how much load a tenant carries: which loads to try, what the tries together
// come to, and how throughput goes with load.
//
// It is pure. It plays no scenario and knows no clock: somebody else makes the probes and says what
// each of them found. [Search.Next] decides from the probes made so far which load comes next, so that
// a search that was interrupted goes on as if it had not been. The sums of planning, how many agents a
// demand needs and what a scenario will ask of its tenant, stand beside it.
package capacity
