package tenant

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/trace"
)

// Types that E07 and E08 list. "bpm" is the vendor's spelling; newer pages add bmp and jpeg.
var (
	uploadTypes   = []string{"jpg", "jpeg", "png", "bpm", "bmp", "mp3", "aac", "mp4", "txt", "csv"}
	downloadTypes = append([]string{"richtext", "doc", "docx", "pdf", "zip"}, uploadTypes...)
)

const (
	multiMedia  = "multiMedia" // must come with the id of a library file
	localPrefix = "local/"     // must stand before the key of a file from the agent's computer
)

// formats are the kinds of file that agents send; a file's format is part of its id.
var formats = [...]struct{ suffix, media string }{
	{"jpg", aicc.Image}, {"png", aicc.Image}, {"mp3", aicc.Audio}, {"mp4", aicc.Video}, {"txt", aicc.Document},
}

const (
	formatJPG byte = iota
	formatPNG
	formatMP3
	formatMP4
	formatTXT
)

// fileID names a file that an agent sent to a user. The content is made from the id whenever it
// is asked for, and whether an id was ever given out can be seen from the id itself, so files
// cost no memory.
//
// It is six random bytes, the format, 1 for a local file or 0, and eight bytes that only this
// tenant can have computed for this user.
type fileID [16]byte

func (t *Tenant) newFileID(format byte, local bool, user string, random uint64) fileID {
	var id fileID
	binary.BigEndian.PutUint64(id[:], random)
	id[6], id[7] = format, 0
	if local {
		id[7] = 1
	}
	copy(id[8:], t.seal(id, user))
	return id
}

// seal computes the second half of an id.
func (t *Tenant) seal(id fileID, user string) []byte {
	b := binary.BigEndian.AppendUint64(nil, t.opt.Seed)
	sum := sha256.Sum256(append(append(b, id[:8]...), user...))
	return sum[:8]
}

func (id fileID) local() bool    { return id[7] == 1 }
func (id fileID) suffix() string { return formats[id[6]].suffix }

// String is the content of the message: a UUID for a library file, a plain key for a local one.
func (id fileID) String() string {
	s := hex.EncodeToString(id[:])
	if id.local() {
		return s
	}
	return fmt.Sprintf("%s-%s-%s-%s-%s", s[:8], s[8:12], s[12:16], s[16:20], s[20:])
}

// parseFileID reads an id as a download names it, and checks that it was given to this user.
func (t *Tenant) parseFileID(text, user string) (id fileID, ok bool) {
	key, local := strings.CutPrefix(text, localPrefix)
	b, err := hex.DecodeString(strings.ReplaceAll(key, "-", ""))
	if err != nil || len(b) != len(id) || int(b[6]) >= len(formats) {
		return id, false
	}
	copy(id[:], b)
	return id, id.local() == local && id.String() == key && string(id[8:]) == string(t.seal(id, user))
}

// content makes the bytes of a file.
func (t *Tenant) content(id fileID) []byte {
	return SampleFile(id.suffix(), id.String(), int(t.cfg.Agents.Media.Size))
}

// agentSendsMedia follows an answer up with files, by the shares that are configured.
func (v *conversation) agentSendsMedia() {
	m := v.t.cfg.Agents.Media
	for _, kind := range []struct {
		share           float64
		library, origin byte // formats of a library file and of one from the agent's computer
	}{{m.Image, formatJPG, formatPNG}, {m.Audio, formatMP3, formatMP3}, {m.Video, formatMP4, formatMP4}, {m.Document, formatTXT, formatTXT}} {
		if kind.share <= 0 || v.rng.Float64() >= kind.share {
			continue
		}
		format, local := kind.library, m.Local > 0 && v.rng.Float64() < m.Local
		if local {
			format = kind.origin
		}
		v.agentSendsFile(format, local)
	}
	if m.Location > 0 && v.rng.Float64() < m.Location {
		v.agentSendsLocation()
	}
}

// agentSendsLocation sends a place to meet. The form of its content is not documented.
func (v *conversation) agentSendsLocation() {
	content := fmt.Sprintf("31.2304,121.4737,The Bund, Shanghai, gate %d", v.answers+1)
	if v.t.cfg.Agents.Media.LocationJSON {
		content = fmt.Sprintf(`{"latitude":31.2304,"longitude":121.4737,"description":"The Bund, Shanghai, gate %d"}`, v.answers+1)
	}
	if v.t.faults.take(badLocation, v) {
		content = "The Bund, Shanghai"
	}
	v.push(v.byAgent(message{control: aicc.Chat, media: aicc.Locate, content: content}))
}

func (v *conversation) agentSendsFile(format byte, local bool) {
	m := v.byAgent(message{control: aicc.Chat, media: formats[format].media})
	if format != formatTXT && v.t.faults.take(mediaEmptyID, v) { // the demo downloads no documents
		v.push(m)
		return
	}
	id := v.newFile(format, local)
	m.content = id.String()
	if local {
		m.contentType, m.fileType = "1", id.suffix()
		v.t.faults.sendingLocal(v, &m)
	}
	v.push(m)
}

// newFile makes a file for this customer and puts it into the record.
func (v *conversation) newFile(format byte, local bool) fileID {
	id := v.t.newFileID(format, local, v.c.user, v.rng.Uint64())
	if len(v.files) < keptFiles {
		v.files = append(v.files, describeFile(id.String(), id.suffix(), v.t.content(id)))
	}
	return id
}

func describeFile(id, want string, content []byte) trace.File {
	sum := sha256.Sum256(content)
	return trace.File{ID: id, Kind: sniff(content), Want: want, Size: len(content), SHA256: hex.EncodeToString(sum[:])}
}

// upload is E07. The bytes are not kept: agents here are machines and look at nothing.
func (t *Tenant) upload(x *http1.Exchange, c *customer) {
	var q struct {
		FileType   string `json:"fileType"`
		FileStream string `json:"fileStream"`
		Channel    string `json:"channel"`
	}
	if !t.decode(x, &q) {
		return
	}
	if q.FileType == "" || q.FileStream == "" || q.Channel == "" {
		t.answer(x, "returnCode", aicc.CodeMissing, "a parameter is missing")
		return
	}
	fileType := strings.ToLower(q.FileType)
	content, err := base64.StdEncoding.DecodeString(q.FileStream)
	if err != nil || q.Channel != aicc.ChannelWeb || !slices.Contains(uploadTypes, fileType) {
		t.answer(x, "returnCode", aicc.CodeWrong, "a parameter is wrong")
		return
	}
	limit := t.cfg.UploadLimit
	if fileType == "mp4" {
		limit = t.cfg.UploadLimitVideo
	}
	if limit > 0 && int64(len(content)) > limit {
		t.answer(x, "returnCode", aicc.CodeFailed, "the file is too large")
		return
	}
	t.keep(x, c, fileType, content)
}

// keep gives an upload a key.
func (t *Tenant) keep(x *http1.Exchange, c *customer, fileType string, content []byte) {
	key := newKey()
	c.mu.Lock()
	defer c.unlock()
	if t.faults != nil {
		key, content = t.faults.uploading(c, key, content)
	}
	c.rememberUpload(describeFile(key, fileType, content))
	b := t.appendCode(append(x.Body, '{'), "returnCode", aicc.CodeOK)
	if key != "" {
		b = appendText(append(b, `,"objectKey":`...), key)
	}
	x.Body = append(b, '}')
}

// download is E08.
func (t *Tenant) download(x *http1.Exchange, c *customer) {
	var q struct {
		FileID     string `json:"fileId"`
		Channel    string `json:"channel"`
		FileType   string `json:"fileType"`
		MultiMedia string `json:"multiMedia"`
	}
	if !t.decode(x, &q) {
		return
	}
	if q.FileID == "" {
		t.result(x, aicc.CodeNoObjectKey, "the object key is missing")
		return
	}
	id, ok := t.parseFileID(q.FileID, c.user)
	if !ok || q.Channel != aicc.ChannelWeb || !slices.Contains(downloadTypes, q.FileType) ||
		!id.local() && q.MultiMedia != multiMedia {
		t.result(x, aicc.CodeFailed, "there is no such file")
		return
	}
	content := t.content(id)
	if limit := t.cfg.DownloadLimit; limit > 0 && int64(len(content)) > limit {
		t.result(x, aicc.CodeFailed, "the file is too large")
		return
	}
	if t.faults != nil {
		content, ok = t.faults.serving(c, id, content)
		if !ok {
			t.refuse(x, http.StatusNotFound, "there is no such file")
			return
		}
	}
	t.fileAnswer(x, content)
	if t.faults != nil {
		t.faults.servedFile(x, c)
	}
}

func (t *Tenant) fileAnswer(x *http1.Exchange, content []byte) {
	b := t.appendCode(append(x.Body, '{'), "resultCode", aicc.CodeOK)
	b = append(b, `,"resultDesc":"ok","fileStream":"`...)
	x.Body = append(base64.StdEncoding.AppendEncode(b, content), `"}`...)
}
