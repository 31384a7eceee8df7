package trace

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
)

// Version is the version of the trace format that this package writes.
const Version = 1

// Header is the first line of a trace file: what a reader must know to judge the events.
type Header struct {
	Format   string        `json:"format"` // "chatbench.trace"
	Version  int           `json:"version"`
	Tool     string        `json:"tool"`
	Run      uint64        `json:"run"` // marker run id
	Scenario string        `json:"scenario"`
	Hash     string        `json:"hash,omitempty"`
	Seed     uint64        `json:"seed"`
	Start    time.Time     `json:"start"`
	Markers  bool          `json:"markers"`
	Journal  bool          `json:"journal"`
	Pause    time.Duration `json:"pauseNs"`
	Hold     time.Duration `json:"holdNs"`
	Setup    Setup         `json:"setup,omitzero"`
	Sample   float64       `json:"sample"`            // share of the customers that were recorded, 0 to 1; 0 with a policy
	Policy   string        `json:"policy,omitempty"`  // what else decided who was recorded: "failing", "minimized"
	Off      []string      `json:"off,omitempty"`     // rules that were not checked
	On       []string      `json:"on,omitempty"`      // rules that were, though they are off unless asked for
	Foreign  bool          `json:"foreign,omitempty"` // the customers are clients that are judged, not chatbench's own
}

// Setup is what is known of how the tenant is set up. It comes from the embedded tenant's
// configuration or from the scenario; what is not known is left out.
type Setup struct {
	Channel   string         `json:"channel,omitempty"`     // configuration id of the web channel
	Robot     *bool          `json:"robot,omitempty"`       // whether the channel has a robot
	Hold      *time.Duration `json:"holdNs,omitempty"`      // how long a poll is held; 0: not at all
	Silence   time.Duration  `json:"silenceNs,omitempty"`   // customer-silence interval
	TokenLife time.Duration  `json:"tokenLifeNs,omitempty"` // of a user token, when not the documented hour
	Read      bool           `json:"read,omitempty"`        // the customers ask for read receipts
	Async     bool           `json:"async,omitempty"`       // they use sendAsync, whose 0 says nothing (docs/protocol.md E04)
}

// Partial reports whether the trace leaves customers or events out, so that what it does not show
// may have been all the same.
func (h *Header) Partial() bool { return h.Sample < 1 || h.Policy != "" }

// The values of [Header.Policy].
const (
	Failing   = "failing"   // customers for whom a rule failed or an expectation was missed
	Minimized = "minimized" // the events of one customer that suffice to break a rule
)

const format = "chatbench.trace"

// line is an event as it stands in the file. Times are nanoseconds since the start of the run, and
// what an event does not have is left out. It is read by encoding/json and written by [appendEvent];
// a test fills every field to see that the two agree.
type line struct {
	Kind     string        `json:"k"`
	At       time.Duration `json:"t"`
	Customer int           `json:"c"`
	Epoch    int           `json:"e"`
	ID       uint32        `json:"id,omitempty"`
	Op       string        `json:"op,omitempty"`
	Intended time.Duration `json:"intended,omitempty"`
	Late     time.Duration `json:"late,omitempty"`
	Probe    bool          `json:"probe,omitempty"`
	Fresh    bool          `json:"fresh,omitempty"`
	Token    int           `json:"token,omitempty"`
	NoAccess bool          `json:"noAccess,omitempty"`
	Async    bool          `json:"async,omitempty"`
	Seq      *int          `json:"seq,omitempty"`
	Chars    int           `json:"chars,omitempty"`
	Bytes    int           `json:"bytes,omitempty"`
	Asked    int           `json:"asked,omitempty"`
	FileID   string        `json:"fileId,omitempty"`
	Local    bool          `json:"local,omitempty"`
	Started  time.Duration `json:"started,omitempty"`
	Class    string        `json:"class,omitempty"`
	Status   int           `json:"status,omitempty"`
	Code     string        `json:"code,omitempty"`
	Shape    string        `json:"shape,omitempty"`
	Error    string        `json:"error,omitempty"`
	Dial     time.Duration `json:"dial,omitempty"`
	Count    int           `json:"n,omitempty"`
	Position int           `json:"position,omitempty"`
	Estimate int           `json:"estimate,omitempty"`
	MaxWait  int           `json:"maxWait,omitempty"`
	Grant    *Grant        `json:"grant,omitempty"`
	NewToken bool          `json:"newToken,omitempty"`
	Got      int           `json:"got,omitempty"`
	NoBody   bool          `json:"noBody,omitempty"`
	File     *File         `json:"file,omitempty"`
	Index    int           `json:"i,omitempty"`
	Message  *message      `json:"m,omitempty"`
	User     string        `json:"user,omitempty"`
	Midway   bool          `json:"midway,omitempty"`
	Flow     string        `json:"flow,omitempty"`
	Name     string        `json:"step,omitempty"`
	Missed   bool          `json:"missed,omitempty"`
	Record   *Record       `json:"journal,omitempty"`
	Ended    Ended         `json:"ended,omitempty"`
	Ask      string        `json:"ask,omitempty"`
	Note     string        `json:"note,omitempty"`
	Skip     Skip          `json:"skip,omitempty"`
}

// message keeps the difference between an empty content and none.
type message struct {
	aicc.Downlink
	Null bool `json:"nullContent,omitempty"`
}

func (l *line) event() (Event, error) {
	e := Event{Kind: parseKind(l.Kind), At: l.At, Customer: l.Customer, Epoch: l.Epoch, ID: l.ID, Op: aicc.ParseOp(l.Op),
		Intended: l.Intended, Late: l.Late, Probe: l.Probe, Fresh: l.Fresh, Token: l.Token, NoAccess: l.NoAccess, Async: l.Async,
		Seq: -1, FileID: l.FileID, Local: l.Local,
		Chars: l.Chars, Bytes: l.Bytes, Asked: l.Asked, MaxWait: l.MaxWait, Grant: l.Grant, User: l.User,
		Started: l.Started, Class: aicc.ParseClass(l.Class), Status: l.Status, Code: l.Code, Shape: l.Shape, Error: l.Error,
		Dial: l.Dial, Count: l.Count, Position: l.Position, Estimate: l.Estimate, NewToken: l.NewToken, Got: l.Got, NoBody: l.NoBody, File: l.File,
		Index: l.Index, Midway: l.Midway, Flow: l.Flow, Name: l.Name, Missed: l.Missed, Record: l.Record, Ended: l.Ended,
		Ask: l.Ask, Note: l.Note, Skip: l.Skip}
	if err := l.unknown(&e); err != nil {
		return e, err
	}
	if l.Seq != nil {
		e.Seq = *l.Seq
	}
	if l.Message != nil {
		e.Message = &l.Message.Downlink
		e.Message.NullContent = l.Message.Null
		e.Mark, _, e.Marked = marker.Parse(e.Message.Content)
	}
	if e.Kind == Deliver && e.Message == nil || e.Kind == Journal && e.Record == nil {
		return e, fmt.Errorf("%s event without its content", l.Kind)
	}
	return e, nil
}

// unknown names the first word that this version does not know: to take it for none would change
// what the event says.
func (l *line) unknown(e *Event) error {
	switch {
	case e.Kind == None:
		return fmt.Errorf("event of unknown kind %.20q", l.Kind)
	case e.Op == aicc.OpNone && l.Op != "":
		return fmt.Errorf("%s event of unknown op %.20q", l.Kind, l.Op)
	case l.Class != "" && l.Class != e.Class.String():
		return fmt.Errorf("%s event of unknown class %.20q", l.Kind, l.Class)
	case !l.Ended.known(e.Kind):
		return fmt.Errorf("%s event of unknown ended %.20q", l.Kind, l.Ended)
	}
	return nil
}

func parseKind(s string) Kind {
	for i, n := range kindNames {
		if n == s {
			return Kind(i)
		}
	}
	return None
}

// Errors of files that are not a trace, or not one this version reads.
var (
	ErrNotATrace = errors.New("not a chatbench trace")
	ErrVersion   = errors.New("trace of another version")
)

// maxLine bounds a line of a trace; a message is at most some kilobytes.
const maxLine = 4 << 20

// Read gives the header of a trace to begin and then its events to observe, in the order of the
// file; begin may be nil. A file that ends in the middle, as one does after a crash, is read up to
// its last whole line; truncated tells so, also where only the line is missing with which Close
// ends a file. Errors name the line. An error of observe ends the reading.
func Read(r io.Reader, begin func(Header), observe func(*Event) error) (h Header, truncated bool, err error) {
	r, err = unzipped(r)
	if err != nil {
		return h, false, err
	}
	in := reader{lines: bufio.NewScanner(r), begin: begin, observe: observe}
	in.lines.Buffer(make([]byte, 64<<10), maxLine)
	if err := in.read(); err != nil {
		return in.h, false, err
	}
	return in.h, in.cut || !in.finished, nil
}

// reader is a trace that is being read.
type reader struct {
	lines    *bufio.Scanner
	begin    func(Header)
	observe  func(*Event) error
	h        Header
	n        int  // lines read
	finished bool // the last line was read
	cut      bool // the file ends in the middle
}

// read reads to the end. That the file was cut is no error.
func (in *reader) read() error {
	for in.lines.Scan() {
		in.n++
		if in.n == 1 {
			if err := in.header(); err != nil {
				return err
			}
			continue
		}
		if err := in.event(); err != nil {
			return fmt.Errorf("line %d: %w", in.n, err)
		}
	}
	switch err := in.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("line %d: longer than %d MiB", in.n+1, maxLine>>20)
	case in.n == 0:
		return fmt.Errorf("%w: it is empty", ErrNotATrace)
	case errors.Is(err, io.ErrUnexpectedEOF):
		in.cut = true
	case err != nil:
		return fmt.Errorf("line %d: %w", in.n+1, err)
	}
	return nil
}

func (in *reader) header() (err error) {
	if in.h, err = parseHeader(in.lines.Bytes()); err == nil && in.begin != nil {
		in.begin(in.h)
	}
	return err
}

// event reads one line. The last one may be cut in the middle.
func (in *reader) event() error {
	var l line
	data := in.lines.Bytes()
	if err := json.Unmarshal(data, &l); err != nil {
		if unfinished(data) && in.atEnd() {
			in.cut = true
			return nil
		}
		return err
	}
	e, err := l.event()
	switch {
	case err != nil:
		return err
	case in.finished:
		return errors.New("something behind the line that ends the run")
	case e.Kind == finish:
		in.finished = true
		return nil
	}
	return in.observe(&e)
}

// unfinished reports whether the JSON of a line is right as far as it goes.
func unfinished(line []byte) bool {
	var v json.RawMessage
	return errors.Is(json.NewDecoder(bytes.NewReader(line)).Decode(&v), io.ErrUnexpectedEOF)
}

// atEnd reports whether the file ends here, by itself or because it was cut while it was packed.
func (in *reader) atEnd() bool {
	if in.lines.Scan() {
		return false
	}
	err := in.lines.Err()
	return err == nil || errors.Is(err, io.ErrUnexpectedEOF)
}

// unzipped undoes gzip when the data has its magic number, so that an unpacked trace reads too.
func unzipped(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	magic, err := b.Peek(2)
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: it is empty", ErrNotATrace)
	case err != nil:
		return nil, err
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrNotATrace, err)
	}
	return z, nil
}

func parseHeader(b []byte) (Header, error) {
	var h Header
	if err := json.Unmarshal(b, &h); err != nil || h.Format != format {
		return Header{}, fmt.Errorf("%w: it begins with %.40q", ErrNotATrace, b)
	}
	if h.Version != Version {
		return h, fmt.Errorf("%w: it has version %d, this chatbench reads version %d", ErrVersion, h.Version, Version)
	}
	return h, nil
}
