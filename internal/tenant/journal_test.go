package tenant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/marker"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

func TestRecord(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.Agents.Chats = [2]int{1, 1} }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		pass(time.Millisecond) // so that welcome and answer are not said at one moment
		u.say("one")
		u.poll() // takes the welcome
		pass(time.Second)
		u.transfer()
		u.say("two")
		pass(time.Second)
		want := trace.Record{
			User: "u-1", Epoch: 0, Heard: 2, Shown: [][2]int{{1, 1}, {3, 3}}, Quiet: 550, Ended: "agent", HungUp: true, HungUpAgo: 450, Owed: true,
			Senders: []trace.Said{
				{Sender: marker.Robot, Count: 3, Waiting: 2},
				{Sender: marker.Agent, Count: 3, Waiting: 3},
				{Sender: marker.System, Count: 1, Waiting: 1},
			},
		}
		got, ok := r.tenant.Journal("u-1", 0)
		got.CallID = ""
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("record, there %v (-want +got):\n%s", ok, diff)
		}
		if _, ok := r.tenant.Journal("u-1", 0); ok {
			t.Error("the record of an ended conversation is given out twice")
		}
		if got := u.poll().Messages; len(got) != 7 || !hungUp(got[6]) {
			t.Errorf("after the record was taken: %s, want everything that waited and DISCONNECT last", tell(got))
		}
	})
}

// TestRecordOfTexts looks at what the record says of the customer's texts. CONNECT has number 0.
func TestRecordOfTexts(t *testing.T) {
	for _, tt := range []struct {
		why     string
		say     func(u *user)
		shown   [][2]int
		garbled int
		heard   int
	}{
		{"nothing said", func(*user) {}, nil, 0, 0},
		{"texts that follow each other are one run", func(u *user) { u.say("a"); u.say("b"); u.say("c") }, [][2]int{{1, 3}}, 0, 3},
		{"TRANS2AGENT takes a number and is no text", func(u *user) { u.say("a"); u.transfer(); u.say("b"); u.say("c") }, [][2]int{{1, 1}, {3, 4}}, 0, 3},
		{"a text that is refused is not shown", func(u *user) { u.say(strings.Repeat("x", 2000)); u.say("b") }, [][2]int{{2, 2}}, 0, 1},
		{"a text without a marker has no number", func(u *user) { u.sendRaw(aicc.PathSend, aicc.Chat, aicc.Text, "plain") }, nil, 0, 1},
		{"a damaged text is counted apart", func(u *user) {
			text := u.marked("a")
			u.sendRaw(aicc.PathSend, aicc.Chat, aicc.Text, text[:len(text)-1])
		}, nil, 1, 1},
		{"a text of another conversation is not of this one", func(u *user) {
			u.again()
			u.say("a")
			u.epoch--
		}, nil, 0, 1},
		{"a text that was sent twice and has no messageId is shown twice", func(u *user) {
			text := u.marked("a")
			u.sendRaw(aicc.PathSend, aicc.Chat, aicc.Text, text)
			u.sendRaw(aicc.PathSend, aicc.Chat, aicc.Text, text)
		}, [][2]int{{1, 1}, {1, 1}}, 0, 2},
		{"a text that was sent twice with one messageId is shown once", func(u *user) {
			body := fmt.Sprintf(`{"channel":"WEB","controlType":"CHAT","mediaType":"TEXT","content":%q,"sourceType":"CUSTOMER","from":%q,"to":%q,"messageId":"m-0-0-1"}`,
				u.marked("a"), u.name, u.r.tenant.cfg.Channel)
			u.post(aicc.PathSend, body)
			u.post(aicc.PathSend, body)
		}, [][2]int{{1, 1}}, 0, 1},
		{"a text sent late comes out of order", func(u *user) {
			late := u.marked("a")
			u.say("b")
			u.sendRaw(aicc.PathSend, aicc.Chat, aicc.Text, late)
		}, [][2]int{{2, 2}, {1, 1}}, 0, 2},
	} {
		t.Run(tt.why, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, r *rig) {
				u := r.user("u-1")
				u.connect()
				tt.say(u)
				got, _ := r.tenant.Journal("u-1", 0)
				if !slices.Equal(got.Shown, tt.shown) || got.Garbled != tt.garbled || got.Heard != tt.heard {
					t.Errorf("shown %v, garbled %d, heard %d; want %v, %d, %d", got.Shown, got.Garbled, got.Heard, tt.shown, tt.garbled, tt.heard)
				}
			})
		})
	}
}

// TestRecordGivesUpOnTooManyRuns says every other number: more runs than a record keeps.
func TestRecordGivesUpOnTooManyRuns(t *testing.T) {
	var s shown
	for i := range keptRuns {
		s.add(2 * i)
	}
	if len(s.runs) != keptRuns {
		t.Fatalf("%d runs, want %d", len(s.runs), keptRuns)
	}
	for _, seq := range []int{2*keptRuns - 1, 2*keptRuns + 1, 2*keptRuns + 2} {
		s.add(seq) // the first goes on with the last run, the second is one too many
	}
	if s.runs != nil {
		t.Errorf("%d runs, want none: the record must not seem complete", len(s.runs))
	}
}

// TestRecordOfSilence wants the silence counted from the customer's own last word.
func TestRecordOfSilence(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.SilenceAfter = 20 * time.Second }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		pass(5 * time.Second)
		u.transfer() // greeted 200 ms later, from when the platform counts
		pass(30 * time.Second)
		got, _ := r.tenant.Journal("u-1", 0)
		if got.Ended != "silence" || got.Quiet != 20_200 {
			t.Errorf("ended by %q after %d ms of silence, want silence and 20200", got.Ended, got.Quiet)
		}
	})
}

func TestRecordOfRunningConversation(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		for range 2 {
			if rec, ok := r.tenant.Journal("u-1", 0); !ok || rec.Ended != "" {
				t.Errorf("record %+v, %v; want one of a running conversation, as often as it is asked for", rec, ok)
			}
		}
		for _, tt := range []struct {
			user  string
			epoch int
		}{{"u-1", 1}, {"u-1", -1}, {"u-2", 0}} {
			if rec, ok := r.tenant.Journal(tt.user, tt.epoch); ok {
				t.Errorf("Journal(%s, %d) = %+v, want none", tt.user, tt.epoch, rec)
			}
		}
	})
}

func TestRecordsOfEarlierConversations(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.SilenceAfter = time.Second }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		for range 3 {
			u.connect()
			pass(10 * time.Second)
			u.again()
		}
		pass(time.Minute)
		for epoch := range 3 {
			rec, ok := r.tenant.Journal("u-1", epoch)
			if ago := int64(9000 + 60_000 + (2-epoch)*10_000); !ok || rec.Epoch != epoch || rec.HungUpAgo != ago || !rec.Owed {
				t.Errorf("record %d: %+v, %v; want it hung up %d ms ago and DISCONNECT owed", epoch, rec, ok, ago)
			}
			if _, ok := r.tenant.Journal("u-1", epoch); ok {
				t.Errorf("record %d is given out twice", epoch)
			}
		}
	})
}

func TestJournalsAreBounded(t *testing.T) {
	var j journals
	const n = keptRecords + 500
	for i := range n {
		j.keep(trace.Record{User: fmt.Sprint("u-", i)}, time.Time{})
		if i%2 == 0 {
			if _, ok := j.take(fmt.Sprint("u-", i), 0); !ok {
				t.Fatalf("record %d is gone before its time", i)
			}
		}
	}
	for i := range n {
		j.keep(trace.Record{User: fmt.Sprint("v-", i)}, time.Time{})
		j.keep(trace.Record{User: fmt.Sprint("v-", i), Heard: 1}, time.Time{}) // takes its place
	}
	if len(j.records) != keptRecords || len(j.order) > 2*keptRecords {
		t.Errorf("%d records and %d in order are kept, want %d and at most %d", len(j.records), len(j.order), keptRecords, 2*keptRecords)
	}
	if _, ok := j.take("v-0", 0); ok {
		t.Error("the oldest record is still there")
	}
	if rec, ok := j.take(fmt.Sprint("v-", n-1), 0); !ok || rec.Heard != 1 {
		t.Errorf("the newest record is %+v, %v; want the second of its key", rec, ok)
	}
}

func TestLongEndedConversationsArePutAway(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		u.disconnect()
		c, _ := r.tenant.customers.get([]byte("u-1"))
		pass(rest)
		if c.retire(time.Now()); c.conv == nil {
			t.Error("the conversation is put away too early")
		}
		pass(ms)
		if gone := c.retire(time.Now()); c.conv != nil || gone {
			t.Errorf("conversation kept: %v, customer forgotten: %v; want neither", c.conv != nil, gone)
		}
		if rec, ok := r.tenant.Journal("u-1", 0); !ok || rec.Ended != "customer" {
			t.Errorf("record %+v, %v; want that of the conversation", rec, ok)
		}
		pass(2 * time.Hour)
		if !c.retire(time.Now()) {
			t.Error("a customer without a living token is kept")
		}
	})
}

func TestOwnPages(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.Mutants = []string{"drop-one:5"} }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		got := u.do("calls", "GET", JournalPath+"?user=u%2D1&epoch=0", "")
		var rec trace.Record
		if err := json.Unmarshal([]byte(got.body), &rec); err != nil || rec.User != "u-1" {
			t.Errorf("journal: %s, %v; want the record of u-1", got.body, err)
		}
		for _, query := range []string{"", "?user=u-1", "?user=u-1&epoch=x", "?user=u-1&epoch=1", "?user=u-2&epoch=0", "?user=%zz&epoch=0"} {
			if got := u.do("calls", "GET", JournalPath+query, ""); got.status != 404 {
				t.Errorf("journal%s: status %d, want 404", query, got.status)
			}
		}
		var about About
		if err := json.Unmarshal([]byte(u.do("calls", "GET", AboutPath, "").body), &about); err != nil {
			t.Fatal(err)
		}
		if about.Chatbench != "tenant" || about.Version != "test" || about.Channel != quick().Channel || about.Stats.Opened != 1 || about.PID == 0 || about.Now != time.Now().UnixMicro() {
			t.Errorf("about: %+v", about)
		}
		if n, ok := about.Stats.Mutants["drop-one"]; n != 0 || !ok {
			t.Errorf("about counts mutants %v, want drop-one with 0", about.Stats.Mutants)
		}
	})
}

func TestOwnPagesAreForThisMachine(t *testing.T) {
	for _, tt := range []struct {
		addr net.Addr
		want bool
	}{
		{&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, true},
		{&net.TCPAddr{IP: net.IPv6loopback}, true},
		{&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, false},
		{&net.TCPAddr{}, false},
		{&net.UnixAddr{Name: "x"}, true},
	} {
		if got := isLocal(tt.addr); got != tt.want {
			t.Errorf("isLocal(%v) = %v, want %v", tt.addr, got, tt.want)
		}
	}
}

// TestOverTCP asks with the standard library's client over a socket, outside virtual time.
func TestOverTCP(t *testing.T) {
	tenant, err := New(quick(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- tenant.Serve(l) }()
	base := "http://" + l.Addr().String()
	body := fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, quick().AppKey, quick().AppSecret)
	got, err := http.Post(base+aicc.PathToken, "application/json", strings.NewReader(body))
	if err != nil || got.StatusCode != 200 || got.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("application token: %+v, %v; want 200 and JSON", got, err)
	}
	got.Body.Close()
	got, err = http.Get(base + AboutPath)
	if err != nil || got.StatusCode != 200 {
		t.Fatalf("about: %+v, %v; want 200", got, err)
	}
	got.Body.Close()
	if err := tenant.Close(t.Context()); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := <-served; !errors.Is(err, http1.ErrServerClosed) {
		t.Errorf("Serve: %v, want http1.ErrServerClosed", err)
	}
}

func TestStatsAndDescribe(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		u.say("hi")
		pass(time.Second)
		u.poll()
		u.transfer()
		u.disconnect()
		want := Stats{
			Requests: map[string]int64{"token": 1, "apply": 1, "connect": 1, "send": 1, "poll": 1, "transfer": 1, "disconnect": 1},
			Opened:   1, Ended: 1, Customers: 1, Said: 4, HandedOut: 2,
		}
		if diff := cmp.Diff(want, r.tenant.Stats()); diff != "" {
			t.Errorf("Stats (-want +got):\n%s", diff)
		}
	})
	for _, tt := range []struct {
		change func(*scenario.Tenant)
		want   string
	}{
		{func(*scenario.Tenant) {}, "robot (reply 100ms), 50 agents with 5 conversations (reply 300ms), poll held 5s"},
		{func(c *scenario.Tenant) { c.Robot, c.PollHold, c.Mutants = nil, 0, []string{"drop-one:2", "mojibake"} },
			"no robot, 50 agents with 5 conversations (reply 300ms), short poll, mutants drop-one:2 mojibake"},
	} {
		cfg := quick()
		tt.change(&cfg)
		tenant, err := New(cfg, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := tenant.Describe(); got != tt.want {
			t.Errorf("Describe() = %q, want %q", got, tt.want)
		}
	}
}

func TestNewRefusesAgentsWithoutRoom(t *testing.T) {
	cfg := quick()
	cfg.Agents.Conversations = 0
	if _, err := New(cfg, Options{}); err == nil || !strings.Contains(err.Error(), "50 agents with 0 conversations") {
		t.Errorf("New = %v, want an error about 50 agents with 0 conversations", err)
	}
}

func TestCloseEndsConversations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, quick())
		u := r.user("u-1")
		u.connect()
		u.until("the welcome", from(aicc.FromRobot))
		go func() { // held until the tenant goes away
			_, _ = u.client("polls").Do([]byte("GET "+u.pollTarget("")+" HTTP/1.1\r\nccmessaging-token: "+u.key+"\r\n\r\n"), time.Now().Add(time.Hour))
		}()
		synctest.Wait()
		start := time.Now()
		r.stop()
		if d := time.Since(start); d != 0 {
			t.Errorf("Close took %v, want no time", d)
		}
		if rec, ok := r.tenant.Journal("u-1", 0); !ok || rec.Ended != "shutdown" || rec.HungUp {
			t.Errorf("record %+v, %v; want ended by the shutdown", rec, ok)
		}
		if err := r.tenant.Close(context.Background()); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
}
