package probe

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
	"chatbench/internal/trace"
)

// agentCases are looked at in one conversation with an agent, or in the queue for one.
var agentCases = []string{
	"QUE-26 DISCONNECT", "QUE-25 with an agent", "HND-21 answer", "HND-21 goes on",
	"HIS-21 the customer's", "HIS-21 the agent's", "HIS-22 order", "HIS-22 times", "MED-23 twice", "MED-24 another user",
	"SRV-21 1", "SRV-21 2", "SRV-21 3", "SRV-21 4", "SRV-21 5", "SRV-21 0", "SRV-21 6",
}

func playAgent(s *scene) {
	u, ok := s.user()
	if !ok || !u.reachAgent() {
		return
	}
	s.skip("QUE-26 DISCONNECT", trace.Unset, "nobody had to queue")
	u.inQueueTerms()
	u.transferAgain() // first, because agents may hang up after a few answers
	said := u.converse()
	u.compareHistory(said)
	u.files()
	u.survey()
	if u.HungUp {
		s.why = "the agent hung up"
	}
}

// reachAgent connects and has itself handed over until an agent speaks. One who still queues then
// leaves the queue.
func (u *user) reachAgent() bool {
	s := u.s
	if a := u.connect(aicc.PathSend, "hello"); !a.OK() {
		s.why = "CONNECT was refused: " + a.Words()
		s.noAgents = s.why
		return false
	}
	u.until(0, min(5*time.Second, s.Patience), caller.Talk)
	if !u.has(caller.ByAgent) {
		if a := u.transfer(); !a.OK() && u.has(caller.Talk) {
			s.why = "TRANS2AGENT was refused: " + a.Words()
			s.noAgents = s.why
			return false
		}
	}
	if _, ok := u.until(0, s.Patience, caller.ByAgent); ok {
		return true
	}
	s.why = "no agent spoke within " + s.Patience.String()
	s.noAgents = s.why
	if q := u.queue("queryQueueInfo"); q.OK() {
		s.tell("QUE-26 DISCONNECT", u.disconnect("DISCONNECT while queueing"))
	}
	return false
}

// inQueueTerms asks the queue about somebody who does not queue.
func (u *user) inQueueTerms() {
	const name = "QUE-25 with an agent"
	if !u.s.wants(name) {
		return
	}
	a := u.queue("queryQueueInfo while with an agent")
	if a.Code != aicc.CodeWithAgent && u.left() {
		u.s.skip(name, trace.Unset, "the agent hung up")
		return
	}
	u.s.tell(name, a)
}

func (u *user) transferAgain() {
	if !u.s.wants("HND-21 answer", "HND-21 goes on") || u.HungUp {
		return
	}
	a := u.transfer()
	a.Ask = "TRANS2AGENT while with an agent"
	_, text := u.text("are you still there?")
	after := u.say("CHAT after a second TRANS2AGENT", text)
	if u.left() {
		return
	}
	u.s.tell("HND-21 answer", a)
	u.s.tell("HND-21 goes on", after)
}

// converse says a few things to the agent, until it has also sent a file, and gives the texts that
// were accepted.
func (u *user) converse() (said []string) {
	if !u.s.wants("HIS-21 the customer's", "HIS-21 the agent's", "HIS-22 order", "HIS-22 times", "MED-23 twice", "MED-24 another user") {
		return nil
	}
	for i := range 4 {
		_, text := u.text("detail " + strconv.Itoa(i))
		n := len(u.Seen)
		if a := u.say("a CHAT", text); !a.OK() {
			break
		}
		said = append(said, text)
		if _, ok := u.until(n, min(10*time.Second, u.s.Patience), caller.ByAgent); !ok {
			break
		}
		if _, sent := u.file(); sent && i > 0 {
			break
		}
	}
	if !u.HungUp {
		u.quiet()
	}
	return said
}

// file finds a file that an agent has sent.
func (u *user) file() (aicc.Downlink, bool) {
	i := slices.IndexFunc(u.Seen, func(m aicc.Downlink) bool {
		_, media := aicc.MediaFileType(m.MediaType)
		return caller.ByAgent(&m) && media && m.Content != ""
	})
	if i < 0 {
		return aicc.Downlink{}, false
	}
	return u.Seen[i], true
}

// tries is how often a history is asked for what it does not have yet.
const tries = 4

func (u *user) compareHistory(said []string) {
	s := u.s
	names := []string{"HIS-21 the customer's", "HIS-21 the agent's", "HIS-22 order", "HIS-22 times"}
	if !s.wants(names...) {
		return
	}
	var heard []aicc.Downlink
	for _, m := range u.Seen {
		if caller.ByAgent(&m) && m.MediaType == aicc.Text && m.Content != "" {
			heard = append(heard, m)
		}
	}
	contents := make([]string, 0, len(heard))
	for _, m := range heard {
		contents = append(contents, m.Content)
	}
	for try := range tries {
		list, a, ok := u.history()
		if !ok {
			s.skipAll(trace.Lacking, "no history is to be had: "+a.Words(), names...)
			return
		}
		own, theirs := strayed(said, list, aicc.FromUser, aicc.FromCustomer), strayed(contents, list, aicc.FromAgent)
		if own+theirs > 0 && try < tries-1 {
			s.pause(time.Second) // an archive may take its time
			continue
		}
		s.tellCount("HIS-21 the customer's", a, own, "")
		s.tellCount("HIS-21 the agent's", a, theirs, "")
		order, times := disagree(heard, list)
		s.tellCount("HIS-22 order", a, order, "")
		s.tellCount("HIS-22 times", a, times, "")
		return
	}
}

// strayed counts how many texts the history lacks or has too often. One text may have been said
// several times.
func strayed(texts []string, list []caller.Past, sources ...string) int {
	balance := make(map[string]int)
	for _, t := range texts {
		balance[t]++
	}
	for _, p := range list {
		if _, ours := balance[p.Content]; ours && (p.SourceType == "" || slices.Contains(sources, p.SourceType)) {
			balance[p.Content]--
		}
	}
	n := 0
	for _, b := range balance {
		n += max(b, -b)
	}
	return n
}

// apartBy is by how much the times of one message may differ, in milliseconds.
const apartBy = 2000

// disagree counts neighbours that stand the other way round in the history, by its own times, and
// messages whose times differ. Texts that were said twice are left out.
func disagree(heard []aicc.Downlink, list []caller.Past) (order, times int) {
	at := make(map[string][]int64)
	for _, p := range list {
		if ms, err := strconv.ParseInt(string(p.SendTime), 10, 64); err == nil {
			at[p.Content] = append(at[p.Content], ms)
		}
	}
	last := int64(0)
	for i := range heard {
		archived := at[heard[i].Content]
		if len(archived) != 1 {
			continue
		}
		order += count(archived[0] < last)
		last = max(last, archived[0])
		if ms, ok := heard[i].Millis(); ok {
			times += count(max(ms-archived[0], archived[0]-ms) > apartBy)
		}
	}
	return order, times
}

// files downloads what an agent has sent: twice, and as another user.
func (u *user) files() {
	s := u.s
	if !s.wants("MED-23 twice", "MED-24 another user") {
		return
	}
	m, sent := u.file()
	if !sent {
		s.skipAll(trace.Unset, "no agent sent a file", "MED-23 twice", "MED-24 another user")
		return
	}
	c := caller.DownloadCall(&m)
	one, other := u.call(c), u.call(c)
	other.Ask = "a file twice"
	switch {
	case !one.OK() || one.Err != "":
		s.skipAll(trace.Unset, "the file could not be downloaded: "+one.Words(), "MED-23 twice", "MED-24 another user")
		return
	case !other.OK():
		s.tellCount("MED-23 twice", other, 1, "the second download failed")
	default:
		s.tellCount("MED-23 twice", other, count(!bytes.Equal(one.Decoded(), other.Decoded())), "")
	}
	if !s.wants("MED-24 another user") {
		return
	}
	if stranger, ok := s.user(); ok {
		c.Ask = "a download of another user's file"
		s.tell("MED-24 another user", stranger.call(c))
	}
}

// What an evaluation may be, and what it may not.
var (
	goodRatings = []string{"1", "2", "3", "4", "5"}
	badRatings  = []string{"0", "6"}
)

// survey answers the survey in all ways.
func (u *user) survey() {
	s := u.s
	var names []string
	for _, evaluation := range slices.Concat(goodRatings, badRatings) {
		names = append(names, "SRV-21 "+evaluation)
	}
	if !s.wants(names...) {
		return
	}
	u.surveyMode()
	if s.noSurvey != "" {
		s.skipAll(trace.Lacking, s.noSurvey, names...)
		return
	}
	first, nested := u.firstRating()
	if first.Status == http.StatusNotFound {
		s.skipAll(trace.Lacking, "the tenant has no "+aicc.PathRate, names...)
		return
	}
	s.tell(names[0], first)
	u.furtherRatings(first.OK(), nested)
}

// firstRating finds out which form the tenant takes: the page's sample is flat, its table nested.
func (u *user) firstRating() (a caller.Answer, nested bool) {
	a = u.call(u.RateCall(goodRatings[0], false))
	if a.Status != http.StatusOK || a.OK() {
		return a, false
	}
	return u.call(u.RateCall(goodRatings[0], true)), true
}

// furtherRatings answers again. A tenant that takes the first caller.Answer of a conversation and no other
// breaks nothing.
func (u *user) furtherRatings(first, nested bool) {
	answers, taken := make(map[string]caller.Answer), false
	for _, evaluation := range goodRatings[1:] {
		a := u.call(u.RateCall(evaluation, nested))
		answers[evaluation], taken = a, taken || a.OK()
	}
	for _, evaluation := range goodRatings[1:] {
		if first && !taken {
			u.s.skip("SRV-21 "+evaluation, trace.Unset, "one answer a conversation is taken")
		}
		u.s.tell("SRV-21 "+evaluation, answers[evaluation])
	}
	for _, evaluation := range badRatings {
		u.s.tell("SRV-21 "+evaluation, u.call(u.RateCall(evaluation, nested)))
	}
}
