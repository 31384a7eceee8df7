package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/lang"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// Of a long story the first lines are shown and the last, which tell of the violation.
const (
	storyHead = 40
	storyTail = 160
)

// Violation is a broken rule with the events of one customer that show it.
type Violation struct {
	Rule   string // its id
	Seen   *check.Witness
	Events []trace.Event
}

// Story writes events of one customer as lines that a person can follow, with the violation that
// they show in front. The line at which it was complete is marked. Texts that came from a tenant are
// printed without control characters. The error is that of w.
func Story(w io.Writer, say *lang.Printer, v Violation) error {
	p, events := printer{opt: TextOptions{Width: 100}, say: say}, v.Events
	p.wrapped("", v.Rule+"  ", say.T(v.Seen.Sentence))
	p.out.WriteByte('\n')
	t := table{indent: "  ", right: []bool{false, true}}
	complete := completed(v.Seen, events)
	for i := range events {
		if skip := len(events) - storyHead - storyTail; skip > 0 && i >= storyHead && i < storyHead+skip {
			if i == storyHead {
				t.row("", "", say.Sprintf("... %s not shown ...", say.Count(int64(skip), "event")))
			}
			continue
		}
		mark, indent := "", ""
		if i == complete {
			mark = ">"
		}
		if events[i].Kind == trace.Deliver {
			indent = "  "
		}
		t.row(mark, moment(events[i].At), indent+phrase(eventWords(say, &events[i])))
	}
	t.writeTo(&p.out)
	_, err := w.Write(p.out.Bytes())
	return err
}

// completed is the last event at the moment of the witness's last one, or -1.
func completed(seen *check.Witness, events []trace.Event) int {
	at := -1
	if len(seen.Events) == 0 {
		return at
	}
	for i := range events {
		if events[i].At == seen.Events[len(seen.Events)-1].At {
			at = i
		}
	}
	return at
}

// eventWords tells one event.
func eventWords(say *lang.Printer, e *trace.Event) string {
	switch e.Kind {
	case trace.Begin:
		return say.Sprintf("conversation %d begins, flow %s", e.Epoch, e.Flow)
	case trace.Invoke:
		return say.Sprintf("%s sent", exchangeWords(say, e))
	case trace.Return:
		return say.Sprintf("%s answered: %s", exchangeWords(say, e), answerWords(say, e))
	case trace.Deliver:
		return fmt.Sprintf("%d. %s", e.Index+1, messageWords(say, e))
	case trace.Step:
		if e.Missed {
			return say.Sprintf("step %s missed", e.Name)
		}
		return say.Sprintf("step %s done", e.Name)
	case trace.Journal:
		return say.Sprintf("the tenant's record: %s", recordWords(say, e.Record))
	case trace.End:
		return say.Sprintf("conversation %d ends: %s", e.Epoch, e.Ended)
	}
	return e.Kind.String()
}

// exchangeWords names an exchange, with what the customer put into it.
func exchangeWords(say *lang.Printer, e *trace.Event) string {
	s := fmt.Sprintf("%s %d", e.Op, e.ID)
	if e.Probe {
		s = say.Sprintf("declared probe, %s", s)
	}
	if e.FileID != "" {
		s = say.Sprintf("%s of file %s", s, e.FileID)
	}
	if e.Seq >= 0 && (e.Op == aicc.OpConnect || e.Op == aicc.OpSend || e.Op == aicc.OpTransfer) {
		s += say.Sprintf(" (customer's message %d)", e.Seq)
	}
	return s
}

func answerWords(say *lang.Printer, e *trace.Event) string {
	words := []string{e.Class.String()}
	add := func(told bool, format string, args ...any) {
		if told {
			words = append(words, say.Sprintf(format, args...))
		}
	}
	add(e.Status != 0, "HTTP %d", e.Status)
	add(e.Code != "", "code %s", e.Code)
	add(e.Shape != "", "wrong shape: %s", e.Shape)
	add(e.Error != "", "%s", e.Error)
	add(e.Op == aicc.OpPoll && e.Class == aicc.OK, "%s", say.Count(int64(e.Count), "message"))
	add(e.File != nil && e.Op == aicc.OpDownload, "%s", fileWords(say, e.File))
	add(e.At > e.Started, "after %v", (e.At - e.Started).Round(time.Millisecond))
	return strings.Join(words, ", ")
}

func fileWords(say *lang.Printer, f *trace.File) string {
	if f == nil {
		return ""
	}
	if f.BadBase {
		return say.T("damaged Base64")
	}
	return strings.TrimSpace(size(float64(f.Size)) + " " + f.Kind)
}

// messageWords tells one message: who it is from, what it is, and what it says.
func messageWords(say *lang.Printer, e *trace.Event) string {
	m := e.Message
	words := []string{strings.Join(strings.Fields(m.SourceType+" "+m.ControlType+" "+m.MediaType), " ")}
	text := m.Content
	switch e.Marked {
	case marker.Intact:
		_, text, _ = marker.Parse(m.Content)
		words = append(words, say.Sprintf("message %d of %s to customer %d in conversation %d", e.Mark.Seq, say.T(senders[e.Mark.Sender]), e.Mark.Session, e.Mark.Epoch))
	case marker.Damaged:
		words = append(words, say.T("its marker damaged"))
	}
	if text != "" {
		words = append(words, `"`+capped(text, 60, "…")+`"`)
	}
	return strings.Join(words, ", ")
}

// senders are the words for who marked a text.
var senders = map[marker.Sender]string{
	marker.Customer: "the customer", marker.Robot: "the robot", marker.Agent: "the agent", marker.System: "the system",
}

func recordWords(say *lang.Printer, r *trace.Record) string {
	var words []string
	for _, s := range r.Senders {
		said := say.Sprintf("%s said %d", say.T(senders[s.Sender]), s.Count)
		if s.Waiting > 0 {
			said += say.Sprintf(", %d of them waiting", s.Waiting)
		}
		words = append(words, said)
	}
	if r.HungUp {
		words = append(words, say.T("the other side hung up"))
	}
	if len(r.Files) > 0 {
		words = append(words, say.Sprintf("%s sent", say.Count(int64(len(r.Files)), "file")))
	}
	if len(words) == 0 {
		return say.T("nothing was said")
	}
	return strings.Join(words, "; ")
}
