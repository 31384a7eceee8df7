package tenant

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

// answers posts bodies and compares the answers byte for byte.
func (u *user) answers(path string, rows [][3]string) {
	u.r.t.Helper()
	for _, row := range rows {
		got := u.post(path, row[1])
		if diff := cmp.Diff(row[2], got.body); diff != "" || got.status != 200 {
			u.r.t.Errorf("%s: status %d for %s (-want +got):\n%s", row[0], got.status, row[1], diff)
		}
	}
}

func (u *user) malformed(path string, bodies ...string) {
	u.r.t.Helper()
	for _, b := range bodies {
		if got := u.post(path, b); got.status != 400 || got.Code != "400" {
			u.r.t.Errorf("body %q: status %d, %s; want 400", b, got.status, got.body)
		}
	}
}

// levels is the answer of a channel with a survey.
func levels(names ...string) string {
	parts := make([]string, 0, len(names))
	for i, name := range names {
		parts = append(parts, fmt.Sprintf(`{"satisfactionLevelKey":"%d","satisfactionLevelDesc":%q}`, i+1, name))
	}
	return `{"resultCode":"0","resultDesc":"ok","satisfactionSurvey":{"surveyType":"WEB","satisfactionLevel":[` + strings.Join(parts, ",") +
		`],"satisfactionQuestion":["CSAT"]}}`
}

func TestSurveyMode(t *testing.T) {
	english := levels("very dissatisfied", "dissatisfied", "neutral", "satisfied", "very satisfied")
	chinese := levels("非常不满意", "不满意", "一般", "满意", "非常满意")
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.answers(aicc.PathSurvey, [][3]string{
			{"English", `{"language":"en_US","more":1}`, english},
			{"Chinese", `{"language":"zh_CN"}`, chinese},
			{"documented and not built: English", `{"language":"fr_FR"}`, english},
			{"no language: the token's", `{}`, english},
			{"no body, as nothing in it is mandatory", ``, english},
		})
		u.malformed(aicc.PathSurvey, `{`, `{"language":7}`, `[]`)
		u.getKey("zh")
		u.answers(aicc.PathSurvey, [][3]string{{"no language: now the token says Chinese", `{}`, chinese}})
	})
	inBubble(t, func(c *scenario.Tenant) { c.Survey = false }, func(t *testing.T, r *rig) {
		r.user("u-1").answers(aicc.PathSurvey, [][3]string{{"no survey", `{"language":"en_US"}`,
			`{"resultCode":"0","resultDesc":"ok","satisfactionSurvey":{"surveyType":"NO","satisfactionLevel":[],"satisfactionQuestion":[]}}`}})
	})
}

// surveyFields are a good answer to the survey.
var surveyFields = map[string]any{
	"channel": "WEB", "userId": "u-1", "channelConfigId": quick().Channel, "evaluation": "4", "comment": "quick answer", "unknownField": 1,
}

func TestSaveSurvey(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		for _, tt := range []struct {
			why, want string
			change    map[string]any
		}{
			{"all there", "0", nil},
			{"the worst", "0", map[string]any{"evaluation": "1"}},
			{"the best", "0", map[string]any{"evaluation": "5"}},
			{"a JSON number is as good", "0", map[string]any{"evaluation": 3}},
			{"below the range", "13", map[string]any{"evaluation": "0"}},
			{"above the range", "13", map[string]any{"evaluation": "6"}},
			{"two digits", "13", map[string]any{"evaluation": "05"}},
			{"not a number", "13", map[string]any{"evaluation": "good"}},
			{"no evaluation", "13", map[string]any{"evaluation": nil}},
			{"an empty comment", "0", map[string]any{"comment": ""}},
			{"no comment", "13", map[string]any{"comment": nil}},
			{"the longest comment", "0", map[string]any{"comment": strings.Repeat("云", 511)}},
			{"a comment that is too long", "13", map[string]any{"comment": strings.Repeat("x", 512)}},
			{"the other two questions", "0", map[string]any{"npsScore": 0, "fcrValue": "2"}},
			{"an npsScore above the range", "13", map[string]any{"npsScore": 10}},
			{"an fcrValue below the range", "13", map[string]any{"fcrValue": "0"}},
			{"another user than the token's", "13", map[string]any{"userId": "u-2"}},
			{"no user", "13", map[string]any{"userId": nil}},
			{"another channel id", "13", map[string]any{"channelConfigId": "1"}},
			{"another channel", "13", map[string]any{"channel": "SMS"}},
		} {
			if got := u.post(aicc.PathRate, body(surveyFields, tt.change)); got.Code != tt.want || got.status != 200 {
				t.Errorf("%s: status %d, %s; want 200 and %s", tt.why, got.status, got.body, tt.want)
			}
		}
		u.malformed(aicc.PathRate, ``, `{`, `{"evaluation":{}}`)
		u.answers(aicc.PathRate, [][3]string{{"the form of the answer", body(surveyFields, nil), `{"resultCode":"0","resultDesc":"ok"}`}})
	})
}

// TestSurveyBelongsToTheLatestConversation answers the survey at all times.
func TestSurveyBelongsToTheLatestConversation(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		evaluate := func(when, evaluation, want string) {
			t.Helper()
			if got := u.post(aicc.PathRate, body(surveyFields, map[string]any{"evaluation": evaluation})); got.Code != want {
				t.Errorf("%s: %s, want %s", when, got.body, want)
			}
		}
		evaluate("before any conversation", "1", "13")
		u.connect()
		evaluate("during one", "2", "0")
		evaluate("changed", "3", "0")
		evaluate("refused", "6", "13")
		u.disconnect()
		u.again()
		u.connect()
		u.disconnect()
		evaluate("after the end", "5", "0")
		for epoch, want := range []int{3, 5} {
			if rec, ok := r.tenant.Journal("u-1", epoch); !ok || rec.Evaluation != want {
				t.Errorf("conversation %d: record there %v with evaluation %d, want %d", epoch, ok, rec.Evaluation, want)
			}
		}
	})
	inBubble(t, func(c *scenario.Tenant) { c.Survey = false }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		if got := u.post(aicc.PathRate, body(surveyFields, nil)); got.Code != "13" {
			t.Errorf("without a survey: %s, want 13", got.body)
		}
	})
}

// feedbackFields rate the robot's first answer.
var feedbackFields = map[string]any{"feedback": 1, "from": "u-1", "interIdx": "1", "unknownField": 1}

func TestRateRobot(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		u.until("the welcome", from(aicc.FromRobot))
		for _, tt := range []struct {
			why, want string
			change    map[string]any
		}{
			{"content", "0", nil},
			{"content, as a text", "0", map[string]any{"feedback": "1"}},
			{"content, and why", "0", map[string]any{"feedbackContent": "quick"}},
			{"not content", "0", map[string]any{"feedback": 0, "feedbackContent": "did not help"}},
			{"not content, as a text", "0", map[string]any{"feedback": "0", "feedbackContent": "did not help"}},
			{"not content, and nothing said", "30000000008", map[string]any{"feedback": 0}},
			{"not content, and an empty text", "30000000008", map[string]any{"feedback": 0, "feedbackContent": ""}},
			{"the longest content", "0", map[string]any{"feedback": 0, "feedbackContent": strings.Repeat("云", 64)}},
			{"content that is too long", "30010009999", map[string]any{"feedback": 0, "feedbackContent": strings.Repeat("x", 65)}},
			{"neither", "30010009999", map[string]any{"feedback": 2}},
			{"no feedback", "30010009999", map[string]any{"feedback": nil}},
			{"another user than the token's", "30010009999", map[string]any{"from": "u-2"}},
			{"an answer as a number", "0", map[string]any{"interIdx": 1}},
			{"an answer that was not given yet", "30010009999", map[string]any{"interIdx": "2"}},
			{"an answer before the first", "30010009999", map[string]any{"interIdx": "0"}},
			{"another spelling of an answer", "30010009999", map[string]any{"interIdx": "01"}},
			{"no answer", "30010009999", map[string]any{"interIdx": nil}},
		} {
			if got := u.post(aicc.PathFeedback, body(feedbackFields, tt.change)); got.Code != tt.want || got.status != 200 {
				t.Errorf("%s: status %d, %s; want 200 and %s", tt.why, got.status, got.body, tt.want)
			}
		}
		u.malformed(aicc.PathFeedback, ``, `{`, `{"feedback":[]}`)
		u.answers(aicc.PathFeedback, [][3]string{{"the form of the answer", body(feedbackFields, nil), `{"resultCode":"0","resultDesc":"ok"}`}})
	})
}

// TestEveryAnswerOfTheRobotCanBeRated takes interIdx from what polls bring, in a conversation of
// answers in parts, and goes on to the agent and past the end.
func TestEveryAnswerOfTheRobotCanBeRated(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.Speech = scenario.Echo }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		rate := func(interIdx aicc.Loose) string {
			return u.post(aicc.PathFeedback, body(feedbackFields, map[string]any{"interIdx": interIdx})).Code
		}
		if got := rate("1"); got != "30000000019" {
			t.Errorf("before the conversation: %s, want 30000000019", got)
		}
		u.connect()
		u.say(strings.Repeat("long ", 150))
		u.say("short")
		pass(time.Second)
		u.transfer()
		pass(time.Second)
		u.say("to the agent")
		pass(time.Second)
		rated := map[aicc.Loose]bool{}
		check := func(when string) {
			t.Helper()
			for idx := range rated {
				if got := rate(idx); got != "0" {
					t.Errorf("%s: answer %s: %s, want 0", when, idx, got)
				}
			}
			if got := rate(aicc.Loose(fmt.Sprint(len(rated) + 1))); got != "30010009999" {
				t.Errorf("%s: an answer too many: %s, want 30010009999", when, got)
			}
		}
		for _, m := range u.poll().Messages {
			if m.SourceType == aicc.FromRobot {
				rated[m.InterIdx] = true
			}
		}
		if len(rated) != 4 { // welcome, the long one in parts, the short one, the hand-over
			t.Fatalf("the robot gave answers %v, want 4", rated)
		}
		check("with the agent")
		u.disconnect()
		check("after the end")
	})
}

func TestWithoutARobotThereIsNothingToRate(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.Robot = nil }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		for _, change := range []map[string]any{nil, {"feedback": 0, "feedbackContent": "did not help"}} {
			if got := u.post(aicc.PathFeedback, body(feedbackFields, change)); got.Code != "30000000019" {
				t.Errorf("with %v: %s, want 30000000019", change, got.body)
			}
		}
		if got := u.post(aicc.PathFeedback, body(feedbackFields, map[string]any{"feedback": 0})); got.Code != "30000000008" {
			t.Errorf("without content: %s, want 30000000008: what is wrong with the call comes first", got.body)
		}
	})
}

// TestOptionalEndpoints checks what E09 and E11 to E14 have in common with the others.
func TestOptionalEndpoints(t *testing.T) {
	for path, good := range map[string]string{
		aicc.PathHistory:  body(historyFields, nil),
		aicc.PathPhrases:  `{"strContent":"refu","locale":"en","channel":"WEB"}`,
		aicc.PathSurvey:   `{}`,
		aicc.PathRate:     body(surveyFields, nil),
		aicc.PathFeedback: body(feedbackFields, nil),
	} {
		t.Run(path, func(t *testing.T) {
			inBubble(t, func(c *scenario.Tenant) {
				keepsHistory(c)
				c.NumberCodes, c.FlowControl, c.AppTokenLife = true, 3, time.Minute
			}, func(t *testing.T, r *rig) {
				u := r.user("u-1")
				u.connect()
				pass(time.Second)
				got := u.post(path, good)
				if !strings.HasPrefix(got.body, `{"resultCode":0,`) || !json.Valid([]byte(got.body)) {
					t.Errorf("with number_codes: %s, want the number 0", got.body)
				}
				u.post(path, good)
				u.post(path, good)
				if got := u.post(path, good); got.Code != aicc.CodeFlowControl {
					t.Errorf("fourth call in a second: %s, want %s", got.body, aicc.CodeFlowControl)
				}
				pass(time.Minute)
				if got := u.post(path, good); got.status != 401 {
					t.Errorf("with an application token that has expired: status %d, want 401", got.status)
				}
			})
		})
	}
}
