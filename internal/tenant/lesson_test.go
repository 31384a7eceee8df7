package tenant

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/memnet"
)

// taught runs a test against a tenant that gives everybody one lesson.
func taught(t *testing.T, lesson *Lesson, test func(*testing.T, *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tenant, err := New(quick(), Options{Seed: 1, Lesson: func(string) *Lesson { return lesson }})
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, tenant: tenant, net: memnet.Listen()}
		go func() {
			if err := tenant.Serve(r.net); !errors.Is(err, http1.ErrServerClosed) {
				t.Errorf("Serve: %v, want http1.ErrServerClosed", err)
			}
		}()
		defer r.stop()
		test(t, r)
	})
}

// TestActs has each act acted, and looks at what a poll gets.
func TestActs(t *testing.T) {
	soon := 10 * ms
	afterAgent := func(acts ...Act) *Lesson {
		l := &Lesson{Cues: []Cue{{Act: AwaitAgent}}}
		for _, a := range acts {
			l.Cues = append(l.Cues, Cue{soon, a})
		}
		return l
	}
	for _, c := range []struct {
		name   string
		lesson *Lesson
		want   string // the last message: control, source and media
		batch  int    // messages in its answer
	}{
		{"text", afterAgent(AgentTalks), "CHAT AGENT TEXT", 1},
		{"three texts", afterAgent(AgentSaysThree), "CHAT AGENT TEXT", 3},
		{"picture", afterAgent(AgentPicture), "CHAT AGENT IMAGE", 1},
		{"voice", afterAgent(AgentVoice), "CHAT AGENT AUDIO", 1},
		{"film", afterAgent(AgentFilm), "CHAT AGENT VIDEO", 1},
		{"document", afterAgent(AgentDocument), "CHAT AGENT DOCUMENT", 1},
		{"location", afterAgent(AgentLocation), "CHAT AGENT LOCATE", 1},
		{"local picture", afterAgent(LocalPicture), "CHAT AGENT IMAGE local", 1},
		{"local voice", afterAgent(LocalVoice), "CHAT AGENT AUDIO local", 1},
		{"robot's picture", afterAgent(RobotPicture), "CHAT ROBOT IMAGE", 1},
		{"agent hangs up", afterAgent(AgentHangsUp), "DISCONNECT AGENT", 1},
		{"agent says good-bye", afterAgent(AgentSaysBye), "DISCONNECT AGENT", 2},
		{"system hangs up", afterAgent(SystemHangsUp), "DISCONNECT SYSTEM false", 1},
		{"system parks", afterAgent(SystemParks), "DISCONNECT SYSTEM TEXT true", 1},
		{"robot's DISCONNECT", afterAgent(RobotDrop), "DISCONNECT ROBOT", 1},
		{"DISCONNECT as a picture", afterAgent(PictureDrop), "DISCONNECT AGENT IMAGE", 1},
		{"robot", &Lesson{Robot: true}, "CHAT ROBOT TEXT", 1},
		{"a mutant of the lesson", &Lesson{Mutants: []string{"double-drop"}, Cues: afterAgent(AgentHangsUp).Cues}, "DISCONNECT AGENT", 2},
		{"hung up at once", &Lesson{Cues: []Cue{{0, SystemHangsUp}}}, "DISCONNECT SYSTEM false", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			taught(t, c.lesson, func(t *testing.T, r *rig) {
				u := r.user("u-1")
				u.connect()
				var last []aicc.Downlink
				for range 6 {
					if got := u.poll().Messages; len(got) > 0 {
						last = got
					}
					if len(last) == c.batch && described(&last[len(last)-1]) == c.want {
						break
					}
				}
				if len(last) != c.batch || described(&last[len(last)-1]) != c.want {
					t.Errorf("the last answer has %s, want %d messages that end with %s", tell(last), c.batch, c.want)
				}
			})
		})
	}
}

// described is what tells messages apart.
func described(m *aicc.Downlink) string {
	words := []string{m.ControlType, m.SourceType, m.MediaType, string(m.IsOffline)}
	if m.IsLocalFile() {
		words = append(words, "local")
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

// TestLessonOfTheQueue lets a customer wait for an agent whom nobody else keeps busy.
func TestLessonOfTheQueue(t *testing.T) {
	taught(t, &Lesson{Queue: 12 * time.Second}, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		start := time.Now()
		u.connect()
		if first := u.poll().Messages; len(first) != 1 || !first[0].Queueing() {
			t.Fatalf("first %s, want a sign of queueing", tell(first))
		}
		u.until("an agent", from(aicc.FromAgent))
		if took := time.Since(start); took < 12*time.Second || took > 13*time.Second {
			t.Errorf("an agent spoke after %v, want 12s and a moment", took)
		}
	})
}

// TestTroubles has calls go wrong, and those around them go right.
func TestTroubles(t *testing.T) {
	for _, c := range []struct {
		name   string
		how    Harm
		status int
		wait   time.Duration
	}{
		{"slow", Slow, 200, slowness}, {"down", Down, 503, 0}, {"crash", Crash, 500, 0}, {"expired", Expired, 401, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			taught(t, &Lesson{Robot: true, Troubles: []Trouble{{aicc.PathSend, 2, c.how}}}, func(t *testing.T, r *rig) {
				u := r.user("u-1")
				u.connect()
				if got := u.say("one"); got.status != 200 || got.Code != aicc.CodeOK {
					t.Errorf("the first send was answered %d %s, want 200 0", got.status, got.Code)
				}
				start := time.Now()
				got := u.say("two").status
				if took := time.Since(start); got != c.status || took < c.wait || took > c.wait+time.Second {
					t.Errorf("answered %d after %v, want %d after %v", got, took, c.status, c.wait)
				}
				if got := u.say("three"); got.status != 200 {
					t.Errorf("the third send was answered %d, want 200", got.status)
				}
			})
		})
	}
}

// TestReplaceToken ends a user token in the middle: the answer to the next call brings its successor.
func TestReplaceToken(t *testing.T) {
	taught(t, &Lesson{Cues: []Cue{{Act: AwaitAgent}, {100 * ms, ReplaceToken}, {10 * ms, AgentTalks}}}, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		u.until("an agent", from(aicc.FromAgent))
		pass(time.Second)
		first := u.poll()
		if first.status != 200 || first.token == "" || first.token == u.key {
			t.Fatalf("answered %d with token %q, want 200 and another token", first.status, first.token)
		}
		u.key = first.token
		if again := u.say("hello"); again.status != 200 || again.token != "" {
			t.Errorf("with the new token answered %d with token %q, want 200 and none", again.status, again.token)
		}
	})
}

// TestHangUpOnChat hangs up before the text is answered.
func TestHangUpOnChat(t *testing.T) {
	taught(t, &Lesson{Robot: true, HangUpOnChat: true, Troubles: []Trouble{{aicc.PathSend, 1, Slow}}}, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		u.until("the robot", from(aicc.FromRobot))
		start := time.Now()
		polled := u.pollIn("poll")
		answered := make(chan time.Duration)
		go func() {
			u.say("hello")
			answered <- time.Since(start)
		}()
		if got := (<-polled).Messages; len(got) != 1 || !hungUp(got[0]) || time.Since(start) >= slowness {
			t.Errorf("the poll got %s after %v, want DISCONNECT at once", tell(got), time.Since(start))
		}
		if took := <-answered; took < slowness {
			t.Errorf("the text was answered after %v, want %v", took, slowness)
		}
	})
}

// TestWatch shows every request, and its answer when it is written.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		watch := func(x *http1.Exchange) {
			path := string(x.Path)
			x.Told = func(x *http1.Exchange) { seen = append(seen, path) }
		}
		tenant, err := New(quick(), Options{Seed: 1, Watch: watch})
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, tenant: tenant, net: memnet.Listen()}
		go tenant.Serve(r.net) //nolint:errcheck // ends with stop
		u := r.user("u-1")
		u.connect()
		u.poll()
		u.do("talk", "GET", "/nowhere", "")
		r.stop()
		want := strings.Join([]string{aicc.PathToken, aicc.PathApply, aicc.PathSend, aicc.PathPoll, "/nowhere"}, " ")
		if got := strings.Join(seen, " "); got != want {
			t.Errorf("told of %s, want %s", got, want)
		}
	})
}
