package scenario

import "time"

// Tenant is the set-up of the embedded tenant. Every field that decides something the vendor's
// documents leave open (docs/protocol.md, choice points) is a named switch here, with the default
// given there; the zero value is not usable, see DefaultTenant.
type Tenant struct {
	Robot  *Robot // nil: the channel has no robot
	Agents Agents
	Queue  Queue

	Speech Speech // what robot and agents put into their texts

	// Tokens.
	Channel       string
	AppKey        string
	AppSecret     string
	AppTokenLife  time.Duration // when the client asks for none
	UserTokenLife time.Duration
	Renewal       Renewal // what happens to an expired user token in a conversation

	// Polling.
	PollHold    time.Duration // 0: a short poll, answered at once
	PollBatch   int           // most messages in one answer; 0: all that wait
	SecondPoll  SecondPoll
	PollOutside string // result code of a poll outside a conversation, "0" with an empty list by default

	// The conversation.
	NoConversation    string // result code of CHAT, TRANS2AGENT and DISCONNECT without one
	SecondConnect     string // result code of CONNECT during one
	DisconnectEcho    bool   // a DISCONNECT comes back to the customer who sent one
	DropDuplicateSend bool   // a messageId seen before is accepted and not shown again
	SilenceAfter      time.Duration
	SilenceAsync      bool          // asynchronous mode: the time-out DISCONNECT says isOfflineStatus true and has a text
	SessionTimeout    time.Duration // without a poll the conversation is released; 0: never
	Hours             Hours
	TextLimit         int
	Notices           bool // a message of the system says that an agent is there
	TextLimitBytes    bool // the limit counts bytes instead of characters
	KeywordAnywhere   bool // a hand-over keyword counts inside a longer text too

	// What the customer can ask for beside the conversation.
	History      bool // queryHistoryChatMessage has something to tell; costs memory for each customer
	HistoryRobot bool // the robot's messages too
	Survey       bool // the channel has a survey at the end

	// Media.
	UploadLimit      int64 // bytes, pictures, files and audio
	UploadLimitVideo int64
	DownloadLimit    int64

	// Flow control: more than so many calls a second of one user are refused; 0: off.
	FlowControl     int
	FlowControl429  bool // with HTTP 429 instead of result code 10010000002
	ReplyDelay      Dist // time every call but poll takes to be served
	NumberCodes     bool // resultCode is a JSON number
	TextTimestamps  bool // timestamp is a JSON string
	NullFields      bool // fields without a value are null instead of left out
	BareToken       bool // applyToken answers the token alone
	Chunked         bool // answers are chunked
	Gzip            bool // answers are compressed when the client accepts it
	CloseAfterReply bool // one exchange per connection
	MessageCodes    bool // downlink messages carry a messageCode
	ExtraFields     bool // answers and messages have a field that no document knows

	CoarseTimestamps time.Duration // timestamps are multiples of it; 0: of a millisecond

	Mutants []string // faults, as "name", "name:n" or "name:every=n"; see chatbench tenant --help
}

// Robot is what answers first.
type Robot struct {
	Reply    Dist     // from hearing to saying
	Messages [2]int   // how many messages one answer has, drawn evenly from..to
	Welcome  string   // "" for none
	Keywords []string // texts that hand over to a human
}

// Agents are the humans.
type Agents struct {
	Count         int
	Conversations int  // of one agent at the same time, 1 to 60
	PickUp        Dist // from being assigned to the first word
	Reply         Dist
	Messages      [2]int // messages per answer, drawn evenly from..to
	// Chats is how many customer messages an agent answers before hanging up, drawn evenly
	// from..to; {0, 0} means that agents never hang up.
	Chats [2]int
	// HangUp is the pause between the last answer and the hang-up.
	HangUp Dist
	Media  Media
}

// Media is what agents send beside text.
type Media struct {
	Image, Audio, Video float64 // share of answers followed by one, 0 to 1
	Document, Location  float64
	LocationJSON        bool    // a location is a JSON object instead of a list with commas
	Local               float64 // share of the files that come from the agent's own computer
	Size                int64   // about so many bytes each; 0: the smallest valid file
}

// Queue is the skill queue.
type Queue struct {
	Limit   int           // most customers waiting; beyond it the hand-over fails with 13
	MaxWait time.Duration // after which the platform hangs up; 0: never
}

// Hours are the working hours of the agents, in the tenant's local time of day. The zero value is
// always open.
type Hours struct {
	Open, Close time.Duration // since midnight; Close before Open means over midnight
	Never       bool          // always closed
}

// Contain reports whether the agents work at a time of day, given since midnight.
func (h Hours) Contain(timeOfDay time.Duration) bool {
	switch {
	case h.Never:
		return false
	case h.Open == h.Close:
		return true
	case h.Open < h.Close:
		return h.Open <= timeOfDay && timeOfDay < h.Close
	}
	return timeOfDay >= h.Open || timeOfDay < h.Close
}

// Speech is what the texts of robot and agents look like.
type Speech uint8

// The kinds of speech.
const (
	Marked Speech = iota // with a marker of their own when the customer's text had one
	Echo                 // they repeat what the customer said
	Plain                // ordinary text
)

// Renewal is what happens when a user token expires during a conversation.
type Renewal uint8

// The ways to renew.
const (
	Replace Renewal = iota // the call is served and its answer carries a new token in the header
	Refuse                 // HTTP 401
)

// SecondPoll is what happens to a poll while another one of the same user is held.
type SecondPoll uint8

// The ways to treat it.
const (
	TakeOver    SecondPoll = iota // the held one is answered empty at once, the new one is held
	EmptyAtOnce                   // the new one is answered empty at once
)

// DefaultTenant is the embedded tenant as it is without a tenant section: robot first, agents
// enough for a small run, everything the documents leave open as docs/protocol.md proposes.
func DefaultTenant() Tenant {
	return Tenant{
		Robot:  &Robot{Reply: Dist{A: 20 * time.Millisecond, B: 80 * time.Millisecond}, Messages: [2]int{1, 1}, Welcome: "Hello, what can I do for you?", Keywords: []string{"human"}},
		Agents: Agents{Count: 50, Conversations: 5, PickUp: Dist{A: 200 * time.Millisecond, B: time.Second}, Reply: Dist{A: 200 * time.Millisecond, B: 2 * time.Second}, Messages: [2]int{1, 1}},
		Queue:  Queue{Limit: 10000},

		Channel: "2025010112345678", AppKey: "chatbench", AppSecret: "embedded-tenant",
		AppTokenLife: 600 * time.Second, UserTokenLife: time.Hour,

		PollHold: 5 * time.Second, PollOutside: "0",

		NoConversation: "13", SecondConnect: "0", DropDuplicateSend: true,
		SessionTimeout: 60 * time.Second, Notices: true, TextLimit: 1024, Survey: true,

		UploadLimit: 2 << 20, UploadLimitVideo: 4 << 20, DownloadLimit: 2 << 20,
	}
}
