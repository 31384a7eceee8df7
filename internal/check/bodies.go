package check

import "chatbench/internal/aicc"

// calls is a set of calls.
type calls uint32

func callsOf(ops ...aicc.Op) (set calls) {
	for _, op := range ops {
		set |= 1 << op
	}
	return set
}

func (c calls) has(op aicc.Op) bool { return c&(1<<op) != 0 }

// Calls that several rules look at.
var (
	ofPoll  = callsOf(aicc.OpPoll)
	ofQueue = callsOf(aicc.OpQueue)
	others  = ^ofPoll
)

// bodies are the calls whose answers a rule must be able to read, beyond their HTTP status. A
// recording may leave bodies out: then nothing is known of the cases in them.
var bodies = [ruleCount]calls{
	tok01: callsOf(aicc.OpToken), tok02: callsOf(aicc.OpToken),
	shp01: ofPoll, shp02: others, shp03: others,
	shp05: ofPoll, shp06: ofPoll, shp07: ofPoll, shp08: ofPoll, shp09: ofPoll, shp10: ofPoll, shp11: ofPoll,
	shp12: ofPoll, shp13: ofPoll,
	con01: ofPoll, con02: ofPoll | ofQueue | callsOf(aicc.OpConnect),
	pol01: ofPoll, pol02: ofPoll, pol03: ofPoll, pol04: ofPoll, pol05: ofPoll, pol06: ofPoll,
	ord01: ofPoll, ord02: ofPoll, ord03: ofPoll,
	del01: ofPoll, del02: ofPoll, del03: ofPoll, del04: ofPoll, del05: ofPoll, del06: ofPoll, del07: ofPoll, del08: ofPoll,
	snd04: ofPoll | callsOf(aicc.OpSend),
	que01: ofQueue, que02: ofPoll | ofQueue, que03: ofQueue, que04: ofPoll | ofQueue,
	rob01: ofPoll, rob02: ofPoll, rob03: ofPoll | callsOf(aicc.OpSend),
	hnd01: ofPoll | ofQueue | callsOf(aicc.OpTransfer), hnd02: ofPoll, hnd03: ofPoll,
	dsc01: ofPoll, dsc02: ofPoll, dsc03: ofPoll, dsc05: ofPoll, dsc07: ofPoll, dsc08: ofPoll,
	med01: ofPoll | callsOf(aicc.OpDownload), med03: callsOf(aicc.OpUpload), med04: callsOf(aicc.OpUpload), med06: ofPoll,
	sim02: callsOf(aicc.OpConnect), sim03: ofPoll, sim05: ofPoll, sim06: ofPoll | ofQueue, sim07: ofPoll | callsOf(aicc.OpConnect),
	sim08: callsOf(aicc.OpConnect), sim10: ofPoll | ofQueue, sim11: ofPoll, sim13: ofPoll | callsOf(aicc.OpDisconnect),
}
