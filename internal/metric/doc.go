// Package metric turns events into numbers: histograms, counters and a timeline, all of which
// merge.
//
// A [Recorder] belongs to a run, a [Meter] to a customer. A meter reads the customer's events and
// puts samples into a buffer it shares with some other customers; once a second the recorder
// empties the buffers into histograms. [Metrics] is what is left at the end, and [Merge] adds two
// of them up: it is associative and commutative, nil is neutral, and there is no other way of
// adding.
//
// Service time is from the actual start of an exchange to its last byte, response time from the
// start the schedule intended. An exchange without an answer has neither, but the time the
// customer waited in vain is kept under the name of the exchange and ".lost", so that a stall that
// ends in time-outs does not vanish from the figures. Declared probes are counted and not
// measured, because the demo flow would not make them.
//
// The package judges nothing: rules are the checker's, limits the gate's. It reads no clock but
// for [SampleHealth].
package metric
