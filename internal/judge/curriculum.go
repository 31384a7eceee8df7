package judge

import (
	"net/http"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/tenant"
)

// sights is a set of what a client can have met.
type sights uint64

// What a client meets.
const (
	sawRobot         sights = 1 << iota // a text of the robot
	sawAgent                            // a text of an agent
	sawQueue                            // queueFlag
	sawServed                           // an agent after the queue
	sawTransfer                         // TRANS2AGENT was accepted
	sawHandOver                         // an agent after the robot
	sawPicture                          // from an agent, of the media library
	sawVoice                            //
	sawFilm                             //
	sawLocal                            // a file of the agent's computer
	sawDocument                         // what the demo shows as text
	sawLocation                         //
	sawRobotPicture                     // what the demo takes for a text of the robot
	sawUpload                           // a file of the customer's was stored
	sawBatch                            // several messages in one list
	sawByAgent                          // DISCONNECT from AGENT
	sawBySystem                         // from SYSTEM
	sawParked                           // with isOfflineStatus true
	sawInBatch                          // behind other messages of its list
	sawBehind                           // with other messages behind it
	sawTwice                            // two in one list
	sawByRobot                          // from ROBOT
	sawAsMedia                          // with a media type that the demo downloads
	sawAtOnce                           // in the very first poll
	sawInQueue                          // while queueing
	sawAfterHandOver                    // from AGENT, who had not said a word
	sawWhileSending                     // while a send was not answered
	sawLeaving                          // the client's own
	sawReplacement                      // a new user token in a header
	sawUnauthorised                     // 401
	sawDown                             // a poll answered 5xx
	sawCut                              // a poll that was not answered: the connection broke
	sawSlow                             // a send that took long
	sawSendDown                         // a send answered 5xx
	sawHeld                             // a poll that was held to its end
)

// Lesson is one conversation of the curriculum.
type Lesson struct {
	Name  string // a few words, such as "robot"
	Title string // what the client meets
	// Do is what the person at the client, or whatever drives it, has to do; "" for nothing but to begin
	// a conversation and to go on with it until it ends.
	Do    string
	Rules []string // those of check that the lesson is for
	plan  tenant.Lesson
	met   sights // all of these
}

// noLesson is the place of no lesson in the curriculum.
const noLesson = -1

// step is a cue after a moment in which a client gets to poll.
func step(act tenant.Act) tenant.Cue { return tenant.Cue{After: 400 * time.Millisecond, Act: act} }

// withAgent are cues behind the first word of an agent.
func withAgent(acts ...tenant.Act) []tenant.Cue {
	cues := []tenant.Cue{{Act: tenant.AwaitAgent}}
	for _, a := range acts {
		cues = append(cues, step(a))
	}
	return cues
}

// ends is a lesson that is about how it ends.
func ends(acts ...tenant.Act) tenant.Lesson { return tenant.Lesson{Cues: withAgent(acts...)} }

// after is a cue after a while.
func after(d time.Duration, act tenant.Act) tenant.Cue { return tenant.Cue{After: d, Act: act} }

// curriculum is all lessons, in the order in which they are given to a client.
var curriculum = [...]Lesson{
	{Name: "robot", Title: "the robot welcomes the customer and passes on to an agent, who hangs up",
		Rules: []string{"SIM-02", "SIM-03", "SIM-04", "SIM-09", "SIM-11"}, met: sawRobot | sawHandOver | sawByAgent,
		plan: tenant.Lesson{Robot: true, Cues: append([]tenant.Cue{after(time.Second, tenant.HandOver)}, withAgent(tenant.AgentTalks, tenant.AgentHangsUp)...)}},
	{Name: "agent", Title: "an agent from the start, who says several things at once", Rules: []string{"SIM-01", "SIM-04", "SIM-11"}, met: sawAgent | sawBatch,
		plan: ends(tenant.AgentTalks, tenant.AgentSaysThree, tenant.AgentHangsUp)},
	{Name: "long poll", Title: "nothing is said for so long that a poll is held to its end", Rules: []string{"SIM-01", "SIM-04"}, met: sawHeld,
		plan: tenant.Lesson{Cues: append(withAgent(), after(12*time.Second, tenant.AgentTalks), step(tenant.AgentHangsUp))}},
	{Name: "pictures, voice and film", Title: "an agent sends a picture, a voice message and a film of the media library", Rules: []string{"SIM-05"}, met: sawPicture | sawVoice | sawFilm,
		plan: ends(tenant.AgentPicture, tenant.AgentVoice, tenant.AgentFilm, tenant.AgentTalks, tenant.AgentHangsUp)},
	{Name: "files of the agent's computer", Title: "the same from the agent's computer, which are downloaded as local/", Rules: []string{"SIM-05"}, met: sawLocal,
		plan: ends(tenant.LocalPicture, tenant.LocalVoice, tenant.AgentTalks, tenant.AgentHangsUp)},
	{Name: "what is not downloaded", Title: "a document, a location, and a picture from the robot", Rules: []string{"SIM-05"}, met: sawDocument | sawLocation | sawRobotPicture,
		plan: ends(tenant.AgentDocument, tenant.AgentLocation, tenant.RobotPicture, tenant.AgentTalks, tenant.AgentHangsUp)},
	{Name: "queue", Title: "the customer queues for 25 s and is served", Rules: []string{"SIM-06", "SIM-10", "SIM-11"}, met: sawQueue | sawServed,
		plan: tenant.Lesson{Queue: 25 * time.Second, Cues: withAgent(tenant.AgentTalks, tenant.AgentHangsUp)}},
	{Name: "DISCONNECT from the system", Title: "the platform hangs up, as for silence: sourceType SYSTEM, isOfflineStatus false", Rules: []string{"SIM-03", "SIM-13"}, met: sawBySystem,
		plan: ends(tenant.AgentTalks, tenant.SystemHangsUp)},
	{Name: "DISCONNECT that parks", Title: "the same in asynchronous mode: isOfflineStatus true, with a tip", Rules: []string{"SIM-03", "SIM-13"}, met: sawParked,
		plan: ends(tenant.AgentTalks, tenant.SystemParks)},
	{Name: "DISCONNECT behind a text", Title: "DISCONNECT in one list with the good-bye before it", Rules: []string{"SIM-03", "SIM-13"}, met: sawInBatch,
		plan: ends(tenant.AgentTalks, tenant.AgentSaysBye)},
	{Name: "DISCONNECT before a text", Title: "DISCONNECT in one list with a text behind it", Rules: []string{"SIM-03", "SIM-13"}, met: sawBehind,
		plan: mutated(ends(tenant.AgentTalks, tenant.AgentHangsUp), "talk-after-drop-same-batch")},
	{Name: "two DISCONNECTs", Title: "DISCONNECT twice in one list", Rules: []string{"SIM-03", "SIM-13"}, met: sawTwice,
		plan: mutated(ends(tenant.AgentTalks, tenant.AgentHangsUp), "double-drop")},
	{Name: "DISCONNECT at once", Title: "DISCONNECT in the very first poll", Rules: []string{"SIM-03", "SIM-13"}, met: sawAtOnce,
		plan: tenant.Lesson{Cues: []tenant.Cue{after(0, tenant.SystemHangsUp)}}},
	{Name: "DISCONNECT in the queue", Title: "the platform hangs up while the customer queues", Rules: []string{"SIM-03", "SIM-06", "SIM-13"}, met: sawInQueue,
		plan: tenant.Lesson{Queue: time.Hour, Cues: []tenant.Cue{after(3*time.Second, tenant.SystemHangsUp)}}},
	{Name: "DISCONNECT after the hand-over", Title: "the robot passes on, and the agent hangs up without a word", Rules: []string{"SIM-03", "SIM-11", "SIM-13"}, met: sawAfterHandOver,
		plan: tenant.Lesson{Robot: true, Cues: []tenant.Cue{after(time.Second, tenant.HandOver), after(50*time.Millisecond, tenant.AgentHangsUp)}}},
	{Name: "replacement token", Title: "the user token ends in the conversation: an answer brings a new one in its header", Rules: []string{"SIM-12"}, met: sawReplacement,
		plan: ends(tenant.AgentTalks, tenant.ReplaceToken, tenant.AgentTalks, tenant.AgentTalks, tenant.AgentTalks, tenant.AgentHangsUp)},
	{Name: "401", Title: "a poll in the middle is answered 401: both tokens are renewed, and the call is made again", Rules: []string{"SIM-01", "SIM-04"}, met: sawUnauthorised,
		plan: tenant.Lesson{Cues: withAgent(tenant.AgentTalks, tenant.AgentTalks, tenant.AgentTalks, tenant.AgentHangsUp), Troubles: []tenant.Trouble{{Path: aicc.PathPoll, Nth: 3, How: tenant.Expired}}}},
	{Name: "failing polls", Title: "polls are answered 503 and 500, and one is not answered: the connection breaks", Rules: []string{"SIM-01", "SIM-04"}, met: sawDown | sawCut,
		plan: tenant.Lesson{Cues: append(withAgent(tenant.AgentTalks), after(8*time.Second, tenant.AgentTalks), step(tenant.AgentHangsUp)), Troubles: []tenant.Trouble{
			{Path: aicc.PathPoll, Nth: 2, How: tenant.Down}, {Path: aicc.PathPoll, Nth: 3, How: tenant.Crash}, {Path: aicc.PathPoll, Nth: 4, How: tenant.HungUp}}}},
	{Name: "DISCONNECT while sending", Title: "DISCONNECT arrives while a text of the customer's is not answered yet", Rules: []string{"SIM-03", "SIM-13"}, met: sawWhileSending,
		Do: "say something", plan: awaiting(tenant.Lesson{HangUpOnChat: true, Troubles: []tenant.Trouble{
			{Path: aicc.PathSend, Nth: 1, How: tenant.Slow}, {Path: aicc.PathSendAsync, Nth: 1, How: tenant.Slow}}})},
	{Name: "slow and failing sends", Title: "a text is answered after two seconds, and the next one with 503", Rules: []string{"SIM-01", "SIM-07"}, met: sawSlow | sawSendDown,
		Do: "say two things", plan: awaiting(tenant.Lesson{Troubles: []tenant.Trouble{
			{Path: aicc.PathSend, Nth: 1, How: tenant.Slow}, {Path: aicc.PathSendAsync, Nth: 1, How: tenant.Slow},
			{Path: aicc.PathSend, Nth: 2, How: tenant.Down}, {Path: aicc.PathSendAsync, Nth: 2, How: tenant.Down}}})},
	{Name: "hand-over", Title: "the customer asks for an agent", Rules: []string{"SIM-11"}, met: sawTransfer,
		Do: "ask for an agent, by whatever sends TRANS2AGENT", plan: awaiting(tenant.Lesson{Robot: true})},
	{Name: "a picture of the customer's", Title: "the customer sends a picture", Rules: []string{"SIM-01"}, met: sawUpload,
		Do: "send a picture", plan: awaiting(tenant.Lesson{})},
	{Name: "leaving", Title: "it is the customer who leaves", Rules: []string{"SIM-07", "SIM-13"}, met: sawLeaving,
		Do: "leave the conversation", plan: awaiting(tenant.Lesson{})},
	{Name: "DISCONNECT from the robot", Title: "DISCONNECT with sourceType ROBOT, which the demo does not see: it polls on", Rules: []string{"SIM-07"}, met: sawByRobot,
		Do: "leave the conversation", plan: awaiting(ends(tenant.AgentTalks, tenant.RobotDrop))},
	{Name: "DISCONNECT as a picture", Title: "DISCONNECT with mediaType IMAGE, which the demo takes for a picture: it downloads it and polls on", Rules: []string{"SIM-05", "SIM-07"}, met: sawAsMedia,
		Do: "leave the conversation", plan: awaiting(ends(tenant.AgentTalks, tenant.PictureDrop))},
}

// awaiting gives whoever is at the client a minute to do what the lesson wants; then the platform hangs
// up, so that the next one has its turn.
func awaiting(l tenant.Lesson) tenant.Lesson {
	l.Cues = append(l.Cues, after(time.Minute, tenant.SystemHangsUp))
	return l
}

func mutated(l tenant.Lesson, mutants ...string) tenant.Lesson {
	l.Mutants = mutants
	return l
}

// Lessons lists the curriculum. The slice is the caller's.
func Lessons() []Lesson { return append([]Lesson(nil), curriculum[:]...) }

// see adds to what the conversation has shown.
func (c *customer) see(s sights) {
	if s &^= c.saw; s != 0 {
		c.saw |= s
		c.j.met(c)
	}
}

// harmSeen is which trouble an answer shows.
func harmSeen(k *call, a *answer, took time.Duration) sights {
	send := k.op == aicc.OpSend
	switch {
	case a.status == http.StatusUnauthorized && k.op != aicc.OpApply && k.token > 0:
		return sawUnauthorised
	case k.op == aicc.OpPoll && a.status >= 500:
		return sawDown
	case k.op == aicc.OpPoll && a.status == 0:
		return sawCut
	case send && a.status >= 500:
		return sawSendDown
	case send && took >= time.Second:
		return sawSlow
	case a.renewed:
		return sawReplacement
	case k.op == aicc.OpPoll && a.class == aicc.OK && len(a.parsed.Messages) == 0 && took >= time.Second:
		return sawHeld
	}
	return 0
}

// look notes what a list of messages shows.
func (c *customer) look(list []aicc.Downlink) {
	var saw sights
	if len(list) > 1 {
		saw |= sawBatch
	}
	drops := 0
	for i := range list {
		m := &list[i]
		if m.ControlType == aicc.Disconnect {
			drops++
			saw |= c.lookAtDrop(m, i, len(list))
			c.dropped = true
			continue
		}
		saw |= c.lookAt(m)
	}
	if drops > 1 {
		saw |= sawTwice
	}
	c.see(saw)
}

func (c *customer) lookAt(m *aicc.Downlink) (saw sights) {
	media := mediaSeen[m.MediaType]
	switch m.SourceType {
	case aicc.FromRobot:
		if media == sawPicture {
			return sawRobotPicture
		}
		saw = sawRobot
	case aicc.FromAgent:
		saw = sawAgent | media
		if m.IsLocalFile() {
			saw = sawAgent | sawLocal
		}
		if c.saw&sawRobot != 0 {
			saw |= sawHandOver
		}
		if c.queued {
			saw |= sawServed
		}
		c.queued = false
	}
	if m.Queueing() {
		c.queued = true
		saw |= sawQueue
	}
	return saw
}

var mediaSeen = map[string]sights{aicc.Image: sawPicture, aicc.Audio: sawVoice, aicc.Video: sawFilm, aicc.Document: sawDocument, aicc.Locate: sawLocation}

// lookAtDrop notes how a DISCONNECT came, at place i of a list of n.
func (c *customer) lookAtDrop(m *aicc.Downlink, i, n int) (saw sights) {
	_, media := aicc.MediaFileType(m.MediaType)
	switch {
	case m.SourceType == aicc.FromRobot:
		return sawByRobot
	case media:
		return sawAsMedia
	case m.IsOffline == "true":
		saw = sawParked
	case m.SourceType == aicc.FromSystem:
		saw = sawBySystem
	default:
		saw = sawByAgent
	}
	if c.queued {
		saw |= sawInQueue
	}
	if i > 0 {
		saw |= sawInBatch
	}
	if i < n-1 {
		saw |= sawBehind
	}
	if c.polls == 1 {
		saw |= sawAtOnce
	}
	if m.SourceType == aicc.FromAgent && c.saw&(sawRobot|sawAgent) == sawRobot {
		saw |= sawAfterHandOver
	}
	for _, k := range c.calls {
		if k.op == aicc.OpSend {
			saw |= sawWhileSending
		}
	}
	return saw
}

// shownBy reports whether everything that a lesson is about was seen.
func (l *Lesson) shownBy(saw sights) bool { return l.met&^saw == 0 }
