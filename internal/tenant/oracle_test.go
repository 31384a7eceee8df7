package tenant

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// visit is one conversation as its customer saw it, kept whole, and judged by broken, which
// restates the rules as naively as can be. It is the tests' own reading of the rules, not the
// checker.
type visit struct {
	u      *user
	epoch  int
	said   int             // marked texts of the customer
	early  []aicc.Downlink // of a poll before CONNECT
	polls  []polled
	late   []aicc.Downlink // of a poll after the end
	sends  []reply
	queue  string // code of a queue query
	files  map[string]reply
	record trace.Record
	began  time.Time
	taken  time.Time // when the record was

	mu      sync.Mutex // protects stop and over
	stop    bool
	over    bool          // a DISCONNECT that the demo can see was delivered
	stopped chan struct{} // the poller has ended
}

// oracleRules are the rules that broken knows.
var oracleRules = []string{"SHP-01", "SHP-02", "CON-01", "CON-02", "ORD-01", "DEL-01", "DEL-02", "DEL-03", "DEL-04", "DEL-06", "DSC-01", "DSC-02",
	"DSC-03", "DSC-04", "DSC-05", "DSC-07", "HND-02", "MED-01", "MED-02"}

type polled struct {
	at   time.Time
	body string
	err  error
	all  []aicc.Downlink
}

// begin connects, after a poll that a customer would not make, and starts to poll.
func (u *user) begin() *visit {
	v := &visit{u: u, epoch: u.epoch, began: time.Now(), files: make(map[string]reply), stopped: make(chan struct{})}
	v.early = u.poll().Messages
	v.sends = append(v.sends, u.connect())
	go v.keepPolling()
	return v
}

// keepPolling is the demo's loop: 100 ms between an answer and the next poll, until DISCONNECT.
func (v *visit) keepPolling() {
	defer close(v.stopped)
	for {
		got := v.u.poll()
		a, err := aicc.ParseAnswer([]byte(got.body))
		v.polls = append(v.polls, polled{time.Now(), got.body, err, a.Messages})
		for _, m := range a.Messages {
			v.handle(m)
		}
		if v.done() {
			return
		}
		pass(100 * ms)
	}
}

func (v *visit) done() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.over || v.stop
}

// handle does what the demo does with a message: its branch order hides some DISCONNECTs.
func (v *visit) handle(m aicc.Downlink) {
	fileType, mapped := aicc.MediaFileType(m.MediaType)
	switch {
	case m.SourceType == aicc.FromRobot:
	case mapped:
		v.files[m.Content] = v.u.download("polls", m, fileType)
	case m.ControlType == aicc.Disconnect:
		v.mu.Lock()
		v.over = true
		v.mu.Unlock()
	}
}

func (u *user) download(conn string, m aicc.Downlink, fileType string) reply {
	body := fmt.Sprintf(`{"fileId":%q,"channel":"WEB","fileType":%q,"multiMedia":"multiMedia"}`, m.Content, fileType)
	if m.IsLocalFile() {
		body = fmt.Sprintf(`{"fileId":%q,"channel":"WEB","fileType":%q}`, "local/"+m.Content, m.MediaFileType)
	}
	return u.do(conn, "POST", aicc.PathDownload, body)
}

func (v *visit) say(text string) { v.sends = append(v.sends, v.u.say(text)) }

// end waits for the other side to hang up or does it, and takes the record.
func (v *visit) end(patience time.Duration) {
	select {
	case <-v.stopped:
	case <-time.After(patience):
		v.queue = v.u.queueInfo().Code
		v.mu.Lock()
		v.stop = true
		v.mu.Unlock()
		v.u.disconnect()
		<-v.stopped
	}
	v.late = v.u.poll().Messages
	synctest.Wait()
	v.record, _ = v.u.r.tenant.Journal(v.u.name, v.u.epoch)
	v.taken, v.said = time.Now(), v.u.seq
}

func (u *user) queueInfo() reply {
	return u.post(aicc.PathQueue, fmt.Sprintf(`{"userId":%q,"channelConfigId":%q,"channel":"WEB"}`, u.name, u.r.tenant.cfg.Channel))
}

// broken is the set of rules that the conversation broke, sorted.
func (v *visit) broken() []string {
	set := make(map[string]bool)
	v.judgeShapes(set)
	v.judgeTexts(set)
	v.judgeRobot(set)
	v.judgeEnd(set)
	v.judgeMedia(set)
	return slices.Sorted(maps.Keys(set))
}

func (v *visit) judgeShapes(set map[string]bool) {
	for _, p := range v.polls {
		if p.err != nil {
			set["SHP-01"] = true
		}
	}
	for _, s := range v.sends {
		if _, err := aicc.ParseAnswer([]byte(s.body)); err != nil {
			set["SHP-02"] = true
		}
	}
	if len(v.early) > 0 && v.epoch == 0 { // later, something of the conversation before may still wait
		set["CON-01"] = true
	}
	if len(v.all()) == 0 && v.taken.Sub(v.began) > 10*time.Second && v.queue != "0" && v.queue != "160021" {
		set["CON-02"] = true
	}
}

func (v *visit) all() []aicc.Downlink {
	var all []aicc.Downlink
	for _, p := range v.polls {
		all = append(all, p.all...)
	}
	return append(all, v.late...)
}

func (v *visit) judgeTexts(set map[string]bool) {
	type key struct {
		sender marker.Sender
		seq    int
	}
	seen, top, delivered := make(map[key]bool), make(map[marker.Sender]int), make(map[marker.Sender]int)
	said, twins := make(map[marker.Sender]trace.Said), make(map[aicc.Downlink]bool)
	for _, s := range v.record.Senders {
		said[s.Sender] = s
	}
	for _, m := range v.all() {
		k, _, status := marker.Parse(m.Content)
		id := key{k.Sender, k.Seq}
		switch {
		case status == marker.Absent:
			if m.ControlType == aicc.Chat && twins[m] {
				set["DEL-03"] = true
			}
			twins[m] = true
			continue
		case k.Session != v.u.session:
			set["DEL-02"] = true
			continue
		case k.Epoch != v.epoch:
			set["DSC-05"] = true
			continue
		case k.Sender == marker.Customer:
			if k.Seq >= v.said {
				set["DEL-01"] = true
			}
			continue
		case k.Seq >= said[k.Sender].Count:
			set["DEL-01"] = true
		case seen[id]:
			set["DEL-03"] = true
			continue
		case k.Seq < top[k.Sender]:
			set["ORD-01"] = true
		}
		if status == marker.Damaged {
			set["DEL-06"] = true
		}
		seen[id] = true
		top[k.Sender] = max(top[k.Sender], k.Seq)
		delivered[k.Sender]++
	}
	for sender, s := range said {
		if delivered[sender]+s.Waiting < s.Count {
			set["DEL-04"] = true
		}
	}
}

// judgeRobot wants the robot to be silent once an agent has spoken.
func (v *visit) judgeRobot(set map[string]bool) {
	agent := false
	for _, m := range v.all() {
		k, _, status := marker.Parse(m.Content)
		if status == marker.Intact && (k.Session != v.u.session || k.Epoch != v.epoch) {
			continue
		}
		if agent && m.SourceType == aicc.FromRobot {
			set["HND-02"] = true
		}
		agent = agent || m.SourceType == aicc.FromAgent && m.ControlType == aicc.Chat
	}
}

func (v *visit) judgeEnd(set map[string]bool) {
	drops, visible := 0, false
	hung := v.taken.Add(-time.Duration(v.record.HungUpAgo) * ms)
	for _, p := range v.polls {
		before := visible
		for _, m := range p.all {
			if !hungUp(m) {
				switch {
				case before:
					set["DSC-01"] = true
				case visible:
					set["DSC-02"] = true
				}
				continue
			}
			_, mapped := aicc.MediaFileType(m.MediaType)
			if m.SourceType == aicc.FromRobot || mapped {
				set["DSC-07"] = true
			} else {
				visible = true
			}
			if drops++; drops == 1 && p.at.Sub(hung) > 10*time.Second {
				set["DSC-04"] = true
			}
		}
	}
	if drops > 1 {
		set["DSC-03"] = true
	}
	if visible && len(v.late) > 0 {
		set["DSC-01"] = true
	}
	if v.record.HungUp && !v.record.Owed && drops == 0 {
		set["DSC-04"] = true
	}
}

func (v *visit) judgeMedia(set map[string]bool) {
	files := make(map[string]trace.File)
	for _, f := range v.record.Files {
		files[f.ID] = f
	}
	for id, got := range v.files {
		content, err := base64.StdEncoding.DecodeString(string(got.FileStream))
		if id == "" || got.status != 200 || got.Code != "0" || err != nil || sniff(content) == "" {
			set["MED-01"] = true
			continue
		}
		if f := describeFile(id, "", content); f.SHA256 != files[id].SHA256 {
			set["MED-02"] = true
		}
	}
	for id := range files {
		if _, ok := v.files[id]; !ok && v.over {
			set["DEL-04"] = true
		}
	}
}
