package probe

import (
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
)

// TestOddButHealthy probes tenants that do what docs/protocol.md leaves open in other ways than the
// embedded tenant by default: no rule may be broken, and none undecided.
func TestOddButHealthy(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(*scenario.Tenant)
		// broken are notes of severity note that such a tenant breaks rightly.
		broken []string
	}{
		{"default", func(c *scenario.Tenant) { *c = scenario.DefaultTenant() }, nil},
		{"full", func(*scenario.Tenant) {}, nil},
		{"no robot", func(c *scenario.Tenant) { c.Robot = nil }, nil},
		{"robot without a welcome", func(c *scenario.Tenant) { c.Robot.Welcome = "" }, nil},
		{"robot with several messages", func(c *scenario.Tenant) { c.Robot.Messages = [2]int{2, 3} }, nil},
		{"slow robot", func(c *scenario.Tenant) { c.Robot.Reply = scenario.Constant(7 * time.Second) }, nil},
		{"echo", func(c *scenario.Tenant) { c.Speech = scenario.Echo; c.History = false }, nil},
		{"plain speech", func(c *scenario.Tenant) { c.Speech = scenario.Plain }, nil},
		{"short poll", func(c *scenario.Tenant) { c.PollHold = 0 }, nil},
		{"long hold", func(c *scenario.Tenant) { c.PollHold = 20 * time.Second }, nil},
		{"one message a poll", func(c *scenario.Tenant) { c.PollBatch = 1 }, nil},
		{"off hours", func(c *scenario.Tenant) { c.Hours.Never = true }, nil},
		{"off hours without a robot", shut, nil},
		{"nobody in the agents' room", func(c *scenario.Tenant) { c.Agents.Count = 0 }, nil},
		{"agents hang up soon", func(c *scenario.Tenant) { c.Agents.Chats = [2]int{1, 1} }, nil},
		{"agents alone, who hang up soon", func(c *scenario.Tenant) { c.Robot = nil; c.Agents.Chats = [2]int{2, 3} }, nil},
		{"number codes", func(c *scenario.Tenant) { c.NumberCodes = true }, nil},
		{"text timestamps", func(c *scenario.Tenant) { c.TextTimestamps = true }, nil},
		{"null fields", func(c *scenario.Tenant) { c.NullFields = true }, nil},
		{"bare token", func(c *scenario.Tenant) { c.BareToken = true }, nil},
		{"extra fields", func(c *scenario.Tenant) { c.ExtraFields = true }, nil},
		{"chunked and compressed", func(c *scenario.Tenant) { c.Chunked, c.Gzip = true, true }, nil},
		{"one exchange a connection", func(c *scenario.Tenant) { c.CloseAfterReply = true }, nil},
		{"message codes", func(c *scenario.Tenant) { c.MessageCodes = true }, nil},
		{"coarse timestamps", func(c *scenario.Tenant) { c.CoarseTimestamps = time.Second }, nil},
		{"user tokens replaced in mid-conversation", func(c *scenario.Tenant) { c.UserTokenLife = 3 * time.Second }, nil},
		{"user tokens refused in mid-conversation", func(c *scenario.Tenant) {
			c.UserTokenLife, c.Renewal = 3*time.Second, scenario.Refuse
		}, nil},
		{"second CONNECT refused", func(c *scenario.Tenant) { c.SecondConnect = "13" }, nil},
		{"second CONNECT answered 1", func(c *scenario.Tenant) { c.SecondConnect = "1" }, nil},
		{"other code without a conversation", func(c *scenario.Tenant) { c.NoConversation = "160004" }, nil},
		{"polls outside refused", func(c *scenario.Tenant) { c.PollOutside = "13" }, nil},
		{"DISCONNECT echoed", func(c *scenario.Tenant) { c.DisconnectEcho = true }, nil},
		{"silence time-out", func(c *scenario.Tenant) { c.SilenceAfter = 8 * time.Second }, nil},
		{"silence time-out, asynchronous", func(c *scenario.Tenant) { c.SilenceAfter, c.SilenceAsync = 8*time.Second, true }, nil},
		{"no survey", func(c *scenario.Tenant) { c.Survey = false }, nil},
		{"history of the robot", func(c *scenario.Tenant) { c.HistoryRobot = true }, nil},
		{"no limit of texts", func(c *scenario.Tenant) { c.TextLimit = 0 }, nil},
		{"texts limited in bytes", func(c *scenario.Tenant) { c.TextLimitBytes = true }, nil},
		{"slow answers", func(c *scenario.Tenant) { c.ReplyDelay = scenario.Constant(800 * time.Millisecond) }, nil},
		{"flow control", func(c *scenario.Tenant) { c.FlowControl = 3 }, nil},
		{"repeated messages shown", func(c *scenario.Tenant) { c.DropDuplicateSend = false }, []string{"SND-26"}},
		{"second poll answered at once", func(c *scenario.Tenant) { c.SecondPoll = scenario.EmptyAtOnce }, []string{"POL-24"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := full()
			c.set(&cfg)
			out := probing(t, cfg, nil)
			if got := out.broken(check.Fail); !slices.Equal(got, c.broken) {
				t.Errorf("rules broken: %v, want %v", got, c.broken)
				out.tell(t)
			}
			if got := out.broken(check.Inconclusive); len(got) > 0 && cfg.FlowControl == 0 {
				t.Errorf("undecided: %v, want none", got)
			}
			if out.stats.Opened != out.stats.Ended {
				t.Errorf("%d conversations were opened and %d ended", out.stats.Opened, out.stats.Ended)
			}
			if n := len(out.broken(check.Pass)); n < 20 {
				t.Errorf("only %d rules were looked at", n)
			}
		})
	}
}

// TestOptionalEndpoints probes a tenant behind a gateway that does not know the optional endpoints:
// the rules about these are not observable, and the others are looked at as ever.
func TestOptionalEndpoints(t *testing.T) {
	missing := []string{aicc.PathHistory, aicc.PathPhrases, aicc.PathSurvey, aicc.PathRate, aicc.PathFeedback}
	var front http.Server
	out := probing(t, full(), func(o *Options) {
		l := memnet.Listen()
		back := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: "tenant"}) },
			Transport: &http.Transport{DialContext: o.Transport.DialContext, DisableKeepAlives: true},
			ErrorLog:  log.New(io.Discard, "", 0)} // of a poll that is broken off
		front.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if slices.Contains(missing, r.URL.Path) {
				http.NotFound(w, r)
				return
			}
			back.ServeHTTP(w, r)
		})
		o.Transport.DialContext = l.Dial
		go front.Serve(l)
	}, func() { front.Close() })
	if got := append(out.broken(check.Fail), out.broken(check.Inconclusive)...); len(got) > 0 {
		t.Errorf("rules %v are broken or undecided, want none", got)
		out.tell(t)
	}
	want := []string{"SND-26", "SND-29", "ROB-21", "ROB-22", "ROB-23", "HIS-21", "HIS-22", "SRV-21", "SRV-22", "TLS-21"}
	if diff := cmp.Diff(want, out.broken(check.NotObservable)); diff != "" {
		t.Errorf("not observable (-want +got):\n%s", diff)
	}
	if got := out.rules["SRV-21"].Note; !strings.Contains(got, "getsatisfactionsurveymode") {
		t.Errorf("SRV-21 says %q, want what is missing", got)
	}
}
