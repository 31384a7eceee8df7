package doctor

import (
	"bytes"
	"net/http"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
)

// uploadCodes are the documented codes of uploadFileStream (section E07).
var uploadCodes = map[string]string{"2": "a parameter is missing", "3": "a parameter is wrong", "13": "the upload failed"}

// upload sends a picture of one pixel to whoever is there.
func (w *walk) upload() finding {
	a := w.u.Call(w.ctx, caller.UploadCall("uploadFileStream"))
	endpoint := clientPage("客户发送文件 (uploadFileStream)")
	switch {
	case !a.OK():
		return meaning(w.refused(d("E07"), &a), &a, uploadCodes).advise("look whether uploads are allowed and have somewhere to be stored: what is to be set for it the vendor's pages do not say", endpoint)
	case a.ObjectKey == "":
		return wrong(d("E07"), "uploadFileStream was accepted, and gave no objectKey").advise("ask the vendor", endpoint)
	}
	sent, f, ok := w.during(func() caller.Answer { return w.sendPicture(a.ObjectKey) })
	switch {
	case !ok:
		return f
	case !sent.OK() && w.talk.deaf != "":
		return w.notLookedAt(w.talk.deaf) // the conversation may have ended
	case !sent.OK():
		return w.refused(d("E03"), &sent).advise("the upload was accepted and sending it was not; ask the vendor", endpoint)
	}
	return right(d("E03"), "a picture was uploaded and sent")
}

// sendPicture sends an upload, by its key as on the newer pages or with the suffix of older ones.
func (w *walk) sendPicture(key string) caller.Answer {
	a := caller.Answer{}
	for _, content := range []string{key, key + ",png"} {
		a = w.u.Call(w.ctx, caller.SendCall(aicc.PathSend, "CHAT of an IMAGE", w.u.Body(aicc.Chat, content).With("mediaType", aicc.Image)))
		if a.OK() {
			break
		}
	}
	return a
}

// downloadCodes are the documented codes of downloadFileStream (section E08).
var downloadCodes = map[string]string{
	"2": "channel, user or tenant is missing from the token", "13": "the type is not allowed, the file is empty, or the file server failed",
	"401": "the object key is missing",
}

// download fetches the picture that an agent was asked for.
func (w *walk) download() finding {
	endpoint := clientPage("客户接收文件 (downloadFileStream)")
	if w.talk.picture == nil && w.u.Open && !w.u.HungUp {
		w.until(0, w.Patience, func(m *aicc.Downlink) bool {
			_, media := aicc.MediaFileType(m.MediaType)
			return media && caller.ByAgent(m) && m.Content != ""
		})
	}
	m := w.talk.picture
	switch {
	case m == nil && w.u.HungUp:
		return unsure(u("4"), "the other side hung up, and no agent had sent a picture").advise("have an agent send one when asked, and run doctor again", agentPage())
	case m == nil:
		return unsure(u("4"), "no agent sent a picture within %v", w.Patience).advise("have an agent send one when asked, and run doctor again", agentPage())
	}
	a := w.u.Call(w.ctx, caller.DownloadCall(m))
	if !a.OK() {
		return meaning(w.refused(d("E08"), &a), &a, downloadCodes).advise("look at the file server, and whether the file is larger than the tenant lets download", endpoint)
	}
	content := a.Decoded()
	switch kind := http.DetectContentType(content); {
	case len(content) == 0:
		return wrong(d("E08"), "the file of the agent is empty").advise("look at the file server", endpoint)
	case bytes.Equal(content, a.FileStream):
		return wrong(d("E08"), "the file of the agent is not Base64").advise("look at what stands between this machine and the tenant", endpoint)
	default:
		return right(s("E08"), "%s of %d bytes (%s) was fetched", m.MediaType, len(content), kind)
	}
}
