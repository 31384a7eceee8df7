package check

import (
	"strings"
	"testing"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

func TestMedia(t *testing.T) {
	serve := func(change func(*trace.File)) func(h *history) {
		return func(h *history) { h.serve("p1", change).open().poll(image("p1")).end(trace.ByCustomer) }
	}
	answered := func(e trace.Event) func(h *history) {
		return func(h *history) {
			h.open().poll(notice("")).wait(DefaultPause)
			h.call(aicc.OpPoll, pollTakes, ok())
			h.add(trace.Event{Kind: trace.Deliver, ID: h.lastID, Message: image("p1")(h)})
			h.aside(aicc.OpSupport, ok())
			e.FileID = "p1"
			h.call(aicc.OpDownload, ms, e).end(trace.ByCustomer)
		}
	}
	record := func(change func(*trace.File)) func(h *history) {
		return func(h *history) {
			want := goodFile("p1")
			change(&want)
			h.open().poll(image("p1"), disconnect()).journal(trace.Record{HungUp: true, Files: []trace.File{want}}).end(trace.ByPeer)
		}
	}
	after := func(change func(*trace.Event)) func(h *history) { // the download of what came with DISCONNECT
		return func(h *history) {
			h.open().poll(notice(""), image("p1"), disconnect())
			answer := &h.events[len(h.events)-1]
			if change != nil {
				f := *answer.File
				answer.File = &f
				id, op, since := answer.ID, answer.Op, answer.Started
				change(answer)
				answer.Kind, answer.ID, answer.Op, answer.Started, answer.FileID, answer.At = trace.Return, id, op, since, "p1", h.now
			}
			h.end(trace.ByPeer)
		}
	}
	meanwhile := func(happens func(h *history)) func(h *history) { // while a download is on its way that will be refused
		return func(h *history) {
			h.open().poll(notice("")).wait(DefaultPause).call(aicc.OpPoll, pollTakes, ok())
			h.add(trace.Event{Kind: trace.Deliver, ID: h.lastID, Message: image("p1")(h)})
			h.aside(aicc.OpSupport, ok())
			started := h.add(trace.Event{Kind: trace.Invoke, Op: aicc.OpDownload, ID: strayID, FileID: "p1"}).At
			happens(h.wait(ms))
			refused := failed()
			refused.Kind, refused.Op, refused.ID, refused.FileID, refused.Started = trace.Return, aicc.OpDownload, strayID, "p1", started
			h.add(refused)
			h.quit(trace.ByPeer)
		}
	}
	const holds = "MED-01 SIM-05"
	runCases(t, []ruleCase{
		{name: "holds", why: "a picture was downloaded", story: serve(func(*trace.File) {}), options: wireOnly, pass: holds},
		{name: "png announced as jpg", why: "the demo asks for jpg whatever the picture is", options: wireOnly, pass: holds,
			story: serve(func(f *trace.File) { f.Kind = "png" })},
		{name: "unknown kind", why: "not judged", options: wireOnly, pass: holds, story: serve(func(f *trace.File) { f.Kind = "" })},
		{name: "other kind", why: "a voice message as a picture", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: serve(func(f *trace.File) { f.Kind = "mp3" })},
		{name: "voice in a video's container", why: "recorders of telephones and browsers write that", options: wireOnly, pass: holds,
			story: serve(func(f *trace.File) { f.Kind, f.Want = "mp4", "mp3" })},
		{name: "another container for voice", why: "mov is for video", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: serve(func(f *trace.File) { f.Kind, f.Want = "mov", "mp3" })},
		{name: "video as a picture", why: "it may hold a voice, but no picture", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: serve(func(f *trace.File) { f.Kind = "mp4" })},
		{name: "bad base64", why: "the demo cannot show it", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: serve(func(f *trace.File) { f.BadBase = true })},
		{name: "empty file", why: "the demo cannot show it", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: serve(func(f *trace.File) { f.Size = 0 })},
		{name: "no file", why: "answered 0 without one", options: wireOnly, trouble: []string{"MED-01 FAIL"}, story: answered(ok())},
		{name: "refused", why: "answered 13", options: wireOnly, trouble: []string{"MED-01 FAIL"}, story: answered(failed())},
		{name: "not found", why: "HTTP 404", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: answered(trace.Event{Class: aicc.Fail, Status: 404})},
		{name: "lost", why: "no answer", options: wireOnly, trouble: []string{"MED-01 INCONCLUSIVE"}, story: answered(info())},
		{name: "never sent", why: "no connection", options: wireOnly, idle: "MED-01", story: answered(trace.Event{Class: aicc.Fail})},
		{name: "token ran out", why: "the customer renews it and asks again", options: wireOnly, pass: holds,
			story: func(h *history) {
				answered(trace.Event{Class: aicc.Fail, Status: 401})(h)
				h.events = h.events[:len(h.events)-1]
				h.download("p1").end(trace.ByCustomer)
			}},
		{name: "fetched after DISCONNECT", why: "files may stay", options: wireOnly, pass: "MED-01", story: after(nil)},
		{name: "bad base64 after DISCONNECT", why: "what is answered is to be right", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: after(func(e *trace.Event) { e.File.BadBase = true })},
		{name: "refused after DISCONNECT", why: "nobody says that files stay", options: wireOnly, idle: "MED-01",
			story: after(func(e *trace.Event) { e.Class, e.Code, e.File = aicc.Fail, aicc.CodeFailed, nil })},
		{name: "lost after DISCONNECT", why: "an answer would not have counted either", options: wireOnly, idle: "MED-01",
			story: after(func(e *trace.Event) { *e = info() })},
		{name: "refused, asked for before DISCONNECT came", why: "the conversation ran", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: meanwhile(func(h *history) { h.poll(disconnect()) })},
		{name: "refused, asked for before the customer's DISCONNECT", why: "it may have been faster", options: wireOnly, idle: "MED-01",
			story: meanwhile(func(h *history) { h.hangUp() })},
		{name: "empty id", why: "there is nothing to download", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: func(h *history) { h.open().poll(image("")).end(trace.ByCustomer) }},
		{name: "robot's picture", why: "the robot branch takes it", options: wireOnly, idle: holds,
			story: func(h *history) {
				h.open().poll(plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromRobot, MediaType: aicc.Image, Content: "p1"})).
					end(trace.ByCustomer)
			}},
		{name: "same bytes", why: "as recorded", story: record(func(*trace.File) {}), pass: "MED-01 MED-02 DEL-04"},
		{name: "other bytes", why: "the checksum differs", trouble: []string{"MED-02 FAIL"},
			story: record(func(f *trace.File) { f.SHA256 = strings.Repeat("0", 64) })},
		{name: "other bytes once", why: "one of two downloads differs, so it differs from the file as well",
			trouble: []string{"MED-02 FAIL"},
			story: func(h *history) {
				h.serve("p1", func(f *trace.File) { f.SHA256 = strings.Repeat("0", 64) }).open().poll(image("p1"))
				h.serve("p1", func(*trace.File) {}).poll(image("p1"), disconnect()).
					journal(trace.Record{HungUp: true, Files: []trace.File{goodFile("p1")}}).end(trace.ByPeer)
			}},
		{name: "no checksum", why: "nothing to compare", idle: "MED-02", story: record(func(f *trace.File) { f.SHA256 = "" })},
		{name: "local file", why: "the record names it with its prefix", pass: "MED-02 DEL-04",
			story: record(func(f *trace.File) { f.ID = "local/p1" })},
		{name: "too many files", why: "the first sixteen are compared, the others are not lost", trouble: []string{"DEL-04 INCONCLUSIVE"},
			pass: "MED-01 MED-02 SIM-05",
			story: func(h *history) {
				h.open()
				var r trace.Record
				for i := range maxFiles + 2 {
					id := "p" + itoa(i)
					r.Files = append(r.Files, goodFile(id))
					h.poll(image(id))
				}
				r.HungUp = true
				h.poll(disconnect()).journal(r).end(trace.ByPeer)
			}},
	})
}

func TestUploads(t *testing.T) {
	answered := func(e trace.Event, change func(f *trace.File)) func(h *history) {
		return func(h *history) {
			f := goodFile("key")
			change(&f)
			e.File = &f
			h.open().poll(notice("")).call(aicc.OpUpload, ms, e).end(trace.ByCustomer)
		}
	}
	good := ok()
	good.FileID = "key"
	as := func(*trace.File) {}
	kept := func(uploads ...trace.File) func(h *history) {
		return func(h *history) {
			h.open().poll(notice("")).upload("key").hangUp().journal(trace.Record{Uploads: uploads}).end(trace.ByCustomer)
		}
	}
	file := func(change func(f *trace.File)) trace.File {
		f := goodFile("key")
		change(&f)
		return f
	}
	shows := func(change func(d *aicc.Downlink)) func(h *history) {
		return func(h *history) {
			h.open().poll(says(aicc.FromRobot, func(d *aicc.Downlink) { d.MediaType, d.Content = aicc.Image, "p1" }, change)).end(trace.ByCustomer)
		}
	}
	runCases(t, []ruleCase{
		{name: "uploaded", why: "2 MiB are allowed", options: wireOnly, pass: "MED-03 MED-04",
			story: answered(good, func(f *trace.File) { f.Size = 2 << 20 })},
		{name: "refused", why: "a picture", options: wireOnly, trouble: []string{"MED-03 FAIL"}, story: answered(failed(), as)},
		{name: "something went wrong", why: "HTTP 500 is documented, and says little", options: wireOnly, trouble: []string{"MED-03 INCONCLUSIVE"},
			story: answered(trace.Event{Class: aicc.Info, Status: 500}, as)},
		{name: "no key", why: "answered 0 without one", options: wireOnly, trouble: []string{"MED-03 FAIL"}, idle: "MED-04", story: answered(ok(), as)},
		{name: "too big", why: "a byte too many", options: wireOnly, idle: "MED-03", story: answered(failed(), func(f *trace.File) { f.Size = 2<<20 + 1 })},
		{name: "not a listed type", why: "exe", options: wireOnly, idle: "MED-03", story: answered(failed(), func(f *trace.File) { f.Want = "exe" })},
		{name: "flow control", why: "the tenant may count", options: wireOnly, idle: "MED-03",
			story: answered(trace.Event{Class: aicc.Fail, Status: 200, Code: aicc.CodeFlowControl}, as)},
		{name: "lost", why: "no answer", options: wireOnly, idle: "MED-03", story: answered(info(), as)},
		{name: "same key", why: "the second hides the first", options: wireOnly, trouble: []string{"MED-04 FAIL"},
			story: func(h *history) { h.open().poll(notice("")).upload("key").upload("key").end(trace.ByCustomer) }},
		{name: "same key in another conversation", why: "a customer's files stay", options: wireOnly, trouble: []string{"MED-04 FAIL"},
			story: func(h *history) {
				h.open().poll(notice("")).upload("key").end(trace.ByCustomer).open().poll(notice("")).upload("key").end(trace.ByCustomer)
			}},
		{name: "same key after many others", why: "only so many are remembered", options: wireOnly, pass: "MED-04",
			story: func(h *history) {
				h.open().poll(notice(""))
				for i := range 40 {
					h.upload("key" + itoa(i))
				}
				h.upload("key0").end(trace.ByCustomer)
			}},
		{name: "same bytes", why: "as uploaded", pass: "MED-05", story: kept(file(as))},
		{name: "other bytes", why: "the checksum differs", trouble: []string{"MED-05 FAIL"},
			story: kept(file(func(f *trace.File) { f.SHA256 = goodFile("other").SHA256 }))},
		{name: "same key for other bytes", why: "the latest upload is what is kept", trouble: []string{"MED-04 FAIL"}, pass: "MED-05",
			story: func(h *history) {
				other := goodFile("other")
				again := ok()
				again.FileID, again.File = "key", &other
				kept := other
				kept.ID = "key"
				h.open().poll(notice("")).upload("key").call(aicc.OpUpload, ms, again).hangUp().
					journal(trace.Record{Uploads: []trace.File{kept}}).end(trace.ByCustomer)
			}},
		{name: "no checksum", why: "nothing to compare", idle: "MED-05", story: kept(file(func(f *trace.File) { f.SHA256 = "" }))},
		{name: "another file", why: "this customer did not upload it", idle: "MED-05", story: kept(goodFile("other"))},
		{name: "library file", why: "no content type", options: wireOnly, pass: "MED-06", story: shows(func(*aicc.Downlink) {})},
		{name: "local file", why: "its type is told", options: wireOnly, pass: "MED-06",
			story: shows(func(d *aicc.Downlink) { d.ContentType, d.MediaFileType = "1", "jpg" })},
		{name: "local file without a type", why: "it cannot be downloaded", options: wireOnly, trouble: []string{"MED-06 FAIL"},
			story: shows(func(d *aicc.Downlink) { d.ContentType = "1" })},
		{name: "unknown content type", why: "2", options: wireOnly, trouble: []string{"MED-06 FAIL"},
			story: shows(func(d *aicc.Downlink) { d.ContentType, d.MediaFileType = "2", "jpg" })},
	})
}
