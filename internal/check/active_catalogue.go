package check

import "chatbench/internal/aicc"

// Pages that several active rules are read from.
const (
	apiApply    = "API reference, applyToken (docs/protocol.md E02)"
	apiSend     = "API reference, send (docs/protocol.md E03)"
	apiAsync    = "API reference, sendAsync (docs/protocol.md E04)"
	apiQueue    = "API reference, queryQueueInfo (docs/protocol.md E06)"
	apiUpload   = "API reference, uploadFileStream (docs/protocol.md E07)"
	apiDownload = "API reference, downloadFileStream (docs/protocol.md E08)"
	apiHistory  = "API reference, queryHistoryChatMessage (docs/protocol.md E09)"
	apiFeedback = "API reference, feedbacksatisfaction (docs/protocol.md E14)"
	apiTokens   = "API reference, headers of business calls (docs/protocol.md section 2.2)"
)

const (
	lookGateway    = "Which checks the gateway makes and which the service behind it; a test set-up with checks switched off."
	lookValidation = "Validation of requests; a gateway that fills in what is missing."
	lookShared     = "How conversations, files and tokens are keyed: tenant, channel and user together; caches."
	lookDuplicates = "Retries inside the platform; several instances without a common memory of what was done."
)

// What is counted in several cases.
const (
	changedText = "copy that was changed"
	strayedText = "text that is missing or there too often"
)

// active is the catalogue of active rules, numbered from 21 in each area.
var active = []activeRule{
	{Rule{
		ID: "TOK-21", Title: "a call without user token is refused", Level: API, Severity: Failure, Needs: ByProbe, Source: apiTokens,
		Statement: "A business call that lacks the header ccmessaging-token is refused.", Look: lookGateway,
	}, []activeCase{{"send", refused}, {"poll", refused}, {"upload", refused}, {"leave", refused}}},
	{Rule{
		ID: "TOK-22", Title: "a made-up user token is refused", Level: API, Severity: Failure, Needs: ByProbe,
		Source:    "API reference, meaning of HTTP 401 (docs/protocol.md section 2.3)",
		Statement: "A business call with a ccmessaging-token that was never given out is refused.", Look: lookGateway,
	}, []activeCase{{"send", refused}, {"poll", refused}, {"upload", refused}, {"leave", refused}}},
	{Rule{
		ID: "TOK-23", Title: "an expired application token gives 401", Level: API, Severity: Failure, Needs: ByProbe,
		Source:    "API reference, meaning of HTTP 401 (docs/protocol.md section 2.3)",
		Statement: "A business call with an application token whose life is over is answered HTTP 401.",
		Look:      "Caches of tokens in the gateway; clocks of its instances.",
	}, []activeCase{{"upload", unauthorised}}},
	{Rule{
		ID: "TOK-24", Title: "applyToken needs its mandatory fields", Level: API, Severity: Warning, Needs: ByProbe, Source: apiApply,
		Statement: "applyToken without userId, userName, channelId or locale gives no token.", Look: lookValidation,
	}, []activeCase{{"userId", refused}, {"userName", refused}, {"channelId", refused}, {"locale", refused}}},
	{Rule{
		ID: "TOK-25", Title: "a userId of 33 characters gets no token", Level: API, Severity: Warning, Needs: ByProbe, Source: apiApply,
		Statement: "applyToken with a userId that is longer than 32 characters gives no token.", Look: lookValidation,
	}, []activeCase{{"33 characters", refused}}},
	{Rule{
		ID: "TOK-26", Title: "userIds of 1 and 32 characters get a token", Level: API, Severity: Warning, Needs: ByProbe, Source: apiApply,
		Statement: "applyToken takes every userId of 1 to 32 characters.", Look: lookValidation,
	}, []activeCase{{"1 character", accepted}, {"32 characters", accepted}}},
	{Rule{
		ID: "TOK-27", Title: "nobody can poll for another user", Level: Inferred, Severity: Warning, Needs: ByProbe, Source: expected,
		Statement: "A poll with the receiverId of another user than the token's brings nothing of that user.", Look: lookShared,
	}, []activeCase{{"foreign receiverId", none("message of the other user")}}},
	{Rule{
		ID: "TOK-28", Title: "two users have two tokens", Level: API, Severity: Warning, Needs: ByProbe,
		Source:    "API reference, tokens (docs/protocol.md section 2.3)",
		Statement: "Users whose ids differ, be it in letter case only, get different tokens.", Look: lookShared,
	}, []activeCase{{"letter case", none("token that both have")}}},
	{Rule{
		ID: "TOK-29", Title: "another applyToken does not end the conversation", Level: Inferred, Severity: Note, Needs: ByProbe, Source: expected,
		Statement: "When applyToken is called again during a conversation, that goes on with the new token.", Look: lookShared,
	}, []activeCase{{"goes on", accepted}}},
	{Rule{
		ID: "TOK-30", Title: "header names count in any letter case", Level: Inferred, Severity: Note, Needs: ByProbe,
		Source:    "HTTP itself; the spelling differs between pages (docs/protocol.md section 2.2)",
		Statement: "The three headers of a business call are found in capital letters, too.",
		Look:      "Gateways that handle headers in scripts.",
	}, []activeCase{{"capitals", accepted}}},

	{Rule{
		ID: "CON-21", Title: "no agent speaks after a refused CONNECT", Level: API, Severity: Failure, Needs: ByProbe, Source: apiSend,
		Statement: "After CONNECT was answered with another code than 0 no message from AGENT comes.",
		Look:      "What happens to a conversation whose set-up fails half-way.",
	}, []activeCase{{"silence", none("message from AGENT")}}},
	{Rule{
		ID: "CON-22", Title: "CONNECT needs no content", Level: API, Severity: Warning, Needs: ByProbe, Source: apiSend,
		Statement: "CONNECT without the field content is accepted like one that has it.",
		Look:      "The version of the interface: on older pages content is mandatory.",
	}, []activeCase{{"no content", accepted}}},
	{Rule{
		ID: "CON-23", Title: "CONNECT needs its mandatory fields", Level: API, Severity: Warning, Needs: ByProbe, Source: apiSend,
		Statement: "CONNECT without a mandatory field, or with another channel than WEB, is not answered 0.", Look: lookValidation,
	}, []activeCase{{"channel", refused}, {"controlType", refused}, {"from", refused}, {"mediaType", refused}, {"sourceType", refused}, {"to", refused}, {"another channel", refused}}},
	{Rule{
		ID: "CON-24", Title: "a second CONNECT opens nothing", Level: Inferred, Severity: Note, Needs: ByProbe, Source: expected,
		Statement: "CONNECT in a running conversation brings no second welcome, and the conversation goes on.", Look: lookDuplicates,
	}, []activeCase{{"welcome", none("second welcome")}, {"goes on", accepted}}},
	{Rule{
		ID: "CON-25", Title: "sendAsync connects as send does", Level: API, Severity: Failure, Needs: ByProbe, Source: apiAsync,
		Statement: "CONNECT by sendAsync is answered 0 and followed by a message as CONNECT by send is.",
		Look:      "The queue behind sendAsync and whoever reads it.",
	}, []activeCase{{"answer", accepted}, {"follows", some("message")}}},

	{Rule{
		ID: "POL-21", Title: "poll needs its parameters", Level: API, Severity: Warning, Needs: ByProbe, Source: apiPoll,
		Statement: "A poll without receiverId or channel, or with another channel than WEB, is refused.",
		Look:      "The version of the interface: on older pages both are optional.",
	}, []activeCase{{"receiverId", refused}, {"channel", refused}, {"another channel", refused}}},
	{Rule{
		ID: "POL-22", Title: "a message ends the hold", Level: API, Severity: Failure, Needs: ByProbe,
		Source:    "API reference, call flow: long polling (docs/protocol.md E05)",
		Statement: "A message that is said while a poll is held is handed out at once and not at the end of the hold.",
		Look:      "How the instance that holds a poll learns of a message that another instance took in; buffering proxies.",
	}, []activeCase{{"early answers", some("poll that comes back well before the end of its hold")}}},
	{Rule{
		ID: "POL-23", Title: "two polls at once share without loss", Level: Inferred, Severity: Warning, Needs: ByProbe, Source: expected,
		Statement: "Of two polls at once not both bring the same message, and together they lose none.", Look: lookDuplicates,
	}, []activeCase{{"copies", none("message that comes twice")}, {"arrives", some("message")}}},
	{Rule{
		ID: "POL-24", Title: "a poll that was given up takes nothing along", Level: Inferred, Severity: Note, Needs: ByProbe, Source: expected,
		Statement: "What is said after a client broke a poll off and began another one arrives with that.",
		Look:      "Whether a broken connection is noticed; proxies that keep the inner connection open.",
	}, []activeCase{{"arrives", some("message")}}},
	{Rule{
		ID: "POL-25", Title: "a conversation that nobody polls is released", Level: API, Severity: Warning, Needs: ByProbe, Source: apiPoll,
		Statement: "When poll is not called for longer than the session time, the conversation has ended: a CHAT is not answered 0.",
		Look:      "The session time of the platform; agents who talk to customers that have left.",
	}, []activeCase{{"released", refused}}},

	{Rule{
		ID: "SND-21", Title: "long texts arrive whole or not at all", Level: API, Severity: Warning, Needs: ByProbe, Source: apiSend,
		Statement: "A text of 1,000 characters is accepted, and one of 10,000 is refused or arrives whole.",
		Look:      "Limits of the channel, the engine and the encryption, which differ.",
	}, []activeCase{{"1000 characters", accepted}, {"10000 characters", notCut}}},
	{Rule{
		ID: "SND-22", Title: "CHAT needs a conversation", Level: Inferred, Severity: Warning, Needs: ByProbe, Source: expected,
		Statement: "CHAT before CONNECT and after DISCONNECT is not answered 0.", Look: lookValidation,
	}, []activeCase{{"before CONNECT", refused}, {"after DISCONNECT", refused}}},
	{Rule{
		ID: "SND-23", Title: "unknown types are refused", Level: Inferred, Severity: Note, Needs: ByProbe, Source: apiSend,
		Statement: "A send with a controlType or mediaType that is in no table is not answered 0.", Look: lookValidation,
	}, []activeCase{{"controlType", refused}, {"mediaType", refused}}},
	{Rule{
		ID: "SND-24", Title: "sendAsync delivers", Level: API, Severity: Failure, Needs: ByProbe, Source: apiAsync,
		Statement: "CHAT by sendAsync is answered 0 and heard as CHAT by send is.",
		Look:      "The queue behind sendAsync and whoever reads it.",
	}, []activeCase{{"answer", accepted}, {"heard", some("answer to it, or copy in the history")}}},
	{Rule{
		ID: "SND-25", Title: "an odd messageId does no harm", Level: Inferred, Severity: Note, Needs: ByProbe, Source: apiSend,
		Statement: "After a messageId that is too long, or has a comma, the conversation goes on.", Look: lookValidation,
	}, []activeCase{{"long", accepted}, {"comma", accepted}}},
	{Rule{
		ID: "SND-26", Title: "a messageId is shown once", Level: Inferred, Severity: Note, Needs: ByProbe, Source: expected,
		Statement: "A CHAT that is sent twice with one messageId is shown once.", Look: lookDuplicates,
	}, []activeCase{{"shown", one("copy")}}},
	{Rule{
		ID: "SND-27", Title: "an unknown field is no error", Level: Inferred, Severity: Note, Needs: ByProbe, Source: expected,
		Statement: "A CHAT with a field that no page knows is accepted.", Look: lookValidation,
	}, []activeCase{{"unknown field", accepted}}},
	{Rule{
		ID: "SND-28", Title: "malformed JSON is refused", Level: API, Severity: Warning, Needs: ByProbe,
		Source:    "API reference, HTTP 400 (docs/protocol.md section 2.4)",
		Statement: "A body that is not JSON is not answered 0.", Look: lookValidation,
	}, []activeCase{{"malformed", refused}}},
	{Rule{
		ID: "SND-29", Title: "texts pass unchanged", Level: Inferred, Severity: Warning, Needs: ByProbe, Source: expected,
		Statement: "Long, Chinese and odd texts come back from an echo or from the history as they were sent.",
		Look:      "Encodings on the way; filters for links, markup and bad words; trimming.",
	}, []activeCase{{"499 characters", none(changedText)}, {"Chinese", none(changedText)}, {"emoji", none(changedText)}, {"quotes and line breaks", none(changedText)}, {"blanks at both ends", none(changedText)}}},

	{Rule{
		ID: "QUE-21", Title: "the queue knows that a conversation ended", Level: API, Severity: Warning, Needs: ByProbe, Source: apiQueue,
		Statement: "After the end of a conversation queryQueueInfo answers 5, 6 or 160004.", Look: lookShared,
	}, []activeCase{{"after the end", withCode(aicc.CodeEnded, aicc.CodeInvalid, aicc.CodeNoSession)}}},
	{Rule{
		ID: "QUE-22", Title: "nobody queues before CONNECT", Level: API, Severity: Warning, Needs: ByProbe, Source: apiQueue,
		Statement: "Before CONNECT queryQueueInfo is not answered 0.", Look: lookShared,
	}, []activeCase{{"before CONNECT", refused}}},
	{Rule{
		ID: "QUE-23", Title: "queryQueueInfo needs its mandatory fields", Level: API, Severity: Warning, Needs: ByProbe, Source: apiQueue,
		Statement: "queryQueueInfo without userId, channelConfigId or channel is answered 1.", Look: lookValidation,
	}, []activeCase{{"userId", withCodeOr400(aicc.CodeParam)}, {"channelConfigId", withCodeOr400(aicc.CodeParam)}, {"channel", withCodeOr400(aicc.CodeParam)}}},
	{Rule{
		ID: "QUE-24", Title: "queryQueueInfo refuses an invalid token", Level: API, Severity: Warning, Needs: ByProbe, Source: apiQueue,
		Statement: "queryQueueInfo with a user token that was never given out is answered 3, or HTTP 401.", Look: lookGateway,
	}, []activeCase{{"made-up token", badToken}}},
	{Rule{
		ID: "QUE-25", Title: "the queue knows who is with an agent", Level: API, Severity: Failure, Needs: ByProbe, Source: apiQueue,
		Statement: "While the customer is with an agent queryQueueInfo answers 160021.", Look: lookShared,
	}, []activeCase{{"with an agent", withCode(aicc.CodeWithAgent)}}},
	{Rule{
		ID: "QUE-26", Title: "one can leave the queue", Level: Inferred, Severity: Warning, Needs: ByProbe, Source: apiFlow,
		Statement: "DISCONNECT while queueing is answered 0.",
		Look:      "Whether the engine takes a release in this state; agents who are offered customers that have left.",
	}, []activeCase{{"DISCONNECT", accepted}}},

	{Rule{
		ID: "ROB-21", Title: "an answer of the robot can be rated", Level: API, Severity: Warning, Needs: ByProbe, Source: apiFeedback,
		Statement: "feedbacksatisfaction with the interIdx of an answer is answered 0.",
		Look:      "Whether the robot stores what it answered, and for how long.",
	}, []activeCase{{"content", accepted}}},
	{Rule{
		ID: "ROB-22", Title: "a rating that makes no sense is refused", Level: API, Severity: Warning, Needs: ByProbe, Source: apiFeedback,
		Statement: "A bad rating without feedbackContent is answered 30000000008, one without a conversation with the robot 30000000019.",
		Look:      lookValidation,
	}, []activeCase{{"without content", badRating}, {"without a robot", noRobot}}},
	{Rule{
		ID: "ROB-23", Title: "at most five phrases are suggested", Level: API, Severity: Warning, Needs: ByProbe,
		Source:    "API reference, queryPhraseByKeyword (docs/protocol.md E11)",
		Statement: "queryPhraseByKeyword is answered 0 or 1, with at most 5 phrases.",
		Look:      "How the robot's suggestions are set up.",
	}, []activeCase{{"phrases", phrases}}},

	{Rule{
		ID: "HND-21", Title: "one hand-over is enough", Level: API, Severity: Warning, Needs: ByProbe, Source: apiSend,
		Statement: "TRANS2AGENT while with an agent is answered 13, and the conversation goes on.", Look: lookDuplicates,
	}, []activeCase{{"answer", withCode(aicc.CodeFailed)}, {"goes on", accepted}}},
	{Rule{
		ID: "HND-22", Title: "the keyword hands over", Level: API, Severity: Failure, Needs: ByProbe,
		Source:    "guide of the web client: hand-over by keyword (docs/protocol.md section 6.3)",
		Statement: "The configured keyword, typed as CHAT, hands over to an agent or the queue.",
		Look:      "The keywords in the channel's set-up; whether the robot's flow takes the text first.",
	}, []activeCase{{"hands over", some("sign of an agent or the queue")}}},

	{Rule{
		ID: "DSC-21", Title: "DISCONNECT is answered 0", Level: API, Severity: Failure, Needs: ByProbe, Source: apiSend,
		Statement: "DISCONNECT in a running conversation is answered 0.",
		Look:      "The platform's log of releases that failed; agents who stay busy.",
	}, []activeCase{{"in a conversation", accepted}}},
	{Rule{
		ID: "DSC-22", Title: "a second DISCONNECT is no server error", Level: Inferred, Severity: Note, Needs: ByProbe, Source: expected,
		Statement: "DISCONNECT after the end is not answered HTTP 500.", Look: lookValidation,
	}, []activeCase{{"second", noServerError}}},
	{Rule{
		ID: "DSC-23", Title: "nothing is said after the customer's DISCONNECT", Level: Inferred, Severity: Warning, Needs: ByProbe, Source: expected,
		Statement: "After the customer's DISCONNECT was answered 0 nothing more is said by robot or agent.",
		Look:      "Whether robot and agent are told of the end.",
	}, []activeCase{{"silence", none("message of robot or agent")}}},

	{Rule{
		ID: "MED-21", Title: "a wrong upload is refused by its code", Level: API, Severity: Warning, Needs: ByProbe, Source: apiUpload,
		Statement: "An upload without a mandatory field is answered 2, one of a type that is not listed 3 or 13.", Look: lookValidation,
	}, []activeCase{
		{"fileType", withCodeOr400(aicc.CodeMissing)}, {"fileStream", withCodeOr400(aicc.CodeMissing)}, {"channel", withCodeOr400(aicc.CodeMissing)},
		{"wrong type", withCodeOr400(aicc.CodeWrong, aicc.CodeFailed)},
	}},
	{Rule{
		ID: "MED-22", Title: "a file that is not there is no server error", Level: API, Severity: Warning, Needs: ByProbe, Source: apiDownload,
		Statement: "A download of an unknown file, or with a type that is not listed, is refused without HTTP 500.", Look: lookValidation,
	}, []activeCase{{"unknown file", refusedCleanly}, {"unlisted type", refusedCleanly}}},
	{Rule{
		ID: "MED-23", Title: "a file stays the same", Level: Inferred, Severity: Warning, Needs: ByProbe, Source: expected,
		Statement: "Downloading a file twice gives the same bytes.",
		Look:      "Caches and conversions of media.",
	}, []activeCase{{"twice", none("difference")}}},
	{Rule{
		ID: "MED-24", Title: "files belong to their user", Level: Inferred, Severity: Note, Needs: ByProbe, Source: expected,
		Statement: "A file that was sent to one user cannot be downloaded by another.", Look: lookShared,
	}, []activeCase{{"another user", refused}}},
	{Rule{
		ID: "MED-25", Title: "an uploaded picture can be sent", Level: API, Severity: Failure, Needs: ByProbe, Source: apiUpload,
		Statement: "A small picture can be uploaded, and sent with the objectKey that comes back.",
		Look:      "The file service behind upload; the version of the interface, which decides about a suffix.",
	}, []activeCase{{"upload", accepted}, {"send", accepted}}},

	{Rule{
		ID: "HIS-21", Title: "the history is complete", Level: API, Severity: Warning, Needs: ByProbe, Source: apiHistory,
		Statement: "The history has every accepted CHAT and every delivered CHAT of an agent once.",
		Look:      "How long messages take into the archive; what else is kept from it.",
	}, []activeCase{{"the customer's", none(strayedText)}, {"the agent's", none(strayedText)}}},
	{Rule{
		ID: "HIS-22", Title: "history and poll agree", Level: Inferred, Severity: Note, Needs: ByProbe, Source: expected,
		Statement: "Order and times of an agent's messages are in the history what they are in poll.",
		Look:      "Time zones and clocks of the archive.",
	}, []activeCase{{"order", none("message out of order")}, {"times", none("time that differs")}}},

	{Rule{
		ID: "SRV-21", Title: "a survey takes 1 to 5", Level: API, Severity: Warning, Needs: ByProbe,
		Source:    "API reference, saveSatisfaction (docs/protocol.md E13)",
		Statement: "saveSatisfaction with evaluation 1 to 5 is answered 0, with 0 or 6 it is not.", Look: lookValidation,
	}, []activeCase{{"1", accepted}, {"2", accepted}, {"3", accepted}, {"4", accepted}, {"5", accepted}, {"0", refused}, {"6", refused}}},
	{Rule{
		ID: "SRV-22", Title: "the survey is described as documented", Level: API, Severity: Warning, Needs: ByProbe,
		Source:    "API reference, getSatisfactionSurveyMode (docs/protocol.md E12)",
		Statement: "The survey's mode is WEB or NO, and the keys of its levels are 1 to 5.",
		Look:      "The survey in the channel's set-up.",
	}, []activeCase{{"mode", survey}}},
	{Rule{
		ID: "LEA-21", Title: "a message can be left", Level: API, Severity: Warning, Needs: ByProbe,
		Source:    "API reference, doLeaveMessage (docs/protocol.md E10)",
		Statement: "Leaving a message is answered 0, leaving an empty one 2, 3 or 13.", Look: lookValidation,
	}, []activeCase{{"complete", accepted}, {"empty", withCodeOr400(aicc.CodeMissing, aicc.CodeWrong, aicc.CodeFailed)}}},
	{Rule{
		ID: "TLS-21", Title: "TLS older than 1.2 is refused", Level: API, Severity: Warning, Needs: ByProbe,
		Source:    "API reference, transport (docs/protocol.md section 2.1)",
		Statement: "A handshake that offers nothing newer than TLS 1.1 fails.",
		Look:      "The lowest version in the gateway or load balancer in front of the platform.",
	}, []activeCase{{"TLS 1.1", none("handshake that succeeds")}}},
}
