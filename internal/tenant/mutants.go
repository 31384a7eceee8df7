package tenant

// fault is a mutant's place in the table.
type fault uint8

const (
	tokenUntyped fault = iota
	tokenLong
	tokenShort
	deafRenewal
	deadReplacement
	shapeObject
	shapeNoCode
	shapeNotJSON
	sendNoCode
	oddCode
	teapot
	wrongAddress
	oddType
	longText
	nullText
	inSeconds
	nameless
	badLocation
	oddFlag
	offlineChat
	earlyWelcome
	muteConnect
	refusePoll
	slowHold
	restless
	pollOutsideError
	unaskedRead
	foreignRead
	swapAdjacent
	swapAcrossPolls
	reverseBatch
	timestampBack
	causeBack
	replyEarly
	inventSeq
	crossSession
	dupSameBatch
	dupNextPoll
	dupFar
	twin
	dropOne
	dropBatch
	dropTail
	loseAtRenewal
	rejectButShow
	truncateContent
	mojibake
	sameCode
	ownEcho
	loseChat
	loseInHandover
	repeatChat
	garbleChat
	refuseChat
	queueNegative
	queueStuck
	queueBack
	queueForever
	agentFirst
	surpriseRobot
	muteRobot
	muteHandover
	robotReturns
	unannounced
	talkAfterDrop
	talkAfterDropSameBatch
	doubleDrop
	silentDrop
	lateDrop
	staleAfterReconnect
	robotDrop
	mediaDrop
	noTip
	deafDisconnect
	impatient
	phantomDrop
	mediaEmptyID
	mediaBadBase64
	media404
	mediaTruncated
	mediaSwapped
	uploadNoKey
	sameKey
	uploadGarbled
	localUntyped

	// Faults that only probes bring about.
	tokenless
	anyUserToken
	immortalToken
	laxApply
	longUser
	shortUser
	openMailbox
	sharedToken
	applyEnds
	spelledHeaders
	refuseAndServe
	contentNeeded
	laxConnect
	secondWelcome
	asyncConnectLost
	laxPoll
	sleepyPoll
	bothPolls
	takeoverLoses
	unreleased
	silentCut
	chatAnywhere
	anyType
	asyncChatLost
	deadlyID
	twiceShown
	strictFields
	lenientJSON
	trimmed
	queueAfterEnd
	queueBefore
	laxQueue
	queueAnyToken
	queueUnaware
	queueTrap
	ratingRefused
	laxRating
	manyPhrases
	transferAgain
	deafKeyword
	refuseDisconnect
	disconnect500
	talkAfterBye
	laxUpload
	file500
	fickleFile
	openFiles
	deadKey
	historyGap
	historyShift
	surveyAny
	surveyOdd
	laxLeave
	faultCount

	firstProbed = tokenless
)

const (
	anyToken  = "a call for an application token; chatbench makes one before the run, too"
	anyCall   = "a call during a conversation that carries a user token"
	anyPoll   = "a poll during a conversation"
	emptyPoll = "a poll during a conversation that finds nothing; the tenant must hold polls"
	anyText   = "a marked text"
	anyMarked = "a marked text of robot or agent that is not the first message of its conversation"
	twoMarked = "a poll that hands out two marked texts of one sender; give robot or agents several messages an answer"
	agentText = "a marked text of an agent other than the good-bye"
	anyHangUp = "agents or the platform hang up"
	anyFile   = "agents send media"
	toAgent   = "a marked CHAT of a customer to an agent"
	toAnybody = "a marked CHAT of a customer to robot or agent"
	inQueue   = "a query of a customer who waits in the queue"
	replaced  = "a user token that expires during a conversation; needs a short user_token_life"
)

// mutants is the table, in the order of the rules that the faults break.
var mutants = [faultCount]Mutant{
	tokenUntyped:    {"token-untyped", "an application token comes without its type", anyToken, []string{"TOK-01"}},
	tokenLong:       {"token-long", "an application token is granted two hours", anyToken, []string{"TOK-02"}},
	tokenShort:      {"token-short", "a call with good tokens is refused with 401; after renewal all is well", anyCall, []string{"TOK-03"}},
	deafRenewal:     {"deaf-renewal", "a poll with good tokens is refused with 401, and again after the customer has renewed them", anyPoll, []string{"TOK-03", "TOK-04"}},
	deadReplacement: {"dead-replacement", "the replacement in an answer's header is good for nothing", replaced, []string{"TOK-03", "TOK-05"}},

	shapeObject:  {"shape-object", "downlinkMessages is an object instead of an array", anyPoll, []string{"SHP-01"}},
	shapeNoCode:  {"shape-no-code", "the answer of a poll has no resultCode", anyPoll, []string{"SHP-01"}},
	shapeNotJSON: {"shape-not-json", "a poll is answered 200 with a web page", anyPoll, []string{"SHP-01"}},
	sendNoCode:   {"send-no-code", "the answer of an accepted CHAT has no resultCode", "a CHAT during a conversation", []string{"SHP-02"}},
	oddCode:      {"odd-code", "a query of the queue is answered 77", inQueue, []string{"SHP-03"}},
	teapot:       {"teapot", "the question whether clicking to call is possible is answered with HTTP 418", "the first message of an agent, after which customers ask", []string{"SHP-04"}},
	wrongAddress: {"wrong-address", "a text is addressed to another user", anyText, []string{"SHP-05"}},
	oddType:      {"odd-type", "a text has the mediaType STICKER", anyText, []string{"SHP-06"}},
	longText:     {"long-text", "the system says 600 characters at once", agentText, []string{"SHP-07"}},
	nullText:     {"null-text", "the system says a text whose content is null", agentText, []string{"SHP-08"}},
	inSeconds:    {"seconds", "a timestamp counts seconds", anyText, []string{"SHP-09"}},
	nameless:     {"nameless", "an agent has no senderNickname", "a marked text of an agent", []string{"SHP-10"}},
	badLocation:  {"bad-location", "a location has a name and no coordinates", "agents send locations", []string{"SHP-11"}},
	oddFlag:      {"odd-flag", "an agent's text has queueFlag N", agentText, []string{"SHP-12"}},
	offlineChat:  {"offline-chat", "a text has isOfflineStatus", anyText, []string{"SHP-13"}},

	earlyWelcome: {"early-welcome", "a message is handed out before CONNECT", "a poll of a customer who has never connected; a declared probe does that", []string{"CON-01"}},
	muteConnect:  {"mute-connect", "CONNECT is answered 0, and nobody is ever there", "a CONNECT", []string{"CON-02"}},

	refusePoll:       {"refuse-poll", "a poll in a running conversation is answered 13", anyPoll, []string{"POL-01"}},
	slowHold:         {"slow-hold", "a poll is held for three times the hold time and 10 s, if nothing comes", emptyPoll + ", and for longer than that nothing may be said", []string{"POL-02"}},
	restless:         {"restless", "a poll that finds nothing is answered at once", emptyPoll, []string{"POL-03"}},
	pollOutsideError: {"poll-outside-error", "a poll outside a conversation is answered 13", "a poll before CONNECT or after the end; declared probes do that", []string{"POL-04"}},
	unaskedRead:      {"unasked-read", "a read receipt comes unasked", "an agent answers a customer who has not asked for receipts", []string{"POL-05"}},
	foreignRead:      {"foreign-read", "a read receipt names a message that nobody sent", "an agent answers a customer who has asked for receipts", []string{"POL-06"}},

	swapAdjacent:    {"swap-adjacent", "two texts of one sender are swapped within an answer", twoMarked, []string{"ORD-01"}},
	swapAcrossPolls: {"swap-across-polls", "the earlier of two texts of one sender is kept back for the next poll", twoMarked + ", before the end", []string{"ORD-01"}},
	reverseBatch:    {"reverse-batch", "the messages of an answer, all of one sender, come in reverse", twoMarked + ", before the end", []string{"ORD-01"}},
	timestampBack:   {"timestamp-back", "a text's timestamp is 5 s before that of the one before it", "a marked text that is not the first of its conversation", []string{"ORD-02"}},
	causeBack:       {"cause-back", "an agent answers a question that is older than the one answered last", agentText + ", which is not the first", []string{"ORD-03"}},
	replyEarly:      {"reply-early", "an agent answers what was not asked yet", agentText, []string{"ORD-03"}},

	inventSeq:    {"invent-seq", "the customer is quoted with a text that was never sent", toAnybody, []string{"DEL-01"}},
	crossSession: {"cross-session", "a customer gets a text that was said to another customer", "two customers of one run with marked texts", []string{"DEL-02"}},
	dupSameBatch: {"dup-same-batch", "a text comes twice in one answer", "a poll that hands out a marked text", []string{"DEL-03"}},
	dupNextPoll:  {"dup-next-poll", "a text comes again with the next poll", "a poll that hands out a marked text, before the end", []string{"DEL-03"}},
	dupFar:       {"dup-far", "the first text of a sender comes again much later", "the fourth marked text of a sender, or a later one", []string{"DEL-03"}},
	twin:         {"twin", "a notice of the system comes twice, to the letter and the millisecond", agentText, []string{"DEL-03"}},

	dropOne:       {"drop-one", "a text is lost on its way to the poll", anyMarked, []string{"DEL-04"}},
	dropBatch:     {"drop-batch", "everything a poll should have handed out is lost", "a poll for which nothing but texts of an agent wait, and not the first of its conversation", []string{"DEL-04"}},
	dropTail:      {"drop-tail", "the agent's good-bye is lost", "agents hang up", []string{"DEL-04"}},
	loseAtRenewal: {"lose-at-renewal", "texts are lost that come with the answer that replaces the token", replaced + ", and nothing but texts of an agent to come with that answer", []string{"DEL-04"}},
	rejectButShow: {"reject-but-show", "a CHAT is answered 13 and shown to the other side all the same", toAnybody + ", with another one after it", []string{"DEL-05", "SND-04"}},

	truncateContent: {"truncate-content", "the second half of a text is cut off", anyText, []string{"DEL-06"}},
	mojibake:        {"mojibake", "UTF-8 is taken for Latin-1", "a marked text with a character outside ASCII", []string{"DEL-06"}},
	sameCode:        {"same-code", "two texts have one messageCode", "a marked text that is not the first of its conversation; needs message_codes", []string{"DEL-07"}},
	ownEcho:         {"own-echo", "the customer gets what the customer said, from CUSTOMER", toAnybody, []string{"DEL-08"}},

	loseChat:       {"lose-chat", "a CHAT is accepted and never shown", toAgent + ", with another one after it", []string{"SND-01"}},
	loseInHandover: {"lose-in-handover", "a CHAT is accepted and never shown", "a marked CHAT between TRANS2AGENT and the agent's first word", []string{"SND-01"}},
	repeatChat:     {"repeat-chat", "a CHAT is shown twice", toAnybody, []string{"SND-02"}},
	garbleChat:     {"garble-chat", "the end of a text is cut off before the other side sees it", toAnybody, []string{"SND-03"}},
	refuseChat:     {"refuse-chat", "a CHAT is answered 13 in the middle of a conversation", toAnybody + ", with another one after it", []string{"SND-04"}},

	queueNegative: {"queue-negative", "the position in the queue is negative", inQueue, []string{"QUE-01"}},
	queueStuck:    {"queue-stuck", "a customer who is being served is told to be the first in the queue", "a query of a customer to whom an agent has spoken", []string{"QUE-02"}},
	queueBack:     {"queue-back", "the position in the queue grows", inQueue + ", and has asked before", []string{"QUE-03"}},
	queueForever:  {"queue-forever", "the wait goes on beyond queue.max_wait", "a customer who comes to the queue; needs queue.max_wait, and agents who are busy for much longer", []string{"QUE-04"}},

	agentFirst:    {"agent-first", "CONNECT leads past the robot to an agent, who is not announced", "a CONNECT on a channel with a robot while an agent is free", []string{"ROB-01", "HND-03"}},
	surpriseRobot: {"surprise-robot", "a robot speaks where there is none", "an agent is found for a customer of a channel without a robot", []string{"ROB-02"}},
	muteRobot:     {"mute-robot", "the robot never answers a text; it does later ones", "a text to the robot, of a customer who then waits", []string{"ROB-03"}},
	muteHandover:  {"mute-handover", "TRANS2AGENT is answered 0, and nobody is ever there", "a TRANS2AGENT of a customer who then waits for more than a minute", []string{"HND-01"}},
	robotReturns:  {"robot-returns", "the robot answers what was said to an agent", "a marked text of an agent that is not the first answer", []string{"HND-02"}},
	unannounced:   {"unannounced", "nothing says that an agent is there before the agent speaks", "an agent is found at once", []string{"HND-03"}},

	talkAfterDrop:          {"talk-after-drop", "a text comes with a poll after DISCONNECT", anyHangUp + ", and a poll comes after that; a declared probe does", []string{"DSC-01"}},
	talkAfterDropSameBatch: {"talk-after-drop-same-batch", "a text comes behind DISCONNECT in the same answer", anyHangUp, []string{"DSC-02"}},
	doubleDrop:             {"double-drop", "DISCONNECT comes twice", anyHangUp, []string{"DSC-03"}},
	silentDrop:             {"silent-drop", "the other side hangs up and DISCONNECT never comes", anyHangUp, []string{"DSC-04"}},
	lateDrop:               {"late-drop", "DISCONNECT comes 15 s after the other side hung up", anyHangUp, []string{"DSC-04"}},
	staleAfterReconnect:    {"stale-after-reconnect", "a text of the previous conversation comes in the new one", "a customer with a second conversation, and marked texts in the first", []string{"DSC-05"}},
	robotDrop:              {"robot-drop", "DISCONNECT says that it is from ROBOT", "agents hang up", []string{"DSC-07", "HND-02"}},
	mediaDrop:              {"media-drop", "DISCONNECT says that it is an IMAGE", anyHangUp, []string{"DSC-07"}},
	noTip:                  {"no-tip", "the tip is missing when a silent customer's conversation is parked", "a customer is silent; needs silence_after and silence_async", []string{"DSC-08"}},
	deafDisconnect:         {"deaf-disconnect", "the customer's DISCONNECT is answered 0 and ends nothing", "a DISCONNECT of a customer in a conversation", []string{"DSC-09"}},
	impatient:              {"impatient", "the platform hangs up after a quarter of the silence that it should grant", "a customer is silent; needs silence_after", []string{"DSC-10"}},
	phantomDrop:            {"phantom-drop", "DISCONNECT comes while nobody hangs up", toAgent, []string{"DSC-11"}},

	mediaEmptyID:   {"media-empty-id", "a media message has no file id", "agents send pictures, voice or films", []string{"MED-01"}},
	mediaBadBase64: {"media-bad-base64", "the Base64 of a download is damaged", "a download", []string{"MED-01"}},
	media404:       {"media-404", "a file that was sent cannot be found", "a download", []string{"MED-01"}},
	mediaTruncated: {"media-truncated", "the last quarter of a file is missing", "a download", []string{"MED-02"}},
	mediaSwapped:   {"media-swapped", "a download gives another file of the same kind", "a download", []string{"MED-02"}},
	uploadNoKey:    {"upload-no-key", "an upload is answered 0 without an object key", "an upload", []string{"MED-03"}},
	sameKey:        {"same-key", "two uploads get one object key", "an upload of a customer who has made one before", []string{"MED-04"}},
	uploadGarbled:  {"upload-garbled", "the last byte of an upload is changed", "an upload", []string{"MED-05"}},
	localUntyped:   {"local-untyped", "a file from the agent's computer has no type", "agents send voice or films from their own computer", []string{"MED-06"}},

	tokenless:        {"tokenless", "an upload without user token is accepted", "an upload without user token", []string{"TOK-21"}},
	anyUserToken:     {"any-token", "an upload with a user token that was never given out is accepted", "an upload with an unknown user token", []string{"TOK-22"}},
	immortalToken:    {"immortal-token", "an application token is good after its end", "a call with an application token that has expired", []string{"TOK-23"}},
	laxApply:         {"lax-apply", "applyToken without locale gives a token", "such a call", []string{"TOK-24"}},
	longUser:         {"long-user", "a userId of more than 32 characters gets a token", "such an applyToken", []string{"TOK-25"}},
	shortUser:        {"short-user", "a userId of 32 characters gets no token", "such an applyToken", []string{"TOK-26"}},
	openMailbox:      {"open-mailbox", "a poll is answered for whomever its receiverId names", "a poll with the receiverId of another user", []string{"TOK-27"}},
	sharedToken:      {"shared-token", "users whose ids differ in letter case only have one token", "applyToken for two such users, one after the other", []string{"TOK-28"}},
	applyEnds:        {"apply-ends", "applyToken ends the user's conversation", "applyToken during a conversation", []string{"TOK-29"}},
	spelledHeaders:   {"spelled-headers", "ccmessaging-token is not found when it is in capital letters", "such a call", []string{"TOK-30"}},
	refuseAndServe:   {"refuse-and-serve", "CONNECT is refused, and an agent speaks all the same", "a CONNECT that is refused; needs a channel without robot, outside of hours", []string{"CON-21"}},
	contentNeeded:    {"content-needed", "CONNECT without content is answered 13", "such a CONNECT", []string{"CON-22"}},
	laxConnect:       {"lax-connect", "CONNECT without sourceType is answered 0", "such a CONNECT", []string{"CON-23"}},
	secondWelcome:    {"second-welcome", "the robot says its welcome again", "a CONNECT in a conversation with the robot", []string{"CON-24"}},
	asyncConnectLost: {"async-connect-lost", "CONNECT by sendAsync gets lost", "such a CONNECT", []string{"CON-25"}},
	laxPoll:          {"lax-poll", "a poll without channel is answered", "such a poll", []string{"POL-21"}},
	sleepyPoll:       {"sleepy-poll", "a message does not end the hold of a poll", "a message while a poll is held", []string{"POL-22"}},
	bothPolls:        {"both-polls", "what is said while there are two polls comes twice", "a poll while another one is held", []string{"POL-23"}},
	takeoverLoses:    {"takeover-loses", "the first thing said after a second poll has taken over is lost", "a poll while another one is held", []string{"POL-23", "POL-24"}},
	unreleased:       {"unreleased", "a conversation that nobody polls goes on for ever", "a CONNECT", []string{"POL-25"}},
	silentCut:        {"silent-cut", "a text that is too long is cut and accepted", "such a CHAT", []string{"SND-21"}},
	chatAnywhere:     {"chat-anywhere", "CHAT without a conversation is answered 0", "a CHAT before CONNECT or after DISCONNECT", []string{"SND-22"}},
	anyType:          {"any-type", "a send with an unknown mediaType is taken for a text", "such a send", []string{"SND-23"}},
	asyncChatLost:    {"async-chat-lost", "CHAT by sendAsync gets lost", "such a CHAT", []string{"SND-24"}},
	deadlyID:         {"deadly-id", "a messageId that is too long ends the conversation", "a CHAT with such an id", []string{"SND-25"}},
	twiceShown:       {"twice-shown", "a CHAT that is sent again is shown again", "a CHAT with a messageId that was there before", []string{"SND-26"}},
	strictFields:     {"strict-fields", "a send with an unknown field is answered HTTP 400", "such a send", []string{"SND-27"}},
	lenientJSON:      {"lenient-json", "a send that is not JSON is answered 0", "such a send", []string{"SND-28"}},
	trimmed:          {"trimmed", "blanks at the ends of a text are taken off", "a CHAT with such blanks", []string{"SND-29"}},
	queueAfterEnd:    {"queue-after-end", "somebody whose conversation has ended is told a place in the queue", "a query after the end", []string{"QUE-21"}},
	queueBefore:      {"queue-before", "somebody who never connected is told a place in the queue", "a query before CONNECT", []string{"QUE-22"}},
	laxQueue:         {"lax-queue", "a query without channel is answered as if it had one", "such a query", []string{"QUE-23"}},
	queueAnyToken:    {"queue-any-token", "a query with a token that was never given out is answered 160004", "such a query", []string{"QUE-24"}},
	queueUnaware:     {"queue-unaware", "somebody with an agent is told that the conversation has ended", "a query while with an agent", []string{"QUE-25"}},
	queueTrap:        {"queue-trap", "DISCONNECT while queueing is answered 13", "such a DISCONNECT", []string{"QUE-26"}},
	ratingRefused:    {"rating-refused", "a good rating of an answer is answered 30010009999", "a rating that makes sense", []string{"ROB-21"}},
	laxRating:        {"lax-rating", "a bad rating without feedbackContent is answered 0", "such a rating", []string{"ROB-22"}},
	manyPhrases:      {"many-phrases", "more than five phrases are suggested", "queryPhraseByKeyword", []string{"ROB-23"}},
	transferAgain:    {"transfer-again", "TRANS2AGENT while with an agent is answered 0", "such a TRANS2AGENT", []string{"HND-21"}},
	deafKeyword:      {"deaf-keyword", "the robot takes its keyword for any other text", "the keyword, typed to the robot", []string{"HND-22"}},
	refuseDisconnect: {"refuse-disconnect", "DISCONNECT ends the conversation and is answered 13", "a DISCONNECT in a conversation", []string{"DSC-21"}},
	disconnect500:    {"disconnect-500", "a second DISCONNECT is answered HTTP 500", "a DISCONNECT after the end", []string{"DSC-22"}},
	talkAfterBye:     {"talk-after-bye", "an agent says something 2 s after the customer's DISCONNECT", "a DISCONNECT of the customer", []string{"DSC-23"}},
	laxUpload:        {"lax-upload", "an upload without fileType is accepted", "such an upload", []string{"MED-21"}},
	file500:          {"file-500", "the download of a file that is not there is answered HTTP 500", "such a download", []string{"MED-22"}},
	fickleFile:       {"fickle-file", "a file that is downloaded a second time is another one", "such a download", []string{"MED-23"}},
	openFiles:        {"open-files", "a file can be downloaded by any user", "a download of a file that another user has downloaded", []string{"MED-24"}},
	deadKey:          {"dead-key", "a picture that was uploaded cannot be sent", "CHAT of an IMAGE", []string{"MED-25"}},
	historyGap:       {"history-gap", "the history lacks a text of an agent", "such a text; needs history", []string{"HIS-21"}},
	historyShift:     {"history-shift", "the history is an hour late", "a message that goes into the history", []string{"HIS-22"}},
	surveyAny:        {"survey-any", "an evaluation of 6 is answered 0", "such an answer to the survey", []string{"SRV-21"}},
	surveyOdd:        {"survey-odd", "surveyType is MAYBE", "the question for the survey's mode", []string{"SRV-22"}},
	laxLeave:         {"lax-leave", "an empty message can be left", "such a message", []string{"LEA-21"}},
}
