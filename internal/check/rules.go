package check

import "slices"

// Needs is what a rule must be able to see. Without it the verdict is NOT-OBSERVABLE, never PASS.
type Needs string

// What a rule may need.
const (
	Wire    Needs = "wire"    // the exchanges themselves; always there
	Markers Needs = "markers" // texts that a cooperating robot or agent marks, or an echo of the customer's own
	Journal Needs = "journal" // the tenant's own record of the conversation
)

// Rule is one sentence of the conversation's contract and where it comes from.
type Rule struct {
	ID        string // "ORD-01"; given once, never reused
	Title     string // a few words, for tables
	Level     Level
	Needs     Needs
	Source    string // the page it is read from, or what else makes people rely on it
	Statement string // the sentence that is broken, in our words
	Look      string // what to look at in the tenant's set-up when it fails
}

// rule is a place in the registry.
type rule uint8

const (
	shp01 rule = iota
	shp02
	con01
	con02
	ord01
	del01
	del02
	del03
	del04
	del06
	dsc01
	dsc02
	dsc03
	dsc04
	dsc05
	dsc07
	med01
	med02
	sim01
	sim02
	sim03
	sim04
	sim05
	ruleCount
)

// Rules lists the catalogue in its order. The slice is the caller's.
func Rules() []Rule { return slices.Clone(registry[:]) }

// Known lists the ids of the catalogue in its order.
func Known() []string {
	ids := make([]string, 0, ruleCount)
	for i := range registry {
		ids = append(ids, registry[i].ID)
	}
	return ids
}

// Find returns the rule with this id.
func Find(id string) (Rule, bool) {
	i := slices.IndexFunc(registry[:], func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return registry[i], true
}

// Pages that several rules are read from.
const (
	demoReceive = "demo page, receiving messages (docs/protocol.md section 4)"
	apiPoll     = "API reference, poll (docs/protocol.md E05)"
	apiFlow     = "API reference, call flow (docs/protocol.md section 6.1)"
	expected    = "nobody promises it; people expect it"
	ourselves   = "demo page, receiving messages; a rule for chatbench itself"
)

const reportBug = "Nothing: chatbench did not keep to the demo flow. Please report it with the trace."

var registry = [ruleCount]Rule{
	shp01: {
		ID: "SHP-01", Title: "poll answers have the documented shape", Level: API, Needs: Wire, Source: apiPoll,
		Statement: "A poll that is answered with HTTP 200 is JSON with a resultCode and, if anything arrived, an array downlinkMessages.",
		Look:      "A proxy or gateway between customer and platform that answers in its own words; the version of the interface the channel was opened with.",
	},
	shp02: {
		ID: "SHP-02", Title: "other answers have the documented shape", Level: API, Needs: Wire,
		Source:    "API reference, the page of each call (docs/protocol.md section 3)",
		Statement: "A call that is answered with HTTP 200 is JSON with the fields its page lists: resultCode, for an upload returnCode, for a token the token.",
		Look:      "A proxy or gateway that answers for the platform; the path prefix; a login page where an interface was expected.",
	},
	con01: {
		ID: "CON-01", Title: "no message before CONNECT", Level: API, Needs: Wire, Source: apiPoll,
		Statement: "Messages come only after CONNECT was answered 0.",
		Look:      "Welcome texts that are tied to the token instead of the conversation; a conversation of the same user that was never ended.",
	},
	con02: {
		ID: "CON-02", Title: "something follows CONNECT", Level: Inferred, Needs: Wire, Source: apiFlow,
		Statement: "After CONNECT was answered 0 a robot, the system or an agent says something in time, or the queue query says that the customer waits (0) or is being served (160021).",
		Look:      "The channel's robot and its welcome text; the skill queue behind the channel; whether any agent is signed in to it.",
	},
	ord01: {
		ID: "ORD-01", Title: "one sender's messages arrive in order", Level: Demo, Needs: Markers, Source: demoReceive,
		Statement: "What one sender says in a conversation is delivered in the order it was said: the demo shows the array in its order, poll by poll.",
		Look:      "Several message-serving instances without a common order; a load balancer without affinity; asynchronous sending on the agent's side.",
	},
	del01: {
		ID: "DEL-01", Title: "no message that nobody said", Level: Inferred, Needs: Markers, Source: expected,
		Statement: "A delivered message was said by its sender, in this run and in this conversation.",
		Look:      "Leftovers of an earlier run under the same user id; a robot that answers from a cache; a replayed message queue.",
	},
	del02: {
		ID: "DEL-02", Title: "no message of another customer", Level: Demo, Needs: Markers,
		Source:    "API reference, poll: receiverId (docs/protocol.md E05)",
		Statement: "A customer is handed only what was said to this customer.",
		Look:      "How conversations are keyed: tenant, channel and user together; caches or connection pools that share an answer.",
	},
	del03: {
		ID: "DEL-03", Title: "no message twice", Level: Inferred, Needs: Wire, Source: expected + "; messageCode is documented as unique",
		Statement: "No message is delivered twice in a conversation.",
		Look:      "Redelivery after a slow answer; two instances that serve the same mailbox; retries between agent gateway and message service.",
	},
	del04: {
		ID: "DEL-04", Title: "no message is lost", Level: Demo, Needs: Markers, Source: demoReceive,
		Statement: "Everything that was handed out in a conversation reached the customer who polled for it.",
		Look:      "A mailbox limit or its expiry; polls that are cut by a proxy's time-out shorter than the hold time; messages said while an instance restarts.",
	},
	del06: {
		ID: "DEL-06", Title: "texts arrive unchanged", Level: Inferred, Needs: Markers, Source: expected,
		Statement: "A text of up to 500 characters arrives as it was said.",
		Look:      "Character sets along the way; filters for sensitive words or links; limits below 500 characters.",
	},
	dsc01: {
		ID: "DSC-01", Title: "nothing is said after DISCONNECT", Level: Demo, Needs: Wire, Source: demoReceive,
		Statement: "DISCONNECT ends the conversation: no later poll brings CHAT or media.",
		Look:      "Surveys, closing texts and notices that are sent after the conversation was closed: the demo no longer polls for them.",
	},
	dsc02: {
		ID: "DSC-02", Title: "DISCONNECT is the last of its batch", Level: Inferred, Needs: Wire, Source: expected + "; the demo's loop goes on",
		Statement: "Nothing follows a DISCONNECT in the same array.",
		Look:      "The order in which a closing text and the hang-up are put into the mailbox.",
	},
	dsc03: {
		ID: "DSC-03", Title: "one DISCONNECT is enough", Level: Inferred, Needs: Wire, Source: expected,
		Statement: "A conversation has at most one DISCONNECT.",
		Look:      "An agent's hang-up and the silence timer ending the same conversation; redelivery.",
	},
	dsc04: {
		ID: "DSC-04", Title: "a hang-up is told to the customer", Level: Demo, Needs: Journal, Source: demoReceive,
		Statement: "When agent or platform hang up, DISCONNECT is delivered in time to a customer who polls; without it the demo polls for ever.",
		Look:      "Release reasons that send no notice; the channel's session end mode; a mailbox that is deleted together with the conversation.",
	},
	dsc05: {
		ID: "DSC-05", Title: "a new conversation starts clean", Level: API, Needs: Markers, Source: apiFlow,
		Statement: "After CONNECT nothing arrives that was said in an earlier conversation of the same user.",
		Look:      "Whether the mailbox is emptied when a conversation ends; the asynchronous mode of the channel, which parks conversations.",
	},
	dsc07: {
		ID: "DSC-07", Title: "the demo can see DISCONNECT", Level: Demo, Needs: Wire, Source: demoReceive,
		Statement: "A DISCONNECT is not from ROBOT and has no media type that the demo maps: otherwise the demo's earlier branches take it and the conversation never ends for the customer.",
		Look:      "Robot flows that end the conversation themselves; mediaType of the DISCONNECT.",
	},
	med01: {
		ID: "MED-01", Title: "pictures, voice and video can be downloaded", Level: Demo, Needs: Wire, Source: demoReceive,
		Statement: "The content of a media message is a file id whose download answers 0 with non-empty Base64 of the announced kind.",
		Look:      "The media library and its access rights; files uploaded from the agent's computer, which need the prefix local/; size limits of the download.",
	},
	med02: {
		ID: "MED-02", Title: "files arrive unchanged", Level: Inferred, Needs: Journal, Source: expected,
		Statement: "The downloaded bytes are those of the file on the tenant.",
		Look:      "Size limits that cut instead of refusing; transcoding; file ids that are reused.",
	},
	sim01: {
		ID: "SIM-01", Title: "one poll at a time", Level: Self, Needs: Wire, Source: ourselves,
		Statement: "A customer has at most one poll in flight.", Look: reportBug,
	},
	sim02: {
		ID: "SIM-02", Title: "no poll before CONNECT", Level: Self, Needs: Wire, Source: ourselves,
		Statement: "A customer polls only after CONNECT was answered 0, apart from declared probes.", Look: reportBug,
	},
	sim03: {
		ID: "SIM-03", Title: "no poll after DISCONNECT", Level: Self, Needs: Wire, Source: ourselves,
		Statement: "A customer does not poll after a DISCONNECT was handled, apart from declared probes.", Look: reportBug,
	},
	sim04: {
		ID: "SIM-04", Title: "a pause between polls", Level: Self, Needs: Wire, Source: ourselves,
		Statement: "Between the answer of a poll and the next poll lies the demo's pause of 100 ms.", Look: reportBug,
	},
	sim05: {
		ID: "SIM-05", Title: "one download a media message", Level: Self, Needs: Wire, Source: ourselves,
		Statement: "A customer downloads each media message that the demo would, exactly once.", Look: reportBug,
	},
}
