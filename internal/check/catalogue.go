package check

// Pages that several rules are read from.
const (
	demoReceive = "demo page, receiving messages (docs/protocol.md section 4)"
	apiPoll     = "API reference, poll (docs/protocol.md E05)"
	apiFlow     = "API reference, call flow (docs/protocol.md section 6.1)"
	expected    = "nobody promises it; people expect it"
	demoQueue   = "demo page, queue display (docs/protocol.md E06 and section 6.1)"
)

// registry is the catalogue. An id is given once and never used again; gaps in the numbering are ideas
// that have no rule.
var registry = [ruleCount]Rule{
	tok01: {
		ID: "TOK-01", Title: "an application token is complete", Level: API, Severity: Failure, Needs: Wire,
		Source:    "API reference, tokenByAkSk (docs/protocol.md E01)",
		Statement: "An application token comes with ApplyType Bearer and its life in seconds.",
		Look:      "Which authentication kind the application was given; a gateway that answers for the token service.",
	},
	tok02: {
		ID: "TOK-02", Title: "an application token lives as long as asked", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, tokenByAkSk: X-Token-Expire (docs/protocol.md E01)",
		Statement: "The life that is granted is the one that was asked for, and at most 3600 s.",
		Look:      "The token policy of the application; whether a gateway drops the header X-Token-Expire.",
	},
	tok03: {
		ID: "TOK-03", Title: "tokens work for their life", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, tokens (docs/protocol.md section 2.3)",
		Statement: "No call is answered 401 while both of its tokens are younger than the life they were granted: the user token an hour unless the set-up says otherwise.",
		Look:      "Several instances that do not share their tokens; another program that uses the same application key; clocks of the instances; services that were not bought.",
	},
	tok04: {
		ID: "TOK-04", Title: "new tokens help after a 401", Level: API, Severity: Failure, Needs: Wire,
		Source:    "API reference, meaning of HTTP 401 (docs/protocol.md section 2.3)",
		Statement: "After a 401, renewing the application token and then the user token makes the same call work.",
		Look:      "Whether the channel belongs to the application key; the account's rights; a cache of refused tokens.",
	},
	tok05: {
		ID: "TOK-05", Title: "a replacement token works", Level: API, Severity: Failure, Needs: Wire,
		Source:    "API reference, applyToken: ccmessaging-token in an answer (docs/protocol.md section 2.3)",
		Statement: "A user token that comes in the header of an answer is good for the next call.",
		Look:      "Several instances that do not share their tokens; a gateway that adds or shortens headers.",
	},
	shp01: {
		ID: "SHP-01", Title: "poll answers have the documented shape", Level: API, Severity: Failure, Needs: Wire, Source: apiPoll,
		Statement: "A poll that is answered with HTTP 200 is JSON with a resultCode and, if anything arrived, an array downlinkMessages.",
		Look:      "A proxy or gateway between customer and platform that answers in its own words; the version of the interface the channel was opened with.",
	},
	shp02: {
		ID: "SHP-02", Title: "other answers have the documented shape", Level: API, Severity: Failure, Needs: Wire,
		Source:    "API reference, the page of each call (docs/protocol.md section 3)",
		Statement: "A call that is answered with HTTP 200 is JSON with the fields its page lists: resultCode, for an upload returnCode, for a token the token.",
		Look:      "A proxy or gateway that answers for the platform; the path prefix; a login page where an interface was expected.",
	},
	shp03: {
		ID: "SHP-03", Title: "result codes are those of the call", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, the page of each call (docs/protocol.md sections 3 and 5)",
		Statement: "An answer's result code is one that the call's page lists, or one of the engine or of flow control.",
		Look:      "The version of the interface; a gateway with codes of its own.",
	},
	shp04: {
		ID: "SHP-04", Title: "HTTP statuses are the documented ones", Level: API, Severity: Note, Needs: Wire,
		Source:    "API reference (docs/protocol.md section 2.4)",
		Statement: "An answer has HTTP status 200, 400, 401, 404 or 500.",
		Look:      "Proxies and gateways in front of the platform: 502, 503, 504 and 429 are theirs.",
	},
	shp05: {
		ID: "SHP-05", Title: "a message is addressed to its customer", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, poll: the message object (docs/protocol.md section 4)",
		Statement: "A message has channel WEB, the customer's userId in to and the channel's configuration id in from, as far as they are there.",
		Look:      "How conversations are keyed; messages of other channels of the same user.",
	},
	shp06: {
		ID: "SHP-06", Title: "a message has documented types", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, poll: the message object (docs/protocol.md section 4)",
		Statement: "controlType, sourceType and the mediaType of a CHAT are among those that the page lists.",
		Look:      "Features that were switched on for the channel and that the web client does not know.",
	},
	shp07: {
		ID: "SHP-07", Title: "a text has at most 500 characters", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, poll: the message object (docs/protocol.md section 4)",
		Statement: "The content of a CHAT of text has at most 500 characters.",
		Look:      "Long answers of the robot; agents' text templates.",
	},
	shp08: {
		ID: "SHP-08", Title: "a text has content", Level: Demo, Severity: Warning, Needs: Wire,
		Source:    demoReceive,
		Statement: "The content of a CHAT of mediaType TEXT is not null: the demo hands it to its search for links.",
		Look:      "Robot answers that hold nothing but similar questions; cards that were turned into texts.",
	},
	shp09: {
		ID: "SHP-09", Title: "timestamps are milliseconds of now", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, poll: the message object (docs/protocol.md section 4)",
		Statement: "A timestamp, where there is one, counts milliseconds since 1970 and is within an hour of the time the message came.",
		Look:      "Clocks and time zones of the platform's machines; seconds instead of milliseconds.",
	},
	shp10: {
		ID: "SHP-10", Title: "agents have a name", Level: Demo, Severity: Note, Needs: Wire,
		Source:    demoReceive,
		Statement: "A CHAT from AGENT carries a senderNickname: the demo shows it.",
		Look:      "Names of the agents in the tenant's administration; whether the channel hides them.",
	},
	shp11: {
		ID: "SHP-11", Title: "a location has coordinates", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, poll: the message object (docs/protocol.md section 4)",
		Statement: "The content of LOCATE has latitude and longitude.",
		Look:      "The agents' client and its version.",
	},
	shp12: {
		ID: "SHP-12", Title: "queueFlag is Y or nothing", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, poll: the message object (docs/protocol.md section 4)",
		Statement: "queueFlag is Y or null: the demo takes any text for a sign of queueing.",
		Look:      "The version of the interface the channel was opened with.",
	},
	shp13: {
		ID: "SHP-13", Title: "isOfflineStatus is for DISCONNECT", Level: API, Severity: Note, Needs: Wire,
		Source:    "API reference, poll: the message object (docs/protocol.md section 4)",
		Statement: "isOfflineStatus is set on DISCONNECT and on nothing else.",
		Look:      "The version of the interface the channel was opened with.",
	},
	con01: {
		ID: "CON-01", Title: "no message before CONNECT", Level: API, Severity: Failure, Needs: Wire, Source: apiPoll,
		Statement: "Messages come only after CONNECT was answered 0.",
		Look:      "Welcome texts that are tied to the token instead of the conversation; a conversation of the same user that was never ended.",
	},
	con02: {
		ID: "CON-02", Title: "something follows CONNECT", Level: Inferred, Severity: Warning, Needs: Wire, Source: apiFlow,
		Statement: "After CONNECT was answered 0 a robot, the system or an agent says something in time, or the queue query says that the customer waits (0) or is being served (160021).",
		Look:      "The channel's robot and its welcome text; the skill queue behind the channel; whether any agent is signed in to it.",
	},
	pol01: {
		ID: "POL-01", Title: "a poll in a conversation succeeds", Level: API, Severity: Failure, Needs: Wire,
		Source:    apiPoll,
		Statement: "While a conversation runs, a poll is answered with resultCode 0.",
		Look:      "Limits on calls; a conversation that was released without DISCONNECT; whether all instances know the conversation.",
	},
	pol02: {
		ID: "POL-02", Title: "a poll is held no longer than the hold time", Level: API, Severity: Failure, Needs: Setup,
		Source:    "API reference, call flow: long polling (docs/protocol.md E05)",
		Statement: "A poll is answered within the hold time and a tolerance of 5 s.",
		Look:      "ccmessaging.longpolling.timeout; proxies that queue requests; saturation.",
	},
	pol03: {
		ID: "POL-03", Title: "a poll waits for something to say", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, call flow: long polling (docs/protocol.md E05)",
		Statement: "With nothing to hand out a tenant that holds polls does not answer at once.",
		Look:      "ccmessaging.longpolling.timeout; proxies with short time-outs; instances that are set up differently.",
	},
	pol04: {
		ID: "POL-04", Title: "a poll outside a conversation is no error", Level: Inferred, Severity: Note, Needs: Wire,
		Source:    apiPoll,
		Statement: "A declared probe poll before CONNECT or after the end is answered 200 with resultCode 0.",
		Look:      "Nothing, if clients stop polling as the demo does.",
	},
	pol05: {
		ID: "POL-05", Title: "READ comes only when asked for", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, poll: isNeedRead (docs/protocol.md E05)",
		Statement: "Read receipts are handed out only to a client that polls with isNeedRead=true.",
		Look:      "The version of the interface; the demo would show the ids of a receipt as a text.",
	},
	pol06: {
		ID: "POL-06", Title: "READ names the customer's own messages", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, push: READ (docs/protocol.md section 4)",
		Statement: "A read receipt lists messageIds that this customer sent, none of them twice.",
		Look:      "How conversations are keyed; redelivery.",
	},
	ord01: {
		ID: "ORD-01", Title: "one sender's messages arrive in order", Level: Demo, Severity: Failure, Needs: Markers, Source: demoReceive,
		Statement: "What one sender says in a conversation is delivered in the order it was said: the demo shows the array in its order, poll by poll.",
		Look:      "Several message-serving instances without a common order; a load balancer without affinity; asynchronous sending on the agent's side.",
	},
	ord02: {
		ID: "ORD-02", Title: "timestamps do not go back", Level: Inferred, Severity: Warning, Needs: Wire,
		Source:    expected + "; samples show rising timestamps",
		Statement: "In the order of delivery the timestamps of a conversation's messages do not decrease.",
		Look:      "Clocks of robot, agents' gateway and message service; several instances without a common order.",
	},
	ord03: {
		ID: "ORD-03", Title: "answers follow questions", Level: Inferred, Severity: Warning, Needs: Markers,
		Source:    expected,
		Statement: "A message that names what it answers comes after that was said, and one sender's answers come in the order of the questions.",
		Look:      "Robots that work on several questions at once; caches in front of a robot.",
	},
	del01: {
		ID: "DEL-01", Title: "no message that nobody said", Level: Inferred, Severity: Warning, Needs: Markers, Source: expected,
		Statement: "A delivered message was said by its sender, in this run and in this conversation.",
		Look:      "Leftovers of an earlier run under the same user id; a robot that answers from a cache; a replayed message queue.",
	},
	del02: {
		ID: "DEL-02", Title: "no message of another customer", Level: Demo, Severity: Failure, Needs: Markers,
		Source:    "API reference, poll: receiverId (docs/protocol.md E05)",
		Statement: "A customer is handed only what was said to this customer.",
		Look:      "How conversations are keyed: tenant, channel and user together; caches or connection pools that share an answer.",
	},
	del03: {
		ID: "DEL-03", Title: "no message twice", Level: Inferred, Severity: Warning, Needs: Wire, Source: expected + "; messageCode is documented as unique",
		Statement: "No message is delivered twice in a conversation.",
		Look:      "Redelivery after a slow answer; two instances that serve the same mailbox; retries between agent gateway and message service.",
	},
	del04: {
		ID: "DEL-04", Title: "no message is lost", Level: Demo, Severity: Failure, Needs: Markers, Source: demoReceive,
		Statement: "Everything that was handed out in a conversation reached the customer who polled for it.",
		Look:      "A mailbox limit or its expiry; polls that are cut by a proxy's time-out shorter than the hold time; messages said while an instance restarts.",
	},
	del05: {
		ID: "DEL-05", Title: "a refused text is not shown", Level: Inferred, Severity: Warning, Needs: Markers,
		Source:    expected,
		Statement: "What the tenant refused to take is not shown to the other side.",
		Look:      "Checks that run after the text was handed on; retries inside the platform.",
	},
	del06: {
		ID: "DEL-06", Title: "texts arrive unchanged", Level: Inferred, Severity: Warning, Needs: Markers, Source: expected,
		Statement: "A text of up to 500 characters arrives as it was said.",
		Look:      "Character sets along the way; filters for sensitive words or links; limits below 500 characters.",
	},
	del07: {
		ID: "DEL-07", Title: "messageCode is unique", Level: API, Severity: Failure, Needs: Wire,
		Source:    "API reference, poll: messageCode (docs/protocol.md section 4)",
		Statement: "No two messages of a conversation have the same messageCode.",
		Look:      "Redelivery after a slow answer; two instances that serve the same mailbox.",
	},
	del08: {
		ID: "DEL-08", Title: "customers do not get their own messages", Level: Inferred, Severity: Warning, Needs: Wire,
		Source:    expected + "; sourceType has no value for customers",
		Statement: "No message is from CUSTOMER or USER.",
		Look:      "Synchronisation between several clients of one user.",
	},
	snd01: {
		ID: "SND-01", Title: "an accepted text reaches the other side", Level: API, Severity: Failure, Needs: Journal,
		Source:    "Demo guide, what success of send means (docs/protocol.md section 2.4)",
		Statement: "A CHAT that was answered 0 is shown to the other side.",
		Look:      "Message queues between message service and agent gateway; texts said while queueing or during a hand-over.",
	},
	snd02: {
		ID: "SND-02", Title: "texts reach the other side once and in order", Level: Inferred, Severity: Warning, Needs: Journal,
		Source:    expected,
		Statement: "What the customer said one after the other is shown to the other side in this order, and once.",
		Look:      "Retries inside the platform; several workers on one conversation.",
	},
	snd03: {
		ID: "SND-03", Title: "texts reach the other side unchanged", Level: Inferred, Severity: Warning, Needs: Journal,
		Source:    expected,
		Statement: "A text is shown to the other side as the customer wrote it.",
		Look:      "Character sets along the way; filters for sensitive words; limits.",
	},
	snd04: {
		ID: "SND-04", Title: "a text is accepted while the conversation runs", Level: API, Severity: Failure, Needs: Wire,
		Source:    "API reference, send (docs/protocol.md E03)",
		Statement: "A CHAT that the demo would send is answered 0 while a robot or an agent is on the line; one that was refused because the other side had just hung up is no case.",
		Look:      "The reason in resultDesc; limits on calls; the link between message service and agent gateway.",
	},
	que01: {
		ID: "QUE-01", Title: "a queue answer makes sense", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, queryQueueInfo (docs/protocol.md E06)",
		Statement: "While queueing, the position is not negative.",
		Look:      "The skill queue behind the channel.",
	},
	que02: {
		ID: "QUE-02", Title: "with an agent nobody queues", Level: API, Severity: Failure, Needs: Wire,
		Source:    "API reference, queryQueueInfo: 160021 (docs/protocol.md E06)",
		Statement: "After an agent has spoken the queue query does not say that the customer is queueing.",
		Look:      "Several instances that do not share the state of a conversation.",
	},
	que03: {
		ID: "QUE-03", Title: "the position does not grow", Level: Inferred, Severity: Note, Needs: Wire,
		Source:    expected,
		Statement: "While waiting, the position in the queue does not grow.",
		Look:      "Priorities of the skill queue.",
	},
	que04: {
		ID: "QUE-04", Title: "nobody waits longer than configured", Level: Inferred, Severity: Warning, Needs: Wire,
		Source:    "API reference, skill queue: maximum wait (docs/protocol.md section 6.3)",
		Statement: "A customer who has waited for longer than configMaxcWaitTime is no longer told that the queue goes on.",
		Look:      "Maximum wait and overflow rule of the skill queue.",
	},
	rob01: {
		ID: "ROB-01", Title: "the robot speaks before an agent", Level: API, Severity: Warning, Needs: Setup,
		Source:    "Page adapter, useRobot (docs/protocol.md section 6.3)",
		Statement: "On a channel with a robot the first CHAT is not from AGENT, unless the customer asked for one.",
		Look:      "Whether the robot is published; hand-over rules of the robot flow.",
	},
	rob02: {
		ID: "ROB-02", Title: "no robot where there is none", Level: API, Severity: Failure, Needs: Setup,
		Source:    "Page adapter, useRobot (docs/protocol.md section 6.3)",
		Statement: "On a channel without a robot no message is from ROBOT.",
		Look:      "The channel's robot setting; which channel id the client uses.",
	},
	rob03: {
		ID: "ROB-03", Title: "the robot answers", Level: Inferred, Severity: Warning, Needs: Wire,
		Source:    "API reference, send: CHAT to a robot (docs/protocol.md E03); no page gives a time",
		Statement: "A text to the robot is followed by a message in time.",
		Look:      "The robot's default answer; time-outs between message service and robot.",
	},
	hnd01: {
		ID: "HND-01", Title: "something follows TRANS2AGENT", Level: Inferred, Severity: Warning, Needs: Wire,
		Source:    "API reference, send and poll (docs/protocol.md section 6.3); no page gives a time",
		Statement: "After TRANS2AGENT was answered 0 the system or an agent says something within a minute, or the queue query says that the customer waits or is being served.",
		Look:      "The skill queue behind the channel; whether any agent is signed in to it.",
	},
	hnd02: {
		ID: "HND-02", Title: "the robot is silent after the hand-over", Level: Inferred, Severity: Note, Needs: Wire,
		Source:    expected,
		Statement: "What the customer says after an agent has spoken is not answered by ROBOT.",
		Look:      "Robot flows that run on; assistants that answer for an agent.",
	},
	hnd03: {
		ID: "HND-03", Title: "the agent is announced", Level: API, Severity: Note, Needs: Wire,
		Source:    "API reference, poll: the sample (docs/protocol.md section 4)",
		Statement: "A message from SYSTEM comes before the first message of an agent.",
		Look:      "The channel's notices.",
	},
	dsc01: {
		ID: "DSC-01", Title: "nothing is said after DISCONNECT", Level: Demo, Severity: Failure, Needs: Wire, Source: demoReceive,
		Statement: "DISCONNECT ends the conversation: no later poll brings CHAT or media, unless it parks the conversation (isOfflineStatus).",
		Look:      "Surveys, closing texts and notices that are sent after the conversation was closed: the demo no longer polls for them.",
	},
	dsc02: {
		ID: "DSC-02", Title: "DISCONNECT is the last of its batch", Level: Inferred, Severity: Warning, Needs: Wire, Source: expected + "; the demo's loop goes on",
		Statement: "Nothing follows a DISCONNECT in the same array.",
		Look:      "The order in which a closing text and the hang-up are put into the mailbox.",
	},
	dsc03: {
		ID: "DSC-03", Title: "one DISCONNECT is enough", Level: Inferred, Severity: Warning, Needs: Wire, Source: expected,
		Statement: "A conversation has at most one DISCONNECT.",
		Look:      "An agent's hang-up and the silence timer ending the same conversation; redelivery.",
	},
	dsc04: {
		ID: "DSC-04", Title: "a hang-up is told to the customer", Level: Demo, Severity: Failure, Needs: Journal, Source: demoReceive,
		Statement: "When agent or platform hang up, DISCONNECT is delivered in time to a customer who polls; without it the demo polls for ever.",
		Look:      "Release reasons that send no notice; the channel's session end mode; a mailbox that is deleted together with the conversation.",
	},
	dsc05: {
		ID: "DSC-05", Title: "a new conversation starts clean", Level: Inferred, Severity: Warning, Needs: Markers, Source: expected + "; how a parked conversation goes on is not described",
		Statement: "After CONNECT nothing arrives that was said in an earlier conversation of the same user, unless that was parked (isOfflineStatus).",
		Look:      "Whether the mailbox is emptied when a conversation ends; the asynchronous mode of the channel, which parks conversations.",
	},
	dsc07: {
		ID: "DSC-07", Title: "the demo can see DISCONNECT", Level: Demo, Severity: Failure, Needs: Wire, Source: demoReceive,
		Statement: "A DISCONNECT is not from ROBOT and has no media type that the demo maps: otherwise the demo's earlier branches take it and the conversation never ends for the customer.",
		Look:      "Robot flows that end the conversation themselves; mediaType of the DISCONNECT.",
	},
	dsc08: {
		ID: "DSC-08", Title: "a parked conversation has a tip", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, push: DISCONNECT (docs/protocol.md section 6.7)",
		Statement: "A DISCONNECT with isOfflineStatus true has the tip in its content.",
		Look:      "The tip text of the asynchronous mode.",
	},
	dsc09: {
		ID: "DSC-09", Title: "the customer's DISCONNECT ends the conversation", Level: API, Severity: Failure, Needs: Journal,
		Source:    "API reference, how to test (docs/protocol.md section 6.7)",
		Statement: "After a DISCONNECT that was answered 0 the tenant has ended the conversation, so that its agent is free.",
		Look:      "The link between message service and agent gateway; agents that stay busy.",
	},
	dsc10: {
		ID: "DSC-10", Title: "silence is measured from the last word", Level: API, Severity: Failure, Needs: Journal,
		Source:    "Opening online chat, session end mode (docs/protocol.md section 6.7)",
		Statement: "The platform does not hang up for silence before the configured interval has passed since the customer's last word.",
		Look:      "The channel's customer-silence interval; which messages count as words.",
	},
	dsc11: {
		ID: "DSC-11", Title: "no DISCONNECT without a cause", Level: Inferred, Severity: Warning, Needs: Journal,
		Source:    expected,
		Statement: "A DISCONNECT is delivered only when agent or platform hung up, or the customer did.",
		Look:      "Timers of an earlier conversation of the same user.",
	},
	med01: {
		ID: "MED-01", Title: "pictures, voice and video can be downloaded", Level: Demo, Severity: Failure, Needs: Wire, Source: demoReceive,
		Statement: "The content of a media message is a file id whose download answers 0 with non-empty Base64 of the announced kind.",
		Look:      "The media library and its access rights; files uploaded from the agent's computer, which need the prefix local/; size limits of the download.",
	},
	med02: {
		ID: "MED-02", Title: "files arrive unchanged", Level: Inferred, Severity: Warning, Needs: Journal, Source: expected,
		Statement: "The downloaded bytes are those of the file on the tenant.",
		Look:      "Size limits that cut instead of refusing; transcoding; file ids that are reused.",
	},
	med03: {
		ID: "MED-03", Title: "a file can be uploaded", Level: API, Severity: Failure, Needs: Wire,
		Source:    "API reference, uploadFileStream (docs/protocol.md E07)",
		Statement: "An upload of a listed type and at most 2 MiB is answered 0 with an object key.",
		Look:      "Limits and allowed types of the channel; the file service.",
	},
	med04: {
		ID: "MED-04", Title: "object keys differ", Level: Inferred, Severity: Warning, Needs: Wire,
		Source:    expected + "; the sample is a UUID",
		Statement: "Two uploads do not get the same object key.",
		Look:      "How the file service names files.",
	},
	med05: {
		ID: "MED-05", Title: "uploads arrive unchanged", Level: Inferred, Severity: Warning, Needs: Journal,
		Source:    expected,
		Statement: "The tenant holds the bytes that the customer uploaded.",
		Look:      "Size limits that cut instead of refusing; transcoding.",
	},
	med06: {
		ID: "MED-06", Title: "a file of the agent's computer names its type", Level: API, Severity: Warning, Needs: Wire,
		Source:    "API reference, downloadFileStream (docs/protocol.md E08)",
		Statement: "contentType of a media message is 1 or nothing, and with 1 there is a mediaFileType, without which it cannot be downloaded.",
		Look:      "The agents' client and its version.",
	},
	sim01: {
		ID: "SIM-01", Title: "one poll at a time", Level: Self, Severity: Failure, Needs: Wire, Source: demoReceive,
		Statement: "A client has at most one poll in flight.",
		Look:      "Polls that a timer starts, and not the end of the poll before; polling that is started again when it goes on already; two windows of one user.",
	},
	sim02: {
		ID: "SIM-02", Title: "no poll before CONNECT", Level: Self, Severity: Failure, Needs: Wire, Source: demoReceive,
		Statement: "A client polls only after CONNECT was answered 0, apart from declared probes.",
		Look:      "Where polling is started: the demo does so in the answer to CONNECT, and only when that is 0.",
	},
	sim03: {
		ID: "SIM-03", Title: "no poll after DISCONNECT", Level: Self, Severity: Failure, Needs: Wire, Source: demoReceive,
		Statement: "A client does not poll after a DISCONNECT that the demo handles, apart from declared probes.",
		Look:      "The handling of DISCONNECT and the flag that keeps polling going; a DISCONNECT from SYSTEM, with a tip in its content, or in one list with other messages.",
	},
	sim04: {
		ID: "SIM-04", Title: "a pause between polls", Level: Self, Severity: Failure, Needs: Wire, Source: demoReceive,
		Statement: "Between the answer of a poll and the next poll lies the demo's pause of 100 ms.",
		Look:      "The timer in front of each poll; what follows a poll that failed.",
	},
	sim05: {
		ID: "SIM-05", Title: "one download a media message", Level: Self, Severity: Failure, Needs: Wire, Source: demoReceive,
		Statement: "A client downloads each media message that the demo would, exactly once.",
		Look:      "The media types that are handled; lists of several messages; what follows a DISCONNECT in the same list; pictures that are loaded again whenever they are drawn.",
	},
	sim06: {
		ID: "SIM-06", Title: "the queue is asked every 10 s", Level: Self, Severity: Failure, Needs: Wire,
		Source:    demoQueue,
		Statement: "Between two queue queries lie 10 s, unless a message with queueFlag came; after a code other than 0 there is none.",
		Look:      "Timers that go on when the answer is another than 0, or that several starts have made.",
	},
	sim07: {
		ID: "SIM-07", Title: "a customer hangs up", Level: Self, Severity: Failure, Needs: Wire,
		Source:    apiFlow,
		Statement: "A conversation that the other side did not end ends with the client's DISCONNECT.",
		Look:      "What is sent when the window is closed or left: until the tenant notices by itself, an agent waits for nobody.",
	},
	sim08: {
		ID: "SIM-08", Title: "a customer who is turned away leaves a message", Level: Self, Severity: Warning, Needs: Wire,
		Source:    apiFlow,
		Statement: "A conversation whose CONNECT was refused ends with doLeaveMessage.",
		Look:      "What is offered when CONNECT is refused, as outside working time; whoever sits in front of a page may decline.",
	},
	sim09: {
		ID: "SIM-09", Title: "tokens before CONNECT", Level: Self, Severity: Failure, Needs: TokensSeen,
		Source:    "API reference, headers and call flow (docs/protocol.md sections 2.2 and 6.1)",
		Statement: "No CONNECT is refused with 401 because it carries no application token or no user token.",
		Look:      "The order of the first calls: CONNECT has to wait for the answers that bring the tokens; a header that says undefined.",
	},
	sim10: {
		ID: "SIM-10", Title: "the queue is asked while queueing", Level: Self, Severity: Failure, Needs: Wire,
		Source:    demoQueue,
		Statement: "After a message with queueFlag that the demo shows, the client asks for the place in the queue, and again 10 s after each answer 0, until an agent speaks or the conversation ends.",
		Look:      "Whether queueFlag is looked at; a timer that stops after the first answer.",
	},
	sim11: {
		ID: "SIM-11", Title: "click-to-call is asked about once", Level: Self, Severity: Warning, Needs: Wire,
		Source:    "demo page, receiving messages (docs/protocol.md E15 and section 4)",
		Statement: "At the first message from AGENT the client asks whether calls are supported: not before, and not again in the conversation; in later conversations of the same user it may.",
		Look:      "A page that offers no calls need not ask. Otherwise: what is done at the first message of an agent, and whether each message does it again.",
	},
	sim12: {
		ID: "SIM-12", Title: "a replacement token is taken up", Level: Self, Severity: Failure, Needs: TokensSeen,
		Source:    "API reference, applyToken: ccmessaging-token in an answer (docs/protocol.md section 2.3)",
		Statement: "After an answer that brought a new user token in its header, no call carries an older one.",
		Look:      "Whether the header ccmessaging-token of every answer is read, that of a download too; a server in between or a CORS rule (Access-Control-Expose-Headers) that hides it from the page.",
	},
	sim13: {
		ID: "SIM-13", Title: "nothing is sent after DISCONNECT", Level: Self, Severity: Failure, Needs: Wire, Source: demoReceive,
		Statement: "After a DISCONNECT that the demo handles the client sends no text, file, TRANS2AGENT, queue query or DISCONNECT any more, and after its own that was answered 0 no poll either. Downloads, click-to-call, survey and leaving a message may follow.",
		Look:      "Whether the input is closed when the conversation is over; timers that are not stopped; what is sent when a window is closed whose conversation has ended.",
	},
}
