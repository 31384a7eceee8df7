package check

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// maxFiles is how many files of a conversation are remembered for comparison with the record.
const maxFiles = 16

// mediaFile is a file that was announced and perhaps downloaded.
type mediaFile struct {
	id    uint64        // hash of the file id
	sum   uint64        // first 8 bytes of the SHA-256 of what was downloaded
	at    time.Duration // of the announcement, later of the download
	told  time.Duration // of the latest announcement
	size  int
	due   downloads
	got   bool
	torn  bool // two downloads brought different bytes
	local bool // it is said to be on the agent's computer
}

// downloads counts those of a file (SIM-05).
type downloads struct {
	owed int32 // messages that the demo downloads
	may  int32 // downloads that are neither demanded nor wrong
	made int32
}

// mediaCount is about files that are not remembered.
type mediaCount struct {
	due      downloads
	overflow bool // more files than are remembered
}

// mediaDelivered notes a file that was announced (DEL-04), and whether the demo downloads it
// (MED-01, SIM-05). The demo's robot branch comes first, so media from ROBOT are not among those.
func (s *Session) mediaDelivered(e *trace.Event) {
	m := e.Message
	_, mapped := aicc.MediaFileType(m.MediaType)
	mapped = mapped && m.SourceType != aicc.FromRobot
	switch {
	case m.Content != "" && isMedia(m):
		s.announced(e, mapped)
	case mapped && m.ControlType != aicc.Disconnect:
		s.met(med01)
		s.failMedia(e.At, e.At, m.Content, "its message carries no file id")
	}
}

// announced notes a file that may be downloaded, and must be if the demo does. A judged client may
// show more than the demo can.
func (s *Session) announced(e *trace.Event, mapped bool) {
	due := &s.rarely().media.due
	if f := s.remember(e.Message.Content, e.At); f != nil {
		f.told, f.local = e.At, e.Message.IsLocalFile()
		due = &f.due
	}
	switch {
	case mapped && !s.poll.probe:
		due.owed++
		s.met(sim05)
	case mapped || s.opts().Foreign:
		due.may++
	}
}

func (s *Session) remember(id string, at time.Duration) *mediaFile {
	key := fileKey(id)
	if f := s.file(key); f != nil {
		return f
	}
	r := s.rarely()
	if len(r.files) == maxFiles {
		r.media.overflow = true
		return nil
	}
	r.files = append(r.files, mediaFile{id: key, at: at})
	return &r.files[len(r.files)-1]
}

func (s *Session) file(key uint64) *mediaFile {
	files := s.rare.files
	for i := range files {
		if files[i].id == key {
			return &files[i]
		}
	}
	return nil
}

// fileKey hashes a file id; files on the agent's computer are named with and without their prefix.
func fileKey(id string) uint64 { return hash(strings.TrimPrefix(id, "local/")) }

func (s *Session) downloadStarts(e *trace.Event) {
	if !e.Probe && e.FileID != "" {
		s.downloadsOf(e.FileID).made++
	}
}

// downloadsOf counts the downloads of a file, to be changed.
func (s *Session) downloadsOf(id string) *downloads {
	if f := s.expected(id); f != nil {
		return &f.due
	}
	return &s.rarely().media.due
}

// expected returns a file that may be downloaded, or nil.
func (s *Session) expected(id string) *mediaFile {
	if f := s.file(fileKey(id)); f != nil && f.due.owed+f.due.may > 0 {
		return f
	}
	return nil
}

// downloadEnds judges the answer of a download (MED-01).
func (s *Session) downloadEnds(e *trace.Event) {
	switch {
	case e.FileID == "" || e.Probe:
		return // an empty id was judged with its message
	case e.Status == 401:
		s.downloadsOf(e.FileID).may++ // the token ran out; after renewing it the customer asks again
		return
	case s.opts().Foreign && s.excusesDownload(e):
		return
	case e.Class == aicc.Fail && e.Status == 0, e.Code == aicc.CodeFlowControl:
		return // never left this machine, or was too much for it
	}
	wrong := fileFault(e)
	if e.Class != aicc.OK && s.over(e.Started) {
		return // nobody says that files can be had after the end
	}
	s.met(med01)
	switch {
	case e.Class != aicc.OK && e.Class != aicc.Fail:
		s.unsure(med01, IndeterminateFile, 1)
	case wrong != "":
		s.failMedia(e.Started, e.At, e.FileID, wrong)
	default:
		s.downloaded(e)
	}
}

// excusesDownload reports whether the outcome of a judged client's download says nothing of the
// tenant: the body was not kept, or nobody announced the file, or it was asked for in another way than
// announced. After one that did not succeed it may try again.
func (s *Session) excusesDownload(e *trace.Event) bool {
	f := s.expected(e.FileID)
	if e.NoBody || e.Class == aicc.OK || f == nil {
		return e.NoBody || f == nil
	}
	f.due.may++
	answered := e.Status != 0 && e.Code != aicc.CodeFlowControl
	if answered && (s.wrongRequest(e) || e.Class == aicc.Fail && f.local != e.Local) {
		s.met(med01)
		s.unsure(med01, ClientFault, 1)
		return true
	}
	return false
}

// over reports whether the conversation had ended, for what began at the given time.
func (s *Session) over(started time.Duration) bool {
	return s.conv.connect.leaving || s.rare.drop.handled > 0 && started >= s.rare.drop.at
}

// fileFault says what is wrong with an answered download, or "".
func fileFault(e *trace.Event) string {
	f := e.File
	switch {
	case e.Status != 200:
		return "its download was refused with HTTP " + itoa(e.Status)
	case e.Class != aicc.OK:
		return "its download was answered " + e.Code
	case f == nil:
		return "the answer carries no file"
	case f.BadBase:
		return "the answer is not Base64"
	case f.Size == 0:
		return "the file is empty"
	case !fits(f.Kind, f.Want):
		return "it was announced as " + f.Want + " and is " + f.Kind
	}
	return ""
}

// fits reports whether a file can be what it was announced as, as far as either is known. What is
// made for video may hold a voice alone.
func fits(kind, want string) bool {
	is, wanted := family(kind), family(want)
	return is == "" || wanted == "" || is == wanted || wanted == "voice" && kind == "mp4"
}

// family is the kind of medium a suffix belongs to. The demo asks for every picture as jpg, so a
// png under that name is no conflict.
func family(kind string) string {
	switch kind {
	case "jpg", "jpeg", "png", "gif", "bmp", "bpm", "webp":
		return "picture"
	case "mp3", "aac", "wav", "amr", "m4a", "ogg":
		return "voice"
	case "mp4", "mov", "webm", "avi":
		return "video"
	case "txt", "pdf", "zip", "rtf":
		return "document" // an error page, for one, where a picture was announced
	}
	return ""
}

func (s *Session) failMedia(since, at time.Duration, id, wrong string) {
	s.fail(finding{rule: med01, count: 1, at: at, tell: func() story {
		before := did(since, "download of %q sent", clip(id))
		if id == "" {
			before = came(since, "a media message was delivered")
		}
		return story{sentence: "a media message cannot be shown: " + wrong, events: []WitnessEvent{
			before, came(at, "%s", wrong),
		}}
	}})
}

func (s *Session) downloaded(e *trace.Event) {
	sum, ok := sumOf(e.File.SHA256)
	if !ok {
		return
	}
	if f := s.remember(e.FileID, e.At); f != nil {
		f.torn = f.torn || f.got && f.sum != sum
		f.sum, f.got, f.at, f.size = sum, true, e.At, e.File.Size
	}
}

// settleFiles compares the record's files with those that were announced (DEL-04) and downloaded
// (MED-02). Files carry no number, so they must have arrived only when the DISCONNECT behind them
// did.
func (s *Session) settleFiles(e *trace.Event) {
	for i := range e.Record.Files {
		want := &e.Record.Files[i]
		f := s.file(fileKey(want.ID))
		if s.rare.drop.handled > 0 {
			s.settleAnnounced(want, f, e.At)
		}
		if sum, ok := sumOf(want.SHA256); ok && f != nil && f.got {
			s.settleBytes(want, f, sum)
		}
	}
}

func (s *Session) settleAnnounced(want *trace.File, f *mediaFile, at time.Duration) {
	switch {
	case f == nil && s.rare.media.overflow:
		s.unsure(del04, EvidenceDropped, 1)
		return
	case f != nil:
		s.met(del04)
		return
	}
	s.met(del04)
	drop, id := s.rare.drop, want.ID
	s.missing(1, s.exposedUntil >= s.conv.begun, finding{at: at, tell: func() story {
		return story{sentence: "the media message with file id " + clip(id) + " was never delivered", events: []WitnessEvent{
			came(drop.at, "poll %d delivered DISCONNECT, before which it was said", drop.poll),
			event(at, "the tenant's record lists it"),
		}}
	}})
}

// settleBytes compares a download with the file it is of, whose digest begins with sum.
func (s *Session) settleBytes(want *trace.File, f *mediaFile, sum uint64) {
	s.met(med02)
	if sum == f.sum && !f.torn {
		return
	}
	id, size, got := want.ID, want.Size, *f
	extent := max(int64(size-got.size), int64(got.size-size))
	s.fail(finding{rule: med02, count: 1, extent: extent, at: got.at, tell: func() story {
		what := fmt.Sprintf("the download has %d bytes; the tenant's file has %d and another SHA-256", got.size, size)
		if got.torn {
			what = "this download and one before it brought different bytes"
		}
		return story{sentence: "the downloaded file " + clip(id) + " differs from the tenant's",
			events: []WitnessEvent{came(got.at, "%s", what)}}
	}})
}

// settleDownloads decides SIM-05. A conversation that was cut off may leave downloads undone.
func (s *Session) settleDownloads(e ending) {
	for i := range s.rare.files {
		if f := &s.rare.files[i]; s.downloadsWrong(f.due, f.told, e) {
			s.failDownloads(f.due, f.told, e, "the media message that was delivered last with this file id")
		}
	}
	if due := s.rare.media.due; !s.opts().Foreign && s.downloadsWrong(due, s.conv.begun, e) {
		s.failDownloads(due, s.conv.begun, e, "the conversation begins; files that nobody announced, or too many")
	}
}

// downloadsWrong reports whether a file was downloaded too seldom or too often.
func (s *Session) downloadsWrong(d downloads, told time.Duration, e ending) bool {
	switch {
	case d.made > d.owed+d.may:
		return !s.rare.manners.unread // or another message announced it
	case d.made >= d.owed:
		return false
	case s.opts().Foreign:
		return s.hadTime(sim05, told, e)
	}
	return !e.cut
}

func (s *Session) failDownloads(d downloads, told time.Duration, e ending, what string) {
	s.fail(finding{rule: sim05, count: 1, extent: max(int64(d.made-d.owed), int64(d.owed-d.made)), at: e.at, tell: func() story {
		return story{sentence: itoa(int(d.owed)) + " media messages of a file led to " + itoa(int(d.made)) + " downloads of it", events: []WitnessEvent{
			event(told, "%s", what),
			did(e.at, "the conversation ends"),
		}}
	}})
}

// maxUploads is how many uploads of a conversation are remembered.
const maxUploads = 16

// maxUploadSize is up to which size an upload must succeed, in bytes: no page gives a limit, and
// this is that of the download.
const maxUploadSize = aicc.MaxDownloadSize

// uploads are what the customer uploaded.
type uploads struct {
	keys  recent      // object keys, of all conversations
	files []mediaFile // of this conversation, the last maxUploads
}

// uploads returns what was uploaded, to be changed.
func (s *Session) uploads() *uploads {
	r := s.rarely()
	if r.uploads == nil {
		r.uploads = new(uploads)
	}
	return r.uploads
}

// uploaded judges the answer of an upload (MED-03, MED-04).
func (s *Session) uploaded(e *trace.Event) {
	f := e.File
	if f != nil && f.Size <= maxUploadSize && aicc.IsUploadType(f.Want) {
		s.uploadable(e)
	}
	if e.Class != aicc.OK || e.FileID == "" {
		return
	}
	s.met(med04)
	if before, ok := s.uploads().keys.remember(hash(e.FileID), e.At); ok {
		s.failSameKey(before, e)
	}
	if f != nil {
		s.rememberUpload(e)
	}
}

// uploadable judges the answer to an upload that should have succeeded.
func (s *Session) uploadable(e *trace.Event) {
	switch {
	case e.Status == http.StatusInternalServerError:
		s.met(med03)
		s.unsure(med03, IndeterminateFile, 1)
	case !answeredPlainly(e) || e.Class == aicc.Info:
	case e.Class == aicc.Fail || e.FileID == "":
		s.met(med03)
		s.failAnswer(med03, e, "a "+clip(e.File.Want)+" of "+itoa(e.File.Size)+" bytes could not be uploaded")
	default:
		s.met(med03)
	}
}

func (s *Session) failSameKey(before time.Duration, e *trace.Event) {
	s.fail(finding{rule: med04, count: 1, at: e.At, tell: func() story {
		return story{sentence: "two uploads got the object key " + clip(e.FileID), events: []WitnessEvent{
			came(before, "an upload was answered with it"),
			came(e.At, "%s %d was answered with it too", e.Op, e.ID),
		}}
	}})
}

func (s *Session) rememberUpload(e *trace.Event) {
	sum, ok := sumOf(e.File.SHA256)
	if !ok {
		return
	}
	up := s.uploads()
	if len(up.files) == maxUploads {
		up.files = append(up.files[:0], up.files[1:]...)
	}
	up.files = append(up.files, mediaFile{id: hash(e.FileID), sum: sum, got: true, at: e.At, size: e.File.Size})
}

// sumOf is the first 8 bytes of a SHA-256 in hexadecimal.
func sumOf(sha256 string) (sum uint64, ok bool) {
	if len(sha256) < 16 {
		return 0, false
	}
	sum, err := strconv.ParseUint(sha256[:16], 16, 64)
	return sum, err == nil
}

// settleUploads compares the record's uploads with what was uploaded (MED-05).
func (s *Session) settleUploads(e *trace.Event) {
	if s.rare.uploads == nil {
		return
	}
	for i := range e.Record.Uploads {
		have := &e.Record.Uploads[i]
		sum, ok := sumOf(have.SHA256)
		if !ok {
			continue
		}
		for _, sent := range slices.Backward(s.rare.uploads.files) {
			if sent.id == hash(have.ID) {
				s.settleUpload(&sent, have, sum, e.At)
				break
			}
		}
	}
}

func (s *Session) settleUpload(sent *mediaFile, have *trace.File, sum uint64, at time.Duration) {
	s.met(med05)
	if sum == sent.sum {
		return
	}
	sentAt, size, id, kept := sent.at, sent.size, have.ID, have.Size
	s.fail(finding{rule: med05, count: 1, extent: max(int64(size-kept), int64(kept-size)), at: at, tell: func() story {
		return story{sentence: "the uploaded file " + clip(id) + " is another on the tenant", events: []WitnessEvent{
			did(sentAt, "%d bytes were uploaded", size),
			event(at, "the tenant has %d bytes with another SHA-256", kept),
		}}
	}})
}

// localFile judges that a media message says how to download it (MED-06).
func (s *Session) localFile(e *trace.Event) {
	m := e.Message
	if !isMedia(m) || m.ControlType == aicc.Disconnect || m.Content == "" {
		return
	}
	s.met(med06)
	switch m.ContentType {
	case "", "0":
	case "1":
		if m.MediaFileType == "" {
			s.failMessage(med06, e, "a file of the agent's computer has no mediaFileType")
		}
	default:
		s.failMessage(med06, e, "contentType is "+clip(string(m.ContentType)))
	}
}
