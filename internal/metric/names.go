package metric

import (
	"slices"

	"chatbench/internal/aicc"
)

// id is the place of a metric in the tables of a recorder. Three ids belong to each exchange, the
// rest are named below.
type id uint8

const opSlots = int(aicc.OpLeave) + 1

// The offsets of an exchange's three metrics.
const (
	service  id = iota // actual start to last byte, of exchanges that were answered
	response           // intended start to last byte, of exchanges that were answered
	lost               // intended start to giving up, of exchanges that were not answered
	perOp
)

// The metrics that do not belong to every exchange, then the marks, which are counted in the
// timeline and have no histogram.
const (
	usefulService id = id(opSlots)*perOp + iota
	emptyService
	dial
	delivery
	reply
	firstWord
	queueWait
	handover
	conversation
	downloadRate
	latePoll
	lateStart
	lateSend
	metricCount

	markFailed  = metricCount
	markInfo    = metricCount + 1
	markMessage = metricCount + 2
)

func of(op aicc.Op, which id) id { return id(op)*perOp + which }

// isExchange tells the metrics of which every exchange has exactly one.
func isExchange(m id) bool {
	return m < usefulService && m%perOp != service
}

var names = nameTable()

func nameTable() [metricCount]string {
	t := [metricCount]string{
		usefulService: "poll.useful.service",
		emptyService:  "poll.empty.service",
		dial:          "dial",
		delivery:      "delivery",
		reply:         "reply",
		firstWord:     "first_word",
		queueWait:     "queue_wait",
		handover:      "handover",
		conversation:  "conversation",
		downloadRate:  "download.rate",
		latePoll:      "lateness.poll",
		lateStart:     "lateness.start",
		lateSend:      "lateness.send",
	}
	for _, op := range aicc.Ops() {
		t[of(op, service)] = op.String() + ".service"
		t[of(op, response)] = op.String() + ".response"
		t[of(op, lost)] = op.String() + ".lost"
	}
	return t
}

// overTime reports whether a metric has its place in the timeline. It is left out of it where it
// would say little by the second, or the same as another: a result is to stay small.
func overTime(m id) bool {
	if m >= usefulService {
		return m != dial && m != conversation
	}
	if m%perOp == lost {
		return true
	}
	switch aicc.Op(m / perOp) {
	case aicc.OpToken, aicc.OpApply, aicc.OpPoll, aicc.OpSupport, aicc.OpLeave:
		return false
	}
	return m%perOp == response
}

// Names lists every metric a run can have, in the order of reports: the exchanges in the order of
// the demo flow, then what the customer felt, then the generator's own lateness.
func Names() []string {
	return slices.DeleteFunc(slices.Clone(names[:]), func(s string) bool { return s == "" })
}

// OverTime lists the metrics that a [Timeline] has, in the order of [Names].
func OverTime() []string {
	var list []string
	for m, name := range names {
		if name != "" && overTime(id(m)) {
			list = append(list, name)
		}
	}
	return list
}

// UnitOf is the unit of a metric that [Names] lists.
func UnitOf(name string) Unit {
	if name == names[downloadRate] {
		return BytesPerSecond
	}
	return Seconds
}

func unitOf(m id) Unit {
	if m == downloadRate {
		return BytesPerSecond
	}
	return Seconds
}
