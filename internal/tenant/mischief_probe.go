package tenant

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
)

// The faults that only "chatbench check" brings about: most of them show in answers to requests that
// no customer makes.

// trick is what these faults remember between calls; f.mu protects it.
type trick struct {
	applied    string    // user that got a token last
	token      []byte    // and the answer
	download   string    // request of the last download that was served
	downloader *customer // whose it was
}

// fieldSet is a request's JSON object, for faults that look at fields or change them.
type fieldSet map[string]any

func readFields(x *http1.Exchange) fieldSet {
	var b fieldSet
	if json.Unmarshal(x.Request, &b) != nil {
		return nil
	}
	return b
}

// text is a field's text, "" for any other type.
func (b fieldSet) text(field string) string {
	s, _ := b[field].(string)
	return s
}

// put changes a field of the request.
func (b fieldSet) put(x *http1.Exchange, field, value string) {
	b[field] = value
	if changed, err := json.Marshal(b); err == nil {
		x.Request = changed
	}
}

// laxities are faults that take a request without a field for one that has it.
var laxities = []struct {
	fault        fault
	path         string
	field, value string
	when         func(fieldSet) bool // nil: always
}{
	{laxApply, aicc.PathApply, "locale", "en", nil},
	{laxConnect, aicc.PathSend, "sourceType", aicc.FromCustomer, isControl(aicc.Connect)},
	{laxQueue, aicc.PathQueue, "channel", aicc.ChannelWeb, nil},
	{laxUpload, aicc.PathUpload, "fileType", "png", nil},
	{laxLeave, aicc.PathLeave, "leaveMessage", "-", nil},
	{laxRating, aicc.PathFeedback, "feedbackContent", "-", func(b fieldSet) bool { return b["feedback"] == 0.0 }},
}

func isControl(control string) func(fieldSet) bool {
	return func(b fieldSet) bool { return b.text("controlType") == control }
}

// requested is shown a call before its headers are looked at. It may change the request, or answer
// it and report that.
func (f *faults) requested(t *Tenant, x *http1.Exchange) (answered bool) {
	path := string(x.Path)
	switch {
	case f.misread(t, x, path):
		return true
	case path == aicc.PathPoll:
		f.completePoll(x)
		return false
	}
	b := readFields(x)
	if b == nil {
		return path == aicc.PathSend && f.take(lenientJSON, nil) && t.done(x, "resultCode", aicc.CodeOK)
	}
	for _, l := range laxities {
		if path == l.path && b.text(l.field) == "" && (l.when == nil || l.when(b)) && f.take(l.fault, nil) {
			b.put(x, l.field, l.value)
		}
	}
	switch path {
	case aicc.PathApply:
		return f.applying(t, x, b)
	case aicc.PathSend:
		return f.sending(t, x, b)
	case aicc.PathSendAsync:
		return f.sendingLater(t, x, b)
	case aicc.PathRate:
		if b.text("evaluation") == "6" && f.take(surveyAny, nil) {
			b.put(x, "evaluation", "5")
		}
	}
	return false
}

// done answers a call in the tenant's place.
func (t *Tenant) done(x *http1.Exchange, field, code string) bool {
	t.answer(x, field, code, describe(code))
	return true
}

// misread can answer a call whose headers are taken for what they are not.
func (f *faults) misread(t *Tenant, x *http1.Exchange, path string) bool {
	token := x.Header("ccmessaging-token")
	_, known := t.userTokens.get(token)
	switch {
	case len(token) > 0 && !x.HasHeader(aicc.HeaderUserToken) && !x.HasHeader(http.CanonicalHeaderKey(aicc.HeaderUserToken)) && f.take(spelledHeaders, nil):
		t.refuse(x, http.StatusUnauthorized, "a token is missing")
		return true
	case path == aicc.PathQueue && len(token) > 0 && !known:
		return f.take(queueAnyToken, nil) && t.done(x, "resultCode", aicc.CodeNoSession)
	case path != aicc.PathUpload || known:
		return false
	case len(token) == 0 && f.take(tokenless, nil), len(token) > 0 && f.take(anyUserToken, nil):
		x.Body = append(x.Body, `{"returnCode":"0","objectKey":"`+newKey()+`"}`...)
		return true
	}
	return false
}

// completePoll adds the channel to a poll without one.
func (f *faults) completePoll(x *http1.Exchange) {
	if _, ok := x.Argument("channel"); !ok && f.take(laxPoll, nil) {
		x.Query = append(slices.Clone(x.Query), "&channel="+aicc.ChannelWeb...)
	}
}

// applying is shown an applyToken.
func (f *faults) applying(t *Tenant, x *http1.Exchange, b fieldSet) bool {
	user := b.text("userId")
	switch length := utf8.RuneCountInString(user); {
	case length > longestUserID && f.take(longUser, nil):
		b.put(x, "userId", firstRunes(user, longestUserID))
	case length == longestUserID && f.take(shortUser, nil):
		return t.done(x, "resultCode", aicc.CodeParam)
	}
	c, ok := t.customers.get([]byte(user))
	if !ok || !c.open.Load() {
		return false
	}
	c.mu.Lock()
	defer c.unlock()
	if c.open.Load() && f.take(applyEnds, c.conv) {
		c.conv.finish(endShutdown)
	}
	return false
}

// sendFields are all the fields that a send may have (section E03).
var sendFields = []string{"channel", "content", "controlType", "from", "mediaType", "senderNickname", "senderAvatar", "sourceType",
	"timestamp", "to", "userAgent", "messageId", "transData"}

var mediaTypes = []string{aicc.Text, aicc.Image, aicc.Audio, aicc.Video, aicc.File, "FILE_IMAGE", "FILE_VIDEO", "WEBCARD"}

// sending is shown a send.
func (f *faults) sending(t *Tenant, x *http1.Exchange, b fieldSet) bool {
	control, media := b.text("controlType"), b.text("mediaType")
	switch {
	case control == aicc.Connect && b.text("content") == "" && f.take(contentNeeded, nil):
		return t.done(x, "resultCode", aicc.CodeFailed)
	case control == aicc.Chat && media == aicc.Image && f.take(deadKey, nil):
		return t.done(x, "resultCode", aicc.CodeFailed)
	case !b.isDocumented() && f.take(strictFields, nil):
		t.refuse(x, http.StatusBadRequest, "there is an unknown field")
		return true
	case media != "" && !slices.Contains(mediaTypes, media) && f.take(anyType, nil):
		b.put(x, "mediaType", aicc.Text)
	}
	return false
}

func (b fieldSet) isDocumented() bool {
	for field := range b {
		if !slices.Contains(sendFields, field) {
			return false
		}
	}
	return true
}

// sendingLater is shown a sendAsync, which can get lost on its way.
func (f *faults) sendingLater(t *Tenant, x *http1.Exchange, b fieldSet) bool {
	control := b.text("controlType")
	lost := control == aicc.Connect && f.take(asyncConnectLost, nil) || control == aicc.Chat && f.take(asyncChatLost, nil)
	return lost && t.done(x, "resultCode", aicc.CodeOK)
}

// standingFor says for whom a call is served that c makes.
func (f *faults) standingFor(t *Tenant, x *http1.Exchange, c *customer) *customer {
	switch string(x.Path) {
	case aicc.PathPoll:
		receiver, _ := x.Argument("receiverId")
		if other, ok := t.customers.get(receiver); ok && other != c && f.take(openMailbox, nil) {
			return other
		}
	case aicc.PathDownload:
		f.mu.Lock()
		owner, same := f.trick.downloader, f.trick.download == string(x.Request)
		f.mu.Unlock()
		if same && owner != c && f.take(openFiles, nil) {
			return owner
		}
	}
	return c
}

// answered is shown a call with its answer, which it may change.
func (f *faults) answered(t *Tenant, x *http1.Exchange, c *customer, path string) {
	switch path {
	case aicc.PathApply:
		f.shareToken(x)
	case aicc.PathQueue:
		f.queueAnswered(t, x, c)
	case aicc.PathSend:
		f.sendAnswered(t, x, c)
	case aicc.PathDownload:
		f.downloadAnswered(t, x, c)
	case aicc.PathFeedback:
		if isOK(x) && f.take(ratingRefused, nil) {
			t.done(x, "resultCode", aicc.CodeChatFault)
		}
	case aicc.PathPhrases:
		if isOK(x) && f.take(manyPhrases, nil) {
			x.Body = x.Body[:0]
			t.appendSuggestions(x, english.suggestions)
		}
	case aicc.PathSurvey:
		if f.take(surveyOdd, nil) {
			x.Body = bytes.Replace(x.Body, []byte(`"surveyType":"WEB"`), []byte(`"surveyType":"MAYBE"`), 1)
		}
	}
}

func isOK(x *http1.Exchange) bool {
	a, err := aicc.ParseAnswer(x.Body)
	return (x.Status == 0 || x.Status == http.StatusOK) && err == nil && a.Code == aicc.CodeOK
}

// shareToken gives two users one token whose ids differ in letter case only.
func (f *faults) shareToken(x *http1.Exchange) {
	user := readFields(x).text("userId")
	f.mu.Lock()
	before, token := f.trick.applied, f.trick.token
	f.mu.Unlock()
	if before != user && strings.EqualFold(before, user) && f.take(sharedToken, nil) {
		x.Body = append(x.Body[:0], token...)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trick.applied, f.trick.token = user, slices.Clone(x.Body)
}

// queueAnswered may be wrong about where somebody stands.
func (f *faults) queueAnswered(t *Tenant, x *http1.Exchange, c *customer) {
	a, err := aicc.ParseAnswer(x.Body)
	if c == nil || err != nil || a.Code == aicc.CodeParam {
		return
	}
	c.mu.Lock()
	defer c.unlock()
	v := c.conv
	switch {
	case v == nil && f.take(queueBefore, nil), v != nil && v.phase == ended && f.take(queueAfterEnd, v):
		x.Body = x.Body[:0]
		t.appendStanding(x, standing{position: 1})
	case v != nil && v.phase == withAgent && f.take(queueUnaware, v):
		t.done(x, "resultCode", aicc.CodeEnded)
	}
}

// sendAnswered may be wrong about what was done.
func (f *faults) sendAnswered(t *Tenant, x *http1.Exchange, c *customer) {
	b := readFields(x)
	c.mu.Lock()
	defer c.unlock()
	v := c.conv
	switch control := b.text("controlType"); {
	case v == nil:
	case control == aicc.Disconnect && !isOK(x) && f.take(disconnect500, v):
		t.refuse(x, http.StatusInternalServerError, "a null pointer")
	case control == aicc.Disconnect && isOK(x) && f.take(refuseDisconnect, v):
		t.done(x, "resultCode", aicc.CodeFailed)
	case utf8.RuneCountInString(b.text("messageId")) > aicc.MaxMessageID && f.take(deadlyID, v):
		v.finish(endShutdown)
	}
}

// downloadAnswered may change a file, or fail badly to find it.
func (f *faults) downloadAnswered(t *Tenant, x *http1.Exchange, c *customer) {
	if !isOK(x) {
		if f.take(file500, nil) {
			t.refuse(x, http.StatusInternalServerError, "a null pointer")
		}
		return
	}
	request := string(x.Request)
	f.mu.Lock()
	again := f.trick.download == request && f.trick.downloader == c
	f.trick.download, f.trick.downloader = request, c
	f.mu.Unlock()
	if again && f.take(fickleFile, nil) {
		x.Body = x.Body[:0]
		t.fileAnswer(x, SampleFile("jpg", "another one", 0))
	}
}

// The rest is asked where it happens, with the customer's mutex held.

// refusedButServed puts an agent's words into the hands of a customer whose CONNECT was refused.
func (f *faults) refusedButServed(c *customer, v *conversation) {
	if !f.take(refuseAndServe, v) {
		return
	}
	c.putAway()
	c.conv, v.phase, v.endedAt = v, ended, time.Now()
	v.enqueue(v.afterthought())
}

// welcomingAgain greets a customer who connects in a conversation.
func (f *faults) welcomingAgain(v *conversation) {
	if r := v.t.cfg.Robot; r != nil && v.phase == withRobot && f.take(secondWelcome, v) {
		v.robotSays(message{}, r.Welcome)
	}
}

// rewriting changes what the customer says.
func (f *faults) rewriting(v *conversation, q *sendRequest) {
	switch {
	case f == nil || q.MediaType != aicc.Text:
	case !v.t.withinLimit(q.Content) && f.take(silentCut, v):
		q.Content = firstRunes(q.Content, v.t.cfg.TextLimit)
	case strings.TrimSpace(q.Content) != q.Content && f.take(trimmed, v):
		q.Content = strings.TrimSpace(q.Content)
	}
}

// chattingAnywhere reports whether a CHAT counts that comes before CONNECT or after DISCONNECT.
func (f *faults) chattingAnywhere(c *customer) bool {
	return (c.conv == nil || c.conv.how == endCustomer) && f.take(chatAnywhere, nil)
}

// takingOver is told that a second poll takes over from one that is held.
func (f *faults) takingOver(v *conversation) {
	if f == nil || v == nil {
		return
	}
	v.memory.twice = v.memory.twice || f.take(bothPolls, v)
	v.memory.swallow = v.memory.swallow || f.take(takeoverLoses, v)
}

// swallowing reports whether a message gets lost in front of the poll.
func (f *faults) swallowing(v *conversation) bool {
	lost := f != nil && v.memory.swallow
	v.memory.swallow = false
	return lost
}

// handingOver makes a batch come again after two polls at once.
func (f *faults) handingOver(v *conversation, batch []message) {
	if v.memory.twice && len(batch) > 0 {
		v.memory.twice = false
		v.out = append(slices.Clone(batch), v.out...)
	}
}

// leaving is told of the customer's DISCONNECT, after which somebody may go on talking.
func (f *faults) leaving(v *conversation) {
	if f.take(talkAfterBye, v) {
		v.later(ended, 2*time.Second, func() {
			if v.c.conv == v {
				v.enqueue(v.afterthought())
			}
		})
	}
}
