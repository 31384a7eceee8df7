// Package trace is the spine of a run: the event, and the file that events are kept in.
//
// The simulator emits events and knows nothing of rules or percentiles; the checker and the meters
// read events and nothing else. So a live run and a recorded one are judged by the same code.
package trace

import (
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
)

// Kind says what an event tells.
type Kind uint8

// The kinds of event. The events of one customer are totally ordered; there is no order between
// customers but their times.
const (
	None    Kind = iota
	Begin        // a conversation (epoch) is about to start: Flow
	Invoke       // an exchange is about to be written
	Return       // its outcome; exactly one for each Invoke
	Deliver      // one element of downlinkMessages of the poll that has just returned ok, in array order
	Step         // a step of the flow ended: Flow, Name, Missed
	Journal      // what the tenant's own record says of the conversation: Record
	End          // the conversation is over for the customer: Ended
	Probe        // one case of an active rule was asked for: Name, Ask, what came back, or Skip
	Stop         // the run was cut short from here on, for all customers: Ended; Customer is -1
	finish       // the last line of a file, which Read keeps to itself
)

var kindNames = [...]string{"none", "begin", "invoke", "return", "deliver", "step", "journal", "end", "probe", "stop", "finish"}

// String is the name used in trace files.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "none"
}

// Ended says how a conversation ended for the customer.
type Ended string

// The ends of a conversation.
const (
	ByCustomer  Ended = "customer"   // the flow came to its end and the customer hung up
	ByPeer      Ended = "peer"       // a DISCONNECT that the demo's branch order reaches was delivered
	GaveUp      Ended = "gave-up"    // an expectation was not met and the customer hung up
	NoConnect   Ended = "no-connect" // CONNECT was refused; the customer left a message
	NoToken     Ended = "no-token"   // no application or user token could be had
	LostContact Ended = "lost"       // an exchange the conversation depends on failed
	CutShort    Ended = "cut"        // the run was stopped, or its drain time was over
)

// The ends of a run, in Stop events and in the last line of a file.
const (
	Whole       Ended = "whole"       // it was played to its end
	Interrupted Ended = "interrupted" // by the user
	Aborted     Ended = "aborted"     // because a gate had failed for good
	Gone        Ended = "gone"        // the tenant went away
	Broken      Ended = "broken"      // chatbench itself failed
)

// known reports whether an event of a kind may end so. "" stands for what was not told.
func (d Ended) known(k Kind) bool {
	switch d {
	case "":
		return true
	case Whole:
		return k == finish
	case Interrupted, Aborted, Gone, Broken:
		return k == finish || k == Stop
	case ByCustomer, ByPeer, GaveUp, NoConnect, NoToken, LostContact, CutShort:
		return k == End
	}
	return false
}

// Event is one thing a customer did or saw. Which fields are set depends on Kind; the comments
// name the kinds. An event is only valid during the call that hands it over: its owner reuses it.
type Event struct {
	Kind     Kind
	At       time.Duration // since the start of the run, on the run's monotonic clock
	Customer int           // index in the run, from 0
	Epoch    int           // conversation of this customer, from 0

	// Invoke, Return; Deliver names its poll here. ID counts the customer's exchanges from 1.
	ID uint32
	Op aicc.Op

	// Invoke
	Intended time.Duration // when the schedule wanted it; equal to At where there is no schedule
	Late     time.Duration // by how much the generator itself was late; the tenant has no part in it
	Probe    bool          // a declared probe: an exchange the demo flow would not make
	Fresh    bool          // both tokens were within the life they were granted; on the Return, still are
	Token    int           // number of the user token it carried, see [Tokens]; Tokenless for none, 0 where nobody knows
	NoAccess bool          // it carried no application token
	Async    bool          // a use of sendAsync, whose 0 says nothing; [Setup.Async] says so for all
	Seq      int           // OpConnect, OpSend, OpTransfer: sequence number in the marker, or -1
	Chars    int           // OpSend: characters of a text, with its marker; 0 for media
	Bytes    int           // OpSend: the same in bytes
	FileID   string        // OpDownload; on the Return of OpUpload, the object key
	Local    bool          // OpDownload: a file on the agent's computer
	Asked    int           // OpToken: wanted life in seconds

	// Return; Op, Intended and the rest of the Invoke are repeated
	Started  time.Duration // the Invoke's At
	Class    aicc.Class
	Status   int           // HTTP status, 0 when no answer came
	Code     string        // result code, if any
	Shape    string        // what is wrong with the shape of a complete 200 answer, or ""
	Error    string        // why there was no answer, or ""
	Dial     time.Duration // time spent opening the connection, which is before Started; on the Invoke as well
	Count    int           // OpPoll: messages in the answer
	Position int           // OpQueue
	Estimate int           // OpQueue, seconds
	MaxWait  int           // OpQueue, seconds; 0 when there was none
	Grant    *Grant        // OpToken: what came with the token
	NewToken bool          // the answer carried a replacement token
	Got      int           // number of the user token that came: of OpApply, and with NewToken; 0 where nobody knows
	NoBody   bool          // the answer was read by the client, but its body was not kept: class info and no shape
	File     *File         // OpUpload, OpDownload: what was sent or received

	// Deliver
	Index   int            // place in the array, from 0
	Message *aicc.Downlink // never nil
	Mark    marker.Marker
	Marked  marker.Status

	// Begin, Step
	User   string // Begin: userId
	Midway bool   // Begin: what came before was not seen; CONNECT was answered 0, for all that is known
	Flow   string
	Name   string // Step: what the step is, such as "3 expect agent"
	Missed bool   // Step: an expectation was not met

	Record *Record // Journal
	Ended  Ended   // End: of the conversation; Stop: of the run

	// Probe; Name is the case, such as "TOK-21 upload". Started, Op, Class, Status, Code, Shape and
	// Error are those of the call that decides it, Count what was counted.
	Ask  string // what was asked for, in words
	Note string // what else was seen, in words; with Skip, why
	Skip Skip   // the case could not be looked at; "" when it was
}

// Skip says why a case of an active rule could not be looked at.
type Skip string

// The reasons.
const (
	Lacking Skip = "lacking" // the tenant does not have what it takes
	Unset   Skip = "unset"   // the situation could not be brought about this time
)

// Grant is what an answer of tokenByAkSk says of the token in it.
type Grant struct {
	Type    string `json:"type,omitempty"`
	Seconds int    `json:"seconds,omitempty"` // of life; 0 when it was missing or not a number
}

// File describes the bytes of a media file.
type File struct {
	ID      string `json:"id,omitempty"`
	Kind    string `json:"kind,omitempty"` // what the first bytes say it is: jpg, png, mp3, mp4, ... or ""
	Want    string `json:"want,omitempty"` // what it was announced as
	Size    int    `json:"size"`           // bytes, decoded
	SHA256  string `json:"sha256,omitempty"`
	BadBase bool   `json:"badBase64,omitempty"` // the Base64 could not be decoded
}

// Record is a tenant's own account of one conversation: what its robot and agents said, what it
// still holds, how the conversation ended. The embedded tenant keeps one; a real tenant does not.
type Record struct {
	User      string   `json:"user"`
	Epoch     int      `json:"epoch"` // of the customer, read from the CONNECT's marker; -1 without one
	CallID    string   `json:"callId,omitempty"`
	Senders   []Said   `json:"senders,omitempty"`
	Heard     int      `json:"heard"`                 // customer messages accepted (CHAT)
	Shown     [][2]int `json:"shown,omitempty"`       // marked texts as the other side got them: runs of rising numbers, first to last
	Garbled   int      `json:"garbled,omitempty"`     // texts whose marker did not fit any more
	Quiet     int64    `json:"quietMs,omitempty"`     // how long the customer had said nothing when it ended
	Ended     string   `json:"ended,omitempty"`       // customer, agent, silence, release, shutdown; "" while it runs
	HungUp    bool     `json:"hungUp"`                // the peer or the platform ended it, so a DISCONNECT is owed
	HungUpAgo int64    `json:"hungUpAgoMs,omitempty"` // how long before the record was taken the hang-up happened
	Owed      bool     `json:"owed"`                  // that DISCONNECT is still waiting to be polled
	Files     []File   `json:"files,omitempty"`       // media the peer sent, as they are on the tenant
	Uploads   []File   `json:"uploads,omitempty"`     // media the customer sent, as the tenant received them
	Faults    []string `json:"faults,omitempty"`      // mutants that were applied to this conversation

	Evaluation int `json:"evaluation,omitempty"` // the customer's latest answer to the survey, 1 to 5
}

// Said counts the marked messages of one sender.
type Said struct {
	Sender  marker.Sender `json:"sender"`
	Count   int           `json:"count"`             // said: sequence numbers 0 to Count-1
	Waiting int           `json:"waiting,omitempty"` // of these, not yet handed to a poll
}
