package trace

import (
	"strconv"

	"chatbench/internal/aicc"
)

// appendEvent appends the line of an event, with its end: byte for byte what encoding/json makes of
// a [line] without its escapes for HTML, for a fraction of the cost. Every event can be written, also
// one with fields that its kind does not have, and nothing of it is kept.
func appendEvent(b []byte, e *Event) []byte {
	b = append(append(append(b, `{"k":"`...), e.Kind.String()...), '"')
	b = appendNumber(b, `,"t":`, int64(e.At))
	b = appendNumber(b, `,"c":`, int64(e.Customer))
	b = appendNumber(b, `,"e":`, int64(e.Epoch))
	b = appendInvoke(b, e)
	b = appendReturn(b, e)
	if e.Index != 0 {
		b = appendNumber(b, `,"i":`, int64(e.Index))
	}
	if e.Message != nil {
		b = appendMessage(append(b, `,"m":`...), e.Message)
	}
	b = appendRest(b, e)
	return append(b, '}', '\n')
}

// appendInvoke appends what an Invoke has and its Return repeats.
func appendInvoke(b []byte, e *Event) []byte {
	b = optionalNumber(b, `,"id":`, int64(e.ID))
	if e.Op != aicc.OpNone {
		b = append(append(append(b, `,"op":"`...), e.Op.String()...), '"')
	}
	b = optionalNumber(b, `,"intended":`, int64(e.Intended))
	b = optionalNumber(b, `,"late":`, int64(e.Late))
	b = flag(b, `,"probe":true`, e.Probe)
	b = flag(b, `,"fresh":true`, e.Fresh)
	b = optionalNumber(b, `,"token":`, int64(e.Token))
	b = flag(b, `,"noAccess":true`, e.NoAccess)
	b = flag(b, `,"async":true`, e.Async)
	if e.Seq >= 0 && (e.Kind == Invoke || e.Kind == Return) {
		b = appendNumber(b, `,"seq":`, int64(e.Seq))
	}
	b = optionalNumber(b, `,"chars":`, int64(e.Chars))
	b = optionalNumber(b, `,"bytes":`, int64(e.Bytes))
	b = optionalNumber(b, `,"asked":`, int64(e.Asked))
	b = optionalText(b, `,"fileId":`, e.FileID)
	return flag(b, `,"local":true`, e.Local)
}

// appendReturn appends what only an outcome has.
func appendReturn(b []byte, e *Event) []byte {
	b = optionalNumber(b, `,"started":`, int64(e.Started))
	if class := e.Class.String(); class != "" {
		b = append(append(append(b, `,"class":"`...), class...), '"')
	}
	b = optionalNumber(b, `,"status":`, int64(e.Status))
	b = optionalText(b, `,"code":`, e.Code)
	b = optionalText(b, `,"shape":`, e.Shape)
	b = optionalText(b, `,"error":`, e.Error)
	b = optionalNumber(b, `,"dial":`, int64(e.Dial))
	b = optionalNumber(b, `,"n":`, int64(e.Count))
	b = optionalNumber(b, `,"position":`, int64(e.Position))
	b = optionalNumber(b, `,"estimate":`, int64(e.Estimate))
	b = optionalNumber(b, `,"maxWait":`, int64(e.MaxWait))
	if e.Grant != nil {
		b = appendGrant(append(b, `,"grant":`...), e.Grant)
	}
	b = flag(b, `,"newToken":true`, e.NewToken)
	b = optionalNumber(b, `,"got":`, int64(e.Got))
	b = flag(b, `,"noBody":true`, e.NoBody)
	if e.File != nil {
		b = appendFile(append(b, `,"file":`...), e.File)
	}
	return b
}

// appendRest appends what the rarer kinds have.
func appendRest(b []byte, e *Event) []byte {
	b = optionalText(b, `,"user":`, e.User)
	b = flag(b, `,"midway":true`, e.Midway)
	b = optionalText(b, `,"flow":`, e.Flow)
	b = optionalText(b, `,"step":`, e.Name)
	b = flag(b, `,"missed":true`, e.Missed)
	if e.Record != nil {
		b = appendRecord(append(b, `,"journal":`...), e.Record)
	}
	b = optionalText(b, `,"ended":`, string(e.Ended))
	b = optionalText(b, `,"ask":`, e.Ask)
	b = optionalText(b, `,"note":`, e.Note)
	return optionalText(b, `,"skip":`, string(e.Skip))
}

func appendMessage(b []byte, m *aicc.Downlink) []byte {
	at := len(b)
	b = optionalText(b, `,"channel":`, m.Channel)
	b = optionalText(b, `,"controlType":`, m.ControlType)
	b = optionalText(b, `,"sourceType":`, m.SourceType)
	b = optionalText(b, `,"mediaType":`, m.MediaType)
	b = optionalText(b, `,"content":`, m.Content)
	b = optionalText(b, `,"contentType":`, string(m.ContentType))
	b = optionalText(b, `,"mediaFileType":`, m.MediaFileType)
	b = optionalText(b, `,"from":`, string(m.From))
	b = optionalText(b, `,"to":`, string(m.To))
	b = optionalText(b, `,"senderNickname":`, m.SenderNickname)
	b = optionalText(b, `,"timestamp":`, string(m.Timestamp))
	b = optionalText(b, `,"isOfflineStatus":`, string(m.IsOffline))
	b = optionalText(b, `,"messageCode":`, string(m.MessageCode))
	b = optionalText(b, `,"callId":`, string(m.CallID))
	b = optionalText(b, `,"interIdx":`, string(m.InterIdx))
	b = optionalText(b, `,"queueFlag":`, string(m.QueueFlag))
	b = flag(b, `,"nullContent":true`, m.NullContent)
	return object(b, at)
}

func appendGrant(b []byte, g *Grant) []byte {
	at := len(b)
	b = optionalText(b, `,"type":`, g.Type)
	b = optionalNumber(b, `,"seconds":`, int64(g.Seconds))
	return object(b, at)
}

func appendFile(b []byte, f *File) []byte {
	at := len(b)
	b = optionalText(b, `,"id":`, f.ID)
	b = optionalText(b, `,"kind":`, f.Kind)
	b = optionalText(b, `,"want":`, f.Want)
	b = appendNumber(b, `,"size":`, int64(f.Size))
	b = optionalText(b, `,"sha256":`, f.SHA256)
	b = flag(b, `,"badBase64":true`, f.BadBase)
	return object(b, at)
}

func appendRecord(b []byte, r *Record) []byte {
	b = aicc.AppendString(append(b, `{"user":`...), r.User)
	b = appendNumber(b, `,"epoch":`, int64(r.Epoch))
	b = optionalText(b, `,"callId":`, r.CallID)
	b = optionalArray(b, `,"senders":`, r.Senders, appendSaid)
	b = appendNumber(b, `,"heard":`, int64(r.Heard))
	b = optionalArray(b, `,"shown":`, r.Shown, appendSpan)
	b = optionalNumber(b, `,"garbled":`, int64(r.Garbled))
	b = optionalNumber(b, `,"quietMs":`, r.Quiet)
	b = optionalText(b, `,"ended":`, r.Ended)
	b = strconv.AppendBool(append(b, `,"hungUp":`...), r.HungUp)
	b = optionalNumber(b, `,"hungUpAgoMs":`, r.HungUpAgo)
	b = strconv.AppendBool(append(b, `,"owed":`...), r.Owed)
	b = optionalArray(b, `,"files":`, r.Files, appendFile)
	b = optionalArray(b, `,"uploads":`, r.Uploads, appendFile)
	b = optionalArray(b, `,"faults":`, r.Faults, func(b []byte, s *string) []byte { return aicc.AppendString(b, *s) })
	b = optionalNumber(b, `,"evaluation":`, int64(r.Evaluation))
	return append(b, '}')
}

func appendSaid(b []byte, s *Said) []byte {
	b = appendNumber(b, `{"sender":`, int64(s.Sender))
	b = appendNumber(b, `,"count":`, int64(s.Count))
	b = optionalNumber(b, `,"waiting":`, int64(s.Waiting))
	return append(b, '}')
}

func appendSpan(b []byte, s *[2]int) []byte {
	b = appendNumber(b, "[", int64(s[0]))
	b = appendNumber(b, ",", int64(s[1]))
	return append(b, ']')
}

// object makes what follows behind at an object: each of its fields begins with a comma, and there
// may be none.
func object(b []byte, at int) []byte {
	if len(b) == at {
		return append(b, '{', '}')
	}
	b[at] = '{'
	return append(b, '}')
}

// optionalArray appends an array with its key, or nothing when it is empty.
func optionalArray[T any](b []byte, key string, list []T, one func([]byte, *T) []byte) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(append(b, key...), '[')
	for i := range list {
		b = append(one(b, &list[i]), ',')
	}
	b[len(b)-1] = ']'
	return b
}

func appendNumber(b []byte, key string, n int64) []byte {
	return strconv.AppendInt(append(b, key...), n, 10)
}

func optionalNumber(b []byte, key string, n int64) []byte {
	if n == 0 {
		return b
	}
	return appendNumber(b, key, n)
}

func optionalText(b []byte, key, text string) []byte {
	if text == "" {
		return b
	}
	return aicc.AppendString(append(b, key...), text)
}

func flag(b []byte, field string, set bool) []byte {
	if !set {
		return b
	}
	return append(b, field...)
}
