package tenant

import (
	"net/http"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/scenario"
)

// Lesson is what one conversation is made to be like, whoever talks to whom in the others. It is how
// a client meets on purpose what it would have to wait for: see [Options.Lesson]. What is said in
// between is answered by robot and agents as ever.
type Lesson struct {
	// Robot lets the robot begin, on a channel that has one. Without it the customer asks for an agent
	// with CONNECT itself. The agent is one that nobody else has.
	Robot bool
	// Queue is for how long that agent is not there yet; 0: it is.
	Queue time.Duration
	// Cues are acted upon one after the other, from CONNECT on.
	Cues []Cue
	// Mutants are faults of this conversation alone, as in a scenario.
	Mutants []string
	// Troubles are calls that are not answered as they should be.
	Troubles []Trouble
	// HangUpOnChat lets the other side hang up while the customer's first CHAT is being answered.
	HangUpOnChat bool
}

// Cue is one thing that happens by itself, so long after the one before it.
type Cue struct {
	After time.Duration
	Act   Act
}

// Act is what a cue is for.
type Act uint8

// The acts. Those of an agent want one to have spoken.
const (
	AwaitAgent     Act = iota // nothing happens until an agent has spoken
	HandOver                  // the robot passes the customer on, unasked
	AgentTalks                // an agent says something
	AgentPicture              // and sends a file: one of the media library
	AgentVoice                //
	AgentFilm                 //
	AgentDocument             // which the demo does not download
	AgentLocation             // nor that
	LocalPicture              // a file of the agent's computer
	LocalVoice                //
	RobotPicture              // a picture from the robot, which the demo does not see as one
	ReplaceToken              // the user token ends
	AgentHangsUp              // DISCONNECT from AGENT
	AgentSaysBye              // the same, in one answer with a text before it
	SystemHangsUp             // DISCONNECT from SYSTEM, as for silence: isOfflineStatus false
	SystemParks               // the same in asynchronous mode: isOfflineStatus true, with a tip
	AgentSaysThree            // three texts in one answer
	RobotDrop                 // a DISCONNECT from ROBOT, and the conversation goes on
	PictureDrop               // a DISCONNECT that is an IMAGE, and the same
)

// Trouble is what happens to one call of a conversation.
type Trouble struct {
	Path string // of the endpoint, such as aicc.PathPoll
	Nth  int    // of the calls to it since CONNECT was answered, from 1
	How  Harm
}

// Harm is how a call goes wrong.
type Harm uint8

// The harms. But for Slow the call is not served.
const (
	Slow    Harm = iota // it is answered two seconds late
	Down                // HTTP 503
	Crash               // HTTP 500
	HungUp              // the connection is broken instead of an answer
	Expired             // HTTP 401
)

// slowness is by how much a slow call is late.
const slowness = 2 * time.Second

// lesson is a Lesson that is being given. A nil one is none.
type lesson struct {
	*Lesson
	plans   []lessonPlan
	calls   map[string]int // to the endpoints of its troubles
	waiting int            // the cue that waits for an agent, from 1; 0: none
	next    *alarm
}

// lessonPlan is a mutant of one lesson.
type lessonPlan struct {
	fault fault
	plan  plan
}

// learn makes the conversation a lesson.
func (v *conversation) learn(plan *Lesson) {
	if plan == nil {
		return
	}
	l := &lesson{Lesson: plan}
	for _, spec := range plan.Mutants {
		id, p, err := parseMutant(spec)
		if err != nil {
			panic("tenant: lesson: " + err.Error()) // lessons are code
		}
		l.plans = append(l.plans, lessonPlan{id, p})
	}
	if len(plan.Troubles) > 0 {
		l.calls = make(map[string]int)
	}
	v.lesson = l
	v.desk = new(desk)
	v.desk.open(scenario.Agents{Count: 1, Conversations: 1}, scenario.Queue{Limit: 1})
	if plan.Queue > 0 {
		v.desk.free = nil
	}
}

// take reports whether the lesson wants a fault to be committed now.
func (l *lesson) take(id fault) bool {
	hit := false
	if l != nil {
		for i := range l.plans {
			if p := &l.plans[i]; p.fault == id {
				hit = p.plan.chance() || hit
			}
		}
	}
	return hit
}

// robot is who begins the conversation; nil: an agent.
func (v *conversation) robot() *scenario.Robot {
	if v.lesson != nil && !v.lesson.Robot {
		return nil
	}
	return v.t.cfg.Robot
}

// awaitColleague lets the agent of a lesson with a queue come in time.
func (v *conversation) awaitColleague() {
	if v.lesson != nil && v.lesson.Queue > 0 {
		v.t.clock.after(v.lesson.Queue, v.desk.hire)
	}
}

// cue acts upon the cues from the i-th on.
func (v *conversation) cue(i int) {
	if v.lesson == nil || i >= len(v.lesson.Cues) {
		return
	}
	c := v.lesson.Cues[i]
	v.lesson.next = v.t.clock.after(c.After, func() {
		v.c.mu.Lock()
		defer v.c.unlock()
		switch {
		case v.phase == ended:
		case c.Act == AwaitAgent && v.phase != withAgent:
			v.lesson.waiting = i + 1
		default:
			v.act(c.Act)
			v.cue(i + 1)
		}
	})
}

// goOn acts upon the cues that waited for an agent.
func (v *conversation) goOn() {
	if v.lesson == nil || v.lesson.waiting == 0 {
		return
	}
	i := v.lesson.waiting
	v.lesson.waiting = 0
	v.cue(i)
}

func (v *conversation) act(a Act) {
	switch a {
	case HandOver:
		if v.phase == withRobot {
			v.handOver()
		}
	case AgentTalks:
		v.agentSays(message{}, v.pick(v.words().agentAnswers))
	case AgentSaysThree:
		for range 3 {
			v.act(AgentTalks)
		}
	case RobotPicture:
		v.push(v.byRobot(message{control: aicc.Chat, media: aicc.Image, content: v.newFile(formatJPG, false).String()}))
	case RobotDrop:
		v.push(v.byRobot(message{control: aicc.Disconnect}))
	case PictureDrop:
		v.push(v.byAgent(message{control: aicc.Disconnect, media: aicc.Image, content: v.newFile(formatJPG, false).String()}))
	case ReplaceToken:
		v.c.aged = time.Now()
	case AgentHangsUp:
		v.hangUp(endAgent, message{control: aicc.Disconnect, source: aicc.FromAgent})
	case AgentSaysBye:
		v.agentSays(message{fin: true}, v.words().goodbye)
		v.act(AgentHangsUp)
	case SystemHangsUp:
		v.hangUp(endSilence, message{control: aicc.Disconnect, source: aicc.FromSystem, offline: "false"})
	case SystemParks:
		v.hangUp(endSilence, message{control: aicc.Disconnect, source: aicc.FromSystem, offline: "true", media: aicc.Text, content: v.words().silence})
	default:
		v.agentShows(a)
	}
}

// agentShows makes an agent send what is no text.
func (v *conversation) agentShows(a Act) {
	switch a {
	case AgentPicture:
		v.agentSendsFile(formatJPG, false)
	case AgentVoice:
		v.agentSendsFile(formatMP3, false)
	case AgentFilm:
		v.agentSendsFile(formatMP4, false)
	case AgentDocument:
		v.agentSendsFile(formatTXT, false)
	case LocalPicture:
		v.agentSendsFile(formatPNG, true)
	case LocalVoice:
		v.agentSendsFile(formatMP3, true)
	case AgentLocation:
		v.agentSendsLocation()
	}
}

// chatted is told of a CHAT that was accepted.
func (v *conversation) chatted() {
	switch {
	case v.lesson == nil || !v.lesson.HangUpOnChat || v.phase == ended:
	case v.phase == withAgent:
		v.act(AgentHangsUp)
	default:
		v.act(SystemHangsUp)
	}
}

// aged reports whether a lesson has ended the token before its time.
func (t *Tenant) aged(token *userToken) bool {
	if t.opt.Lesson == nil {
		return false
	}
	c := token.c
	c.mu.Lock()
	defer c.unlock()
	return c.aged.After(token.expires.Add(-t.cfg.UserTokenLife))
}

// harm is what a lesson has in store for a call.
func (c *customer) harm(path string) (h Harm, ok bool) {
	c.mu.Lock()
	defer c.unlock()
	v := c.conv
	if v == nil || v.lesson == nil || v.lesson.calls == nil || v.phase == ended {
		return 0, false
	}
	v.lesson.calls[path]++
	for _, t := range v.lesson.Troubles {
		if t.Path == path && t.Nth == v.lesson.calls[path] {
			return t.How, true
		}
	}
	return 0, false
}

// trouble answers a call as a lesson wants it and reports whether it did.
func (t *Tenant) trouble(x *http1.Exchange, e endpoint, c *customer) bool {
	if t.opt.Lesson == nil || c == nil {
		return false
	}
	h, ok := c.harm(string(x.Path))
	if !ok {
		return false
	}
	switch h {
	case Slow:
		t.dawdle(x, e, c)
	case Down:
		t.refuse(x, http.StatusServiceUnavailable, "the service is not there")
	case Crash:
		t.refuse(x, http.StatusInternalServerError, "the service has failed")
	case HungUp:
		x.CutAfter, x.Close = -1, true
	case Expired:
		t.refuse(x, http.StatusUnauthorized, "a token has expired")
	}
	return true
}

// dawdle serves a call and answers it late. A call that is held already is answered by whoever holds it.
func (t *Tenant) dawdle(x *http1.Exchange, e endpoint, c *customer) {
	e.serve(t, x, c)
	if x.IsHeld() {
		return
	}
	x.Hold()
	t.clock.after(slowness, func() {
		t.finish(x)
		x.Answer()
	})
}
