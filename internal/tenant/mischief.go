package tenant

import (
	"bytes"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
)

// The faults themselves, one function for each place where a tenant can go wrong: here those of
// ends and files, and by area in the other files of this name. A healthy tenant never comes here,
// or leaves at once. Unless noted, the customer's mutex is held.

// lateness is by how much late-drop is late: more than any deadline that a run sets by default.
const lateness = 15 * time.Second

// patience is the silence that the platform grants.
func (f *faults) patience(v *conversation, limit time.Duration) time.Duration {
	if f.take(impatient, v) {
		return limit / 4
	}
	return limit
}

// ignoringLeave reports whether the customer's DISCONNECT goes unheard. Nobody says anything any
// more all the same.
func (f *faults) ignoringLeave(v *conversation) bool {
	if v.phase == ended || !f.take(deafDisconnect, v) {
		return false
	}
	v.phase, v.memory.ghost = nobody, true
	return true
}

// hangingUp is told that agent or platform are about to hang up.
func (f *faults) hangingUp(v *conversation) {
	v.memory.late = f.take(lateDrop, v)
	v.memory.silent = v.memory.late || f.take(silentDrop, v)
}

// hangUp takes the place of push for the DISCONNECT of the agent or the platform.
func (f *faults) hangUp(v *conversation, m message) {
	switch {
	case v.memory.late:
		v.later(ended, lateness, func() {
			if v.c.conv == v {
				v.memory.silent = false
				v.push(m)
			}
		})
		return
	case v.memory.silent:
		v.owed = false
		return
	case m.source == aicc.FromAgent && f.take(robotDrop, v):
		m.source = aicc.FromRobot
	case f.take(mediaDrop, v):
		m.media, m.content = aicc.Image, v.newFile(formatJPG, false).String()
	case m.offline == "true" && f.take(noTip, v):
		m.content = ""
	}
	v.push(m)
}

// sendingLocal can take its type from a file of the agent's computer: one that is of the kind that
// the demo takes it for then.
func (f *faults) sendingLocal(v *conversation, m *message) {
	if (m.media == aicc.Audio || m.media == aicc.Video) && f.take(localUntyped, v) {
		m.fileType = ""
	}
}

// uploading changes the key or the bytes of an upload.
func (f *faults) uploading(c *customer, key string, content []byte) (string, []byte) {
	v := c.conv
	if v == nil || v.phase == ended {
		return key, content
	}
	switch n := len(c.uploads); {
	case f.take(uploadNoKey, v):
		return "", content
	case n > 0 && len(v.uploads) == 0 && f.take(sameKey, v):
		return c.uploads[n-1].ID, content
	case len(content) > 0 && f.take(uploadGarbled, v):
		content = bytes.Clone(content)
		content[len(content)-1] ^= 1
	}
	return key, content
}

// serving changes the bytes of a download; not ok means that the file is not found. The mutex is
// not held.
func (f *faults) serving(c *customer, id fileID, content []byte) (changed []byte, ok bool) {
	c.mu.Lock()
	defer c.unlock()
	switch {
	case f.take(media404, c.conv):
		return nil, false
	case f.take(mediaTruncated, c.conv):
		return content[:len(content)*3/4], true
	case f.take(mediaSwapped, c.conv):
		return SampleFile(id.suffix(), "another file", len(content)), true
	}
	return content, true
}

// servedFile damages the Base64 of a download. The mutex is not held.
func (f *faults) servedFile(x *http1.Exchange, c *customer) {
	c.mu.Lock()
	defer c.unlock()
	if f.take(mediaBadBase64, c.conv) {
		x.Body = bytes.Replace(x.Body, []byte(`"fileStream":"`), []byte(`"fileStream":"*?`), 1)
	}
}
