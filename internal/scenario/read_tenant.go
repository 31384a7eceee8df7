package scenario

import (
	"regexp"
	"time"

	"gopkg.in/yaml.v3"
)

// tenant reads the set-up of the embedded tenant over the defaults in t.
func (r *reader) tenant(t *Tenant, n *yaml.Node) {
	o := r.object("tenant", n)
	if o == nil {
		return
	}
	r.robot(t, o.get("robot"))
	r.agents(&t.Agents, o.get("agents"))
	r.queue(&t.Queue, o.get("queue"))
	set(o, "speech", &t.Speech, choice([]string{"marked", "echo", "plain"}, Marked, Echo, Plain))
	set(o, "hours", &t.Hours, hours)
	tenantTokens(t, o)
	tenantPolling(t, o)
	tenantConversation(t, o)
	set(o, "history", &t.History, boolean)
	set(o, "history_robot", &t.HistoryRobot, boolean)
	set(o, "survey", &t.Survey, boolean)
	tenantMedia(t, o)
	tenantWire(t, o)
	setAll(o, "mutants", &t.Mutants, r.mutant)
	o.close()
}

func tenantTokens(t *Tenant, o *object) {
	set(o, "channel", &t.Channel, filled)
	set(o, "app_key", &t.AppKey, filled)
	set(o, "app_secret", &t.AppSecret, filled)
	set(o, "app_token_life", &t.AppTokenLife, durationIn(time.Second, 365*day))
	set(o, "user_token_life", &t.UserTokenLife, durationIn(time.Millisecond, 365*day))
	set(o, "renewal", &t.Renewal, choice([]string{"replace", "refuse"}, Replace, Refuse))
}

func tenantPolling(t *Tenant, o *object) {
	set(o, "poll_hold", &t.PollHold, durationIn(0, time.Hour))
	set(o, "poll_batch", &t.PollBatch, integerIn(0, 100_000))
	set(o, "second_poll", &t.SecondPoll, choice([]string{"take_over", "empty"}, TakeOver, EmptyAtOnce))
	set(o, "poll_outside", &t.PollOutside, resultCode)
}

func tenantConversation(t *Tenant, o *object) {
	set(o, "no_conversation", &t.NoConversation, resultCode)
	set(o, "second_connect", &t.SecondConnect, resultCode)
	set(o, "disconnect_echo", &t.DisconnectEcho, boolean)
	set(o, "drop_duplicate_send", &t.DropDuplicateSend, boolean)
	set(o, "silence_after", &t.SilenceAfter, durationIn(0, day))
	set(o, "silence_async", &t.SilenceAsync, boolean)
	set(o, "session_timeout", &t.SessionTimeout, durationIn(0, day))
	set(o, "notices", &t.Notices, boolean)
	set(o, "text_limit", &t.TextLimit, integerIn(1, 1_000_000))
	set(o, "text_limit_bytes", &t.TextLimitBytes, boolean)
	set(o, "keyword_anywhere", &t.KeywordAnywhere, boolean)
}

func tenantMedia(t *Tenant, o *object) {
	const most = 64 << 20
	set(o, "upload_limit", &t.UploadLimit, sizeTo(most))
	set(o, "upload_limit_video", &t.UploadLimitVideo, sizeTo(most))
	set(o, "download_limit", &t.DownloadLimit, sizeTo(most))
}

func tenantWire(t *Tenant, o *object) {
	set(o, "flow_control", &t.FlowControl, wholeRate)
	set(o, "flow_control_429", &t.FlowControl429, boolean)
	o.setDist("reply_delay", &t.ReplyDelay)
	set(o, "number_codes", &t.NumberCodes, boolean)
	set(o, "text_timestamps", &t.TextTimestamps, boolean)
	set(o, "null_fields", &t.NullFields, boolean)
	set(o, "bare_token", &t.BareToken, boolean)
	set(o, "chunked", &t.Chunked, boolean)
	set(o, "gzip", &t.Gzip, boolean)
	set(o, "close_after_reply", &t.CloseAfterReply, boolean)
	set(o, "message_codes", &t.MessageCodes, boolean)
	set(o, "extra_fields", &t.ExtraFields, boolean)
	set(o, "coarse_timestamps", &t.CoarseTimestamps, durationIn(0, time.Minute))
}

var resultCode = pattern(regexp.MustCompile(`^[0-9]{1,12}$`), `result codes are digits, like "13"`)

// wholeRate reads a number of calls a second.
func wholeRate(s string) (int, *fault) {
	v, f := rate(s)
	switch {
	case f != nil && s == "0":
		return 0, nil
	case f != nil:
		return 0, f
	case v != float64(int(v)):
		return 0, faultf("write it like 40/s", "%q is not a whole number a second", s)
	}
	return int(v), nil
}

// robot reads true, false or the robot's settings.
func (r *reader) robot(t *Tenant, n *yaml.Node) {
	if n == nil {
		return
	}
	if n.Kind == yaml.ScalarNode {
		if has, ok := value(r, "robot", n, boolean); ok && !has {
			t.Robot = nil
		}
		return
	}
	o := r.object("robot", n)
	if o == nil {
		return
	}
	o.setDist("reply", &t.Robot.Reply)
	set(o, "messages", &t.Robot.Messages, integerSpanIn(1, 100))
	set(o, "welcome", &t.Robot.Welcome, text)
	setAll(o, "keywords", &t.Robot.Keywords, filled)
	o.close()
}

func (r *reader) agents(a *Agents, n *yaml.Node) {
	if n == nil {
		return
	}
	o := r.object("agents", n)
	if o == nil {
		return
	}
	set(o, "count", &a.Count, integerIn(0, 1_000_000))
	set(o, "conversations", &a.Conversations, integerIn(1, 60))
	o.setDist("pick_up", &a.PickUp)
	o.setDist("reply", &a.Reply)
	set(o, "messages", &a.Messages, integerSpanIn(1, 100))
	set(o, "chats", &a.Chats, chats)
	o.setDist("hang_up", &a.HangUp)
	r.media(&a.Media, o.get("media"))
	o.close()
}

// chats reads how many messages an agent answers before hanging up.
func chats(s string) ([2]int, *fault) {
	if s == "never" {
		return [2]int{}, nil
	}
	n, f := integerSpanIn(1, 1_000_000)(s)
	if f != nil {
		f.hint += "; never: agents do not hang up"
	}
	return n, f
}

func (r *reader) media(m *Media, n *yaml.Node) {
	if n == nil {
		return
	}
	o := r.object("media", n)
	if o == nil {
		return
	}
	set(o, "image", &m.Image, share)
	set(o, "audio", &m.Audio, share)
	set(o, "video", &m.Video, share)
	set(o, "document", &m.Document, share)
	set(o, "location", &m.Location, share)
	set(o, "location_json", &m.LocationJSON, boolean)
	set(o, "local", &m.Local, share)
	set(o, "size", &m.Size, sizeTo(4<<20))
	o.close()
}

func (r *reader) queue(q *Queue, n *yaml.Node) {
	if n == nil {
		return
	}
	o := r.object("queue", n)
	if o == nil {
		return
	}
	set(o, "limit", &q.Limit, integerIn(0, 10_000_000))
	set(o, "max_wait", &q.MaxWait, durationIn(0, day))
	o.close()
}

var mutantForm = regexp.MustCompile(`^([^:\s]+)(?::(?:every=)?[1-9][0-9]{0,8})?$`)

// mutant reads "name", "name:3" or "name:every=3".
func (r *reader) mutant(s string) (string, *fault) {
	m := mutantForm.FindStringSubmatch(s)
	if m == nil {
		return "", faultf("write name, name:3 for the third chance, or name:every=3", "%q is not a mutant", s)
	}
	_, f := known("mutant", r.opt.Mutants)(m[1])
	return s, f
}
