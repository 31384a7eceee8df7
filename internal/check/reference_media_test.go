package check

import (
	"net/http"
	"slices"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// downloadable reports whether the demo downloads the file of a message: its robot branch comes
// before the one for pictures, voice and video.
func downloadable(m *aicc.Downlink) bool {
	return m.SourceType != aicc.FromRobot && slices.Contains([]string{aicc.Image, aicc.Audio, aicc.Video}, m.MediaType)
}

// The content of a media message is a file id whose download answers 0 with non-empty Base64 of the
// announced kind. An opportunity is a download that the tenant answered or may have answered, and a
// message without a file id. Whether files can be had after the end nobody says; those that can are right.
func mediaCanBeDownloaded(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		m := c.events[i].Message
		if downloadable(m) && m.ControlType != aicc.Disconnect && m.Content == "" {
			n.Opportunities++
			n.Violations++
		}
	}
	for _, i := range c.returned(aicc.OpDownload, c.limit) {
		e := &c.events[i]
		neverSent := e.Class == aicc.Fail && e.Status == 0
		if e.Probe || e.FileID == "" || neverSent || e.Status == http.StatusUnauthorized || e.Code == aicc.CodeFlowControl {
			continue
		}
		said, local := c.announcedFor(i)
		if c.o.Foreign && (e.NoBody || !said) {
			continue
		}
		if c.o.Foreign && (c.wrongRequest(e) || e.Class == aicc.Fail && local != e.Local) {
			n.Opportunities++
			n.unsure(ClientFault)
			continue
		}
		wrong := e.Class == aicc.Info || e.Class == aicc.Fail || unusable(e)
		switch {
		case e.Class != aicc.OK && c.overFor(i):
		case e.Class == aicc.Info:
			n.Opportunities++
			n.unsure(IndeterminateFile)
		default:
			n.judge(!wrong)
		}
	}
}

// announcedFor reports whether a message before place i announced the file of the download that ended
// there, and whether the latest one said that it is on the agent's computer.
func (c *chat) announcedFor(i int) (said, local bool) {
	for _, k := range c.delivered(i) {
		m := c.events[k].Message
		if isMedia(m) && m.Content != "" && sameFile(m.Content, c.events[i].FileID) {
			said, local = true, m.IsLocalFile()
		}
	}
	return said, local
}

// overFor reports whether the exchange that ended at place i may have found the conversation over: it
// was sent after DISCONNECT was delivered, or the customer sent its own before the answer.
func (c *chat) overFor(i int) bool {
	drops := c.handled(i)
	return c.leaving(i) || len(drops) > 0 && c.events[i].Started >= c.at(drops[0])
}

// unusable reports whether the demo could not show what a download brought.
func unusable(e *trace.Event) bool {
	f := e.File
	if f == nil || f.BadBase || f.Size == 0 || e.Status != http.StatusOK {
		return true
	}
	is, announced := family(f.Kind), family(f.Want)
	sound := f.Kind == "mp4" && announced == "voice" // in a container that may hold it alone
	return is != "" && announced != "" && is != announced && !sound
}

// The downloaded bytes are those of the file on the tenant. An opportunity is every file of the
// record that was downloaded, however often.
func filesUnchanged(c *chat, n *cases) {
	if c.record == nil {
		return
	}
	for _, f := range c.record.Files {
		downloads := c.downloads(f.ID)
		if len(downloads) == 0 || len(f.SHA256) < 16 {
			continue
		}
		n.Opportunities++
		if slices.ContainsFunc(downloads, func(d *trace.File) bool { return d.SHA256[:16] != f.SHA256[:16] }) {
			n.Violations++
		}
	}
}

// An upload of a listed type and at most 2 MiB is answered 0 with an object key.
func filesCanBeUploaded(c *chat, n *cases) {
	for _, i := range c.returned(aicc.OpUpload, c.limit) {
		e := &c.events[i]
		allowed := e.File != nil && e.File.Size <= 2<<20 && aicc.IsUploadType(e.File.Want)
		switch {
		case allowed && e.Status == http.StatusInternalServerError:
			n.Opportunities++
			n.unsure(IndeterminateFile)
		case allowed && toTheCall(e) && e.Code != aicc.CodeFlowControl:
			n.judge(e.Class != aicc.Fail && (e.Class != aicc.OK || e.FileID != ""))
		}
	}
}

// uploaded lists the uploads of the customer that got a key, from one place to another.
func (b *book) uploaded(from, to int) []*trace.Event {
	var all []*trace.Event
	for i := from; i < to; i++ {
		e := &b.events[i]
		if e.Kind == trace.Return && e.Op == aicc.OpUpload && e.Class == aicc.OK && e.FileID != "" {
			all = append(all, e)
		}
	}
	return all
}

// Two uploads of a customer do not get the same object key.
func keysDiffer(c *chat, n *cases) {
	for i := c.begin; i < c.limit; i++ {
		for _, e := range c.uploaded(i, i+1) {
			n.judge(!slices.ContainsFunc(c.uploaded(0, i), func(past *trace.Event) bool { return past.FileID == e.FileID }))
		}
	}
}

// The tenant holds the bytes that the customer uploaded; of several files with one key, the latest.
func uploadsUnchanged(c *chat, n *cases) {
	if c.record == nil {
		return
	}
	uploads := c.uploaded(c.begin, c.settled)
	slices.Reverse(uploads)
	for _, f := range c.record.Uploads {
		k := slices.IndexFunc(uploads, func(e *trace.Event) bool { return e.FileID == f.ID })
		if k < 0 || len(f.SHA256) < 16 || uploads[k].File == nil || len(uploads[k].File.SHA256) < 16 {
			continue
		}
		n.judge(uploads[k].File.SHA256[:16] == f.SHA256[:16])
	}
}

// contentType of a media message is 1 or nothing, and with 1 there is a mediaFileType.
func localFilesNameTheirType(c *chat, n *cases) {
	about := func(m *aicc.Downlink) bool { return isMedia(m) && m.ControlType != aicc.Disconnect && m.Content != "" }
	c.judgeEach(n, about, func(m *aicc.Downlink) bool {
		return m.ContentType == "" || m.ContentType == "0" || m.ContentType == "1" && m.MediaFileType != ""
	})
}
