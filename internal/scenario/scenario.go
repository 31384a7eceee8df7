// Package scenario reads a YAML scenario file and turns it into a validated plan: whom to play,
// how many of them when, what they do, which set-up the embedded tenant has.
//
// Everything that can be known to be wrong before the run is found here, all of it at once, with
// file, line, column and what to write instead. The package does no I/O but reading the scenario
// and the files it names, and it neither plays nor judges anything.
package scenario

import "time"

// Scenario is one file, checked and with every default filled in.
type Scenario struct {
	Name  string
	About string
	File  string // as named by the user
	Hash  string // SHA-256 of the file's bytes, hexadecimal

	Target  *Target // nil: the embedded tenant
	Tenant  Tenant  // set-up of the embedded tenant; ignored with a real target
	Load    Load
	Mix     []Share // never empty; shares add up to 1
	Flows   []*Flow // in the order of the file
	Data    *Data   // nil: no data file
	Poll    Poll
	Markers Switch
	Async   bool          // use sendAsync for everything the customer sends
	Between Dist          // pause of a closed-load customer between two conversations
	Probes  float64       // share of conversations with declared probe polls, 0 to 1
	Drain   time.Duration // how long conversations may take to end by themselves when the load is over
	Locale  string
	Seed    uint64 // 0: chosen by the run

	Exercise []Exercise // rules that must have had so many opportunities
	Gate     Gate
}

// Target is the tenant under test. Values come from the scenario, the environment or flags.
type Target struct {
	URL       string // base address: scheme, host, port, and a path prefix if there is one
	Channel   string // configuration id of the web channel
	AppKey    string
	AppSecret string
	CAFile    string // PEM file of extra certificate authorities; the scenario's folder is part of it
	SNI       string // server name, when it differs from the host
	Insecure  bool   // do not verify the certificate
	// What is known of its set-up; rules that need to know lean on it.
	Robot    *bool          // whether the channel has a robot; nil: not known
	PollHold *time.Duration // how long a poll is held, 0: not at all; nil: not known
	Silence  time.Duration  // after how long without a word of the customer it hangs up; 0: not known
}

// Switch is a setting that can be left to the run to decide.
type Switch uint8

// Values of a Switch.
const (
	Auto Switch = iota
	On
	Off
)

// Share is one flow's part of the conversations.
type Share struct {
	Flow  string
	Share float64 // 0 to 1
}

// Poll is how a customer polls. The defaults are the demo client's.
type Poll struct {
	Pause   time.Duration // between an answer and the next poll; 100 ms
	Jitter  time.Duration // added to the pause, uniform from 0; keeps customers from moving in step
	Timeout time.Duration // when a poll counts as lost; well above the tenant's hold time
	Read    bool          // ask for read receipts, and give what customers say a messageId
}

// Load says how many customers there are when. Exactly one of the two models is used.
type Load struct {
	Stages []Stage
	Open   bool // arrivals instead of customers
	// MaxCustomers bounds the customers present at once in the open model; 0: by what the machine
	// can hold. Arrivals beyond it are counted as dropped, never delayed.
	MaxCustomers int
	// Spread is the time over which a jump in the number of customers is staggered.
	Spread time.Duration
}

// Stage is one stretch of the load.
type Stage struct {
	Name      string        // given, or made from the position: "1", "2 warm-up"
	Customers int           // closed: the level at the end of the stage
	Arrivals  float64       // open: arrivals per second at the end of the stage
	Ramp      bool          // the level moves evenly from the previous one ("over"), else it holds ("for")
	Length    time.Duration // more than 0
	Warmup    bool          // left out of the figures
	Poisson   bool          // open: exponential gaps instead of even ones
}

// Flow is the script of a conversation.
type Flow struct {
	Name  string
	Steps []Step
}

// Step is one of Connect, Say, Expect, Think, Handover, Upload, Repeat and HangUp.
type Step interface {
	// Describe is a short name for reports, such as "say" or "expect agent".
	Describe() string
}

// Connect opens the conversation. It must be the first step of a flow.
type Connect struct {
	Text      Template
	TransData Template // business data for the robot's flow
}

// Say sends a text.
type Say struct{ Text Template }

// Handover leaves the robot and asks for a human (TRANS2AGENT).
type Handover struct{ Text Template }

// Think waits.
type Think struct{ Time Dist }

// Upload sends a media file: uploadFileStream, then CHAT with the key.
type Upload struct {
	Kind  string // image, audio, video, file
	File  string // path relative to the scenario, or "" for a small generated file of the kind
	Type  string // fileType on the wire: jpg, png, mp3, mp4, txt ...
	Bytes []byte // content, read while the scenario was validated
}

// Repeat does its steps several times. The variable n counts from 1.
type Repeat struct {
	Min, Max int // drawn evenly; equal for a fixed count
	Steps    []Step
}

// HangUp ends the conversation with DISCONNECT. A flow that ends without one hangs up all the
// same.
type HangUp struct{}

// Expect waits for a message that arrived after the last step that did something (connect, say,
// upload, handover) or after the message that the last expect was met by.
type Expect struct {
	From       string // ROBOT, AGENT, SYSTEM or "" for anyone
	Text       string // content contains this
	Media      string // IMAGE, AUDIO, VIDEO, DOCUMENT, LOCATE: downloaded and verified as the demo does
	Reply      bool   // an answer to what the customer said last
	Disconnect bool   // the other side hangs up
	Queue      bool   // a message with queueFlag
	Within     Dist   // drawn anew each time; at least 1 ms
	Optional   bool   // going on without it is fine and not counted as missed
}

// Describe implements Step.
func (Connect) Describe() string { return "connect" }

// Describe implements Step.
func (Say) Describe() string { return "say" }

// Describe implements Step.
func (Handover) Describe() string { return "handover" }

// Describe implements Step.
func (Think) Describe() string { return "think" }

// Describe implements Step.
func (u Upload) Describe() string { return "upload " + u.Kind }

// Describe implements Step.
func (Repeat) Describe() string { return "repeat" }

// Describe implements Step.
func (HangUp) Describe() string { return "hang up" }

// Describe implements Step.
func (e Expect) Describe() string {
	switch {
	case e.Disconnect:
		return "expect disconnect"
	case e.Reply:
		return "expect reply"
	case e.Queue:
		return "expect queue"
	case e.Media != "":
		return "expect " + e.Media
	case e.From != "":
		return "expect " + e.From
	case e.Text != "":
		return "expect text"
	}
	return "expect anything"
}

// Data is the rows that variables come from.
type Data struct {
	File    string
	Columns []string
	Rows    [][]string
	Pick    Pick
}

// Pick is how a conversation gets its row.
type Pick uint8

// The ways to pick.
const (
	Random     Pick = iota // any row, by the run's seed
	Sequential             // one after the other, by customer and conversation, from the top again at the end
	Unique                 // each customer has a row of its own for the whole run
)

// Exercise demands that a rule had at least so many opportunities.
type Exercise struct {
	Rule    string
	AtLeast int64
	Line    int // in the scenario file; 0: a flag
}

// Gate is what makes a run pass or fail beside the rules.
type Gate struct {
	Strict  bool     // rules of level inferred fail the run instead of warning
	Off     []string // rules that are not checked
	On      []string // rules that are checked although they are off unless asked for; none of Off
	Known   []KnownFailure
	Latency []Limit
	Errors  []Limit
	// MaxMissed is the share of expectations that may be missed, 0 to 1; 0 by default.
	MaxMissed float64
	// MaxLateness is the 99th percentile of the generator's own lateness beyond which the run is
	// INVALID. By default it is 10ms, or a tenth of the tightest limit on a latency if that is less,
	// but never less than 2ms.
	MaxLateness   time.Duration
	LatenessGiven bool // no limit changes MaxLateness, because the scenario or a flag has set it
	// MaxCPU is the share of its processors, 0 to 1, beyond which the generator counts as too slow
	// and the run is INVALID; 0.85 by default. At 1 nobody looks at CPU time.
	MaxCPU float64
	// AbortAfter is how long after the beginning of the load a gate that has failed for good ends the
	// run; 0: never.
	AbortAfter time.Duration
}

// Limit is one threshold, such as "poll.service p95 < 50ms in stage full, at least 1000 samples" or
// "send.failed < 0.1%".
type Limit struct {
	Metric   string
	Quantile float64 // 0.95 for p95; 1 for max; unused for means and error limits
	Mean     bool    // the arithmetic mean, not a quantile
	Below    float64 // seconds for latencies; a share 0 to 1 or a count for errors
	Count    bool    // errors: Below is a count, not a share
	Stage    string  // the one stage it looks at; "": all that are not warm-up
	Samples  int64   // fewer samples fail the gate; 1 by default
	NoData   bool    // no sample at all is fine
	Text     string  // as written
	Line     int     // in the scenario file; 0: a flag
}
