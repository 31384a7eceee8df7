package har

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
)

// beatKind is what happened in a recording.
type beatKind uint8

const (
	beatConnect beatKind = iota
	beatSay
	beatUpload
	beatHandover
	beatHangUp
	beatHeard   // a message came
	beatDropped // the other side hung up
	beatPolled  // an empty poll: a sign of life only
)

// beat is one thing that the customer did or heard.
type beat struct {
	kind      beatKind
	at, done  time.Duration // when it began and when it was answered; messages come at one moment
	entry     int           // of the file, from 0
	text      string        // connect, say, handover
	transData string        // connect
	source    string        // of a message
	media     string        // of a message or of what is uploaded; "": text
	queue     bool          // a message that says that the customer waits
	code      string        // what refused it, or ""
	file      *sentFile     // upload; nil: the recording lacks it
}

// sentFile is what a customer uploaded.
type sentFile struct {
	fileType string // as the request calls it
	data     []byte
	name     string // of the file that it is written to
	used     bool
}

// sendBody is what matters of the body of send.
type sendBody struct {
	ControlType string     `json:"controlType"`
	MediaType   string     `json:"mediaType"`
	Content     aicc.Loose `json:"content"`
	TransData   aicc.Loose `json:"transData"`
}

// user is what one customer of the recording did.
type draftUser struct {
	beats   []beat
	uploads map[string]*sentFile // by object key
	pending []*sentFile          // of which the key is not known
	async   bool
	read    bool
	locale  string
}

// learn keeps what must not be written of an exchange, whose ever it is.
func (d *draft) learn(x *Exchange) {
	d.known.add(x.User, "user")
	var asked struct {
		Key     aicc.Loose `json:"app_key"`
		Secret  aicc.Loose `json:"app_secret"`
		Name    aicc.Loose `json:"userName"`
		Nick    aicc.Loose `json:"senderNickname"`
		Channel aicc.Loose `json:"channelId"`
		To      aicc.Loose `json:"to"`
	}
	if x.Op == aicc.OpPoll || x.Op == aicc.OpUpload {
		return
	}
	_ = json.Unmarshal(x.Request.Data, &asked) // a field of the wrong type tells nothing, the others do
	for _, secret := range []aicc.Loose{asked.Key, asked.Secret, asked.Channel, asked.To} {
		d.known.add(string(secret), "secret")
	}
	d.known.add(string(asked.Name), "name")
	d.known.add(string(asked.Nick), "name")
	d.granted(x)
}

// granted keeps the token that an answer carries.
func (d *draft) granted(x *Exchange) {
	switch x.Op {
	case aicc.OpToken:
		if t, err := aicc.ParseAppToken(x.Response.Data); err == nil {
			d.known.add(t.Token, "secret")
		}
	case aicc.OpApply:
		token, _, err := aicc.ParseUserToken(x.Response.Data)
		if err != nil {
			return
		}
		d.known.add(token, "secret")
		if plain, err := url.QueryUnescape(token); err == nil {
			d.known.add(plain, "secret")
		}
	}
}

// add takes in the next exchange of a recording, of which learn knows already. What it keeps of it are
// texts, times and files.
func (d *draft) add(x *Exchange) {
	u := d.user(x.Customer)
	switch x.Op {
	case aicc.OpApply:
		d.speaks(u, x)
	case aicc.OpPoll:
		d.poll(u, x)
	case aicc.OpUpload:
		d.upload(u, x)
	case aicc.OpConnect, aicc.OpSend, aicc.OpTransfer, aicc.OpDisconnect:
		if x.Status == http.StatusUnauthorized {
			d.note(x.Entry, "a send that was answered with HTTP 401, so that the page had to get new tokens first; left out")
			return
		}
		d.send(u, x)
	case aicc.OpQueue, aicc.OpDownload, aicc.OpSupport, aicc.OpLeave, aicc.OpToken: // customers do these by themselves
	default:
		d.other(u, x)
	}
}

// user makes room for a customer.
func (d *draft) user(n int) *draftUser {
	for len(d.users) <= n {
		d.users = append(d.users, &draftUser{uploads: map[string]*sentFile{}})
	}
	return d.users[n]
}

// speaks notes the language that a page asked for.
func (d *draft) speaks(u *draftUser, x *Exchange) {
	var asked struct {
		Locale string `json:"locale"`
	}
	_ = json.Unmarshal(x.Request.Data, &asked) // what cannot be read asked for none
	before := d.locale()
	if u.locale = asked.Locale; before != "" && before != u.locale {
		d.note(x.Entry, "this page asked for the language %s; a scenario has one, here %s", plainName(u.locale), before)
	}
}

// poll takes in what came.
func (d *draft) poll(u *draftUser, x *Exchange) {
	u.read = u.read || x.Read
	at := x.Began + x.Took
	if x.Response.Missing != "" {
		d.note(x.Entry, "what a poll brought is not in the recording (%s), so a message may be missing", x.Response.Missing)
		return
	}
	if x.Status != 200 {
		return
	}
	a, err := aicc.ParseAnswer(x.Response.Data)
	if err != nil && len(a.Messages) == 0 {
		d.note(x.Entry, "what a poll brought cannot be read, so a message may be missing")
		return
	}
	if len(a.Messages) == 0 {
		u.alive(beat{kind: beatPolled, at: at, done: at, entry: x.Entry})
	}
	for i := range a.Messages {
		u.beats = append(u.beats, heard(&a.Messages[i], at, x.Entry))
	}
}

// alive takes in an empty poll. Of many in a row the last is enough.
func (u *draftUser) alive(b beat) {
	if n := len(u.beats); n > 0 && u.beats[n-1].kind == beatPolled {
		u.beats[n-1] = b
		return
	}
	u.beats = append(u.beats, b)
}

// heard is a message as the demo's branches see it: a DISCONNECT of a robot, or on a file, ends nothing.
func heard(m *aicc.Downlink, at time.Duration, entry int) beat {
	b := beat{kind: beatHeard, at: at, done: at, entry: entry, source: m.SourceType, queue: m.Queueing()}
	switch m.MediaType {
	case aicc.Image, aicc.Audio, aicc.Video, aicc.Document, aicc.Locate:
		b.media = m.MediaType
	}
	_, file := aicc.MediaFileType(m.MediaType)
	if m.ControlType == aicc.Disconnect && m.SourceType != aicc.FromRobot && !file {
		b.kind = beatDropped
	}
	if m.ControlType == aicc.Read || m.ControlType == aicc.Input {
		b.kind = beatPolled
	}
	return b
}

// upload keeps a file until a message points to it.
func (d *draft) upload(u *draftUser, x *Exchange) {
	var asked struct {
		Type   string `json:"fileType"`
		Stream string `json:"fileStream"`
	}
	f := &sentFile{}
	if err := json.Unmarshal(x.Request.Data, &asked); err == nil {
		f.fileType = strings.ToLower(asked.Type)
		f.data = d.keep(x.Entry, asked.Stream)
	} else {
		why := x.Request.Missing
		if why == "" {
			why = "it is not JSON"
		}
		d.note(x.Entry, "the uploaded file is not in the recording (%s); a made file takes its place", why)
	}
	d.files = append(d.files, upload{f, x.Entry})
	if a, err := aicc.ParseAnswer(x.Response.Data); err == nil && a.ObjectKey != "" {
		d.known.add(a.ObjectKey, "secret")
		u.uploads[a.ObjectKey] = f
		return
	}
	if x.Response.Missing != "" {
		u.pending = append(u.pending, f)
	}
}

// upload is a file and where it was sent.
type upload struct {
	*sentFile
	entry int
}

// Bounds of what is kept of files.
const (
	mostFile  = 4 << 20  // the most that a scenario uploads
	mostFiles = 64 << 20 // of one recording
)

// keep decodes a file, unless it is too large to be one of a scenario.
func (d *draft) keep(entry int, stream string) []byte {
	if _, behind, ok := strings.Cut(stream, ";base64,"); ok && strings.HasPrefix(stream, "data:") {
		stream = behind // some pages leave the head of the data URL where it is
	}
	data, err := base64.StdEncoding.DecodeString(stream)
	switch {
	case err != nil || len(data) == 0:
		d.note(entry, "the uploaded file is empty or no Base64; a made file takes its place")
		return nil
	case len(data) > mostFile:
		d.note(entry, "the uploaded file has more than %d MiB; a made file takes its place", mostFile>>20)
		return nil
	}
	key := sha256.Sum256(data)
	if known := d.contents[key]; known != nil {
		return known
	}
	if d.kept+len(data) > mostFiles {
		d.note(entry, "the files of the recording have more than %d MiB together; a made file takes the place of this one", mostFiles>>20)
		return nil
	}
	if d.contents == nil {
		d.contents = map[[sha256.Size]byte][]byte{}
	}
	d.contents[key] = data
	d.kept += len(data)
	return data
}

// send takes in one use of send.
func (d *draft) send(u *draftUser, x *Exchange) {
	var body sendBody
	_ = json.Unmarshal(x.Request.Data, &body) // a field of the wrong type tells nothing
	u.async = u.async || x.Path == aicc.PathSendAsync
	b := beat{at: x.Began, done: x.Began + x.Took, entry: x.Entry, text: spoken(string(body.Content)), code: refusal(x)}
	switch x.Op {
	case aicc.OpConnect:
		b.kind, b.transData = beatConnect, string(body.TransData)
	case aicc.OpTransfer:
		b.kind = beatHandover
	case aicc.OpDisconnect:
		b.kind = beatHangUp
	default:
		d.chat(u, &b, &body)
		if b.kind == beatPolled {
			return
		}
	}
	u.beats = append(u.beats, b)
}

// chat tells what kind of CHAT this is.
func (d *draft) chat(u *draftUser, b *beat, body *sendBody) {
	b.kind = beatSay
	switch body.MediaType {
	case aicc.Text, "":
		if strings.TrimSpace(b.text) == "" {
			d.note(b.entry, "an empty text; a scenario cannot say it")
			b.kind = beatPolled
		}
	case aicc.Image, aicc.Audio, aicc.Video, aicc.File, "FILE_IMAGE", "FILE_VIDEO":
		b.kind, b.media, b.text = beatUpload, body.MediaType, ""
		if b.file = u.sent(string(body.Content)); b.file == nil {
			d.note(b.entry, "the file of this message was not uploaded in the recording; a made file takes its place")
		}
	default:
		d.note(b.entry, "a message of type %s; a scenario cannot send it", plainName(body.MediaType))
		b.kind = beatPolled
	}
}

// sent finds the file that a message points to. Of keys that begin alike it is the longest.
func (u *draftUser) sent(content string) *sentFile {
	longest := ""
	for key := range u.uploads {
		if len(key) > len(longest) && strings.Contains(content, key) {
			longest = key
		}
	}
	if f := u.uploads[longest]; f != nil {
		f.used = true
		return f
	}
	if len(u.pending) == 0 {
		return nil
	}
	f := u.pending[0]
	u.pending = u.pending[1:]
	f.used = true
	return f
}

// spoken is a text without the marker that a simulated customer puts in front of it.
func spoken(content string) string {
	if _, text, status := marker.Parse(content); status == marker.Intact {
		return text
	}
	return content
}

// refusal is why an exchange was surely not done, or "".
func refusal(x *Exchange) string {
	a, err := aicc.ParseAnswer(x.Response.Data)
	if aicc.Classify(x.Op, x.Status, a.Code, err == nil) != aicc.Fail {
		return ""
	}
	if x.Status != 200 {
		return fmt.Sprintf("HTTP %d", x.Status)
	}
	return fmt.Sprintf("result code %s", plainName(a.Code))
}

// other notes what a scenario has no step for.
func (d *draft) other(u *draftUser, x *Exchange) {
	what := lastName(x.Path)
	switch x.Path {
	case aicc.PathSend, aicc.PathSendAsync:
		var body sendBody
		_ = json.Unmarshal(x.Request.Data, &body)
		if body.ControlType == "" {
			d.unknownSend(u, x)
			return
		}
		what += " " + plainName(body.ControlType)
	case aicc.PathRate, aicc.PathFeedback:
		d.note(x.Entry, "%s, the customer's rating: a scenario has no step for it", what)
		return
	}
	d.note(x.Entry, "%s: a scenario has no step for it", what)
}

// unknownSend is a send whose body cannot be read. The first of a customer cannot have been anything but
// CONNECT.
func (d *draft) unknownSend(u *draftUser, x *Exchange) {
	why := x.Request.Missing
	if why == "" {
		why = "it has no controlType"
	}
	first := !slices.ContainsFunc(u.beats, func(b beat) bool { return b.kind != beatPolled })
	if !first || x.Status == http.StatusUnauthorized {
		d.note(x.Entry, "what this send said is not in the recording (%s); left out", why)
		return
	}
	d.note(x.Entry, "what this send said is not in the recording (%s); taken for CONNECT, with a text that is made up", why)
	u.beats = append(u.beats, beat{kind: beatConnect, at: x.Began, done: x.Began + x.Took, entry: x.Entry, text: "hello"})
}

// lastName is the last part of a path.
func lastName(path string) string { return plainName(path[strings.LastIndexByte(path, '/')+1:]) }

// plainName is a name out of the recording as it may be shown: letters, digits and a few signs, and
// not long enough to be a token.
func plainName(s string) string {
	clean := strings.Map(func(r rune) rune {
		if r < 128 && (isLetter(byte(r)) || strings.ContainsRune("_-. ", r)) {
			return r
		}
		return -1
	}, s)
	if len(clean) > 40 {
		clean = clean[:40] + "..."
	}
	return clean
}
