package sim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

func local(kind, id, suffix string) string {
	return fmt.Sprintf(`{"sourceType":"AGENT","mediaType":%q,"content":%q,"contentType":"1","mediaFileType":%q}`, kind, id, suffix)
}

// TestDownloadRequest looks at how a file is asked for: docs/protocol.md E08.
func TestDownloadRequest(t *testing.T) {
	for _, c := range []struct {
		name    string
		message string
		want    string // body, but for the channel
		local   bool
	}{
		{"a picture of the library", media("AGENT", "IMAGE", "f1"), `{"fileId":"f1","fileType":"jpg","multiMedia":"multiMedia"`, false},
		{"a film", media("AGENT", "VIDEO", "f2"), `{"fileId":"f2","fileType":"mp4","multiMedia":"multiMedia"`, false},
		{"a voice message", media("AGENT", "AUDIO", "f3"), `{"fileId":"f3","fileType":"mp3","multiMedia":"multiMedia"`, false},
		{"from the agent's computer, with its own suffix", local("IMAGE", "k1", "png"), `{"fileId":"local/k1","fileType":"png"`, true},
		{"without a suffix the demo's is used", local("IMAGE", "k2", ""), `{"fileId":"local/k2","fileType":"jpg"`, true},
		{"an id with a quote", media("AGENT", "IMAGE", `a"b`), `{"fileId":"a\"b","fileType":"jpg","multiMedia":"multiMedia"`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, scene(think(time.Second)), script{aicc.OpPoll: {brings(c.message)}}, nil)
			if got, want := p.one(aicc.OpDownload).Body, c.want+`,"channel":"WEB"}`; got != want {
				t.Errorf("request %s, want %s", got, want)
			}
			if e := p.told(trace.Return, aicc.OpDownload)[0]; e.Local != c.local || e.File == nil || e.File.ID != e.FileID {
				t.Errorf("local %v, id %q, file %+v, want local %v and one id", e.Local, e.FileID, e.File, c.local)
			}
		})
	}
}

// TestDownloadedFile looks at what is told of a file.
func TestDownloadedFile(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer answer
		class  aicc.Class
		want   *trace.File
	}{
		{"a picture", answer{body: file(pixel)}, aicc.OK, &trace.File{ID: "f", Want: "jpg", Kind: "jpg", Size: len(pixel), SHA256: sum(pixel)}},
		{"a text that should be a picture", answer{body: file([]byte("words"))}, aicc.OK, &trace.File{ID: "f", Want: "jpg", Kind: "txt", Size: 5, SHA256: sum([]byte("words"))}},
		{"an empty file", answer{body: `{"resultCode":"0","fileStream":""}`}, aicc.OK, &trace.File{ID: "f", Want: "jpg", SHA256: sum(nil)}},
		{"not Base64", answer{body: `{"resultCode":"0","fileStream":"/9j/*"}`}, aicc.OK, &trace.File{ID: "f", Want: "jpg", BadBase: true}},
		{"no file", answer{body: `{"resultCode":"0","fileStream":null}`}, aicc.OK, nil},
		{"refused", code("13"), aicc.Fail, nil},
		{"HTTP 500", answer{status: 500}, aicc.Info, nil},
		{"cut in the middle", answer{body: file(pixel), cut: 150}, aicc.Info, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, scene(think(time.Second)), script{aicc.OpPoll: {brings(media("SYSTEM", "IMAGE", "f"))}, aicc.OpDownload: {c.answer}}, func(r *rig) { r.unpaced = true })
			p.one(aicc.OpDownload)
			e := p.told(trace.Return, aicc.OpDownload)[0]
			if diff := cmp.Diff(c.want, e.File); diff != "" || e.Class != c.class {
				t.Errorf("class %v, want %v; file (-want +got):\n%s", e.Class, c.class, diff)
			}
		})
	}
}

// TestDownloadsAfterTheEnd hangs up on a customer who has two pictures to fetch, one of them slowly.
func TestDownloadsAfterTheEnd(t *testing.T) {
	p := play(t, scene(scenario.Expect{Disconnect: true, Within: scenario.Constant(time.Minute)}), script{
		aicc.OpPoll:     {brings(media("SYSTEM", "IMAGE", "a"), media("SYSTEM", "IMAGE", "b"), bye("SYSTEM"))},
		aicc.OpDownload: {{wait: 3 * time.Second}, {wait: time.Second}},
	}, nil)
	if got, want := p.calls(), "token apply connect poll download download"; got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
	var ids []string
	for _, e := range p.told(trace.Return, aicc.OpDownload) {
		ids = append(ids, e.FileID)
	}
	if diff := cmp.Diff([]string{"a", "b"}, ids); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if end := p.told(trace.End)[0]; end.At != 4100*ms || end.Ended != trace.ByPeer {
		t.Errorf("%v at %v, want peer at 4.1 s, when both files are there", end.Ended, end.At)
	}
}

// TestExpectedMedia looks at when an expected picture, announced at 0.1 s, counts as come.
func TestExpectedMedia(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer answer
		steps  string
		then   time.Duration // when the next thing is said, a second later; 0: nothing is
	}{
		{"when its file is there", answer{wait: 2 * time.Second}, "2 expect IMAGE, 4 say, customer", 3100 * ms},
		{"not when the file is refused", code("13"), "2 expect IMAGE!, gave-up", 0},
		{"not when the file comes too late", answer{wait: 7 * time.Second}, "2 expect IMAGE!, gave-up", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, scene(scenario.Expect{Media: aicc.Image, Within: scenario.Constant(5 * time.Second)}, think(time.Second), say("nice")), script{
				aicc.OpPoll: {brings(media("SYSTEM", "AUDIO", "v"), media("SYSTEM", "IMAGE", "f"))}, aicc.OpDownload: {{}, c.answer},
			}, nil)
			if got := p.steps(); got != c.steps {
				t.Errorf("steps %q, want %q", got, c.steps)
			}
			if c.then > 0 && p.one(aicc.OpSend).At != c.then {
				t.Errorf("said at %v, want %v", p.one(aicc.OpSend).At, c.then)
			}
		})
	}
}

func TestUpload(t *testing.T) {
	for _, c := range []struct {
		upload  scenario.Upload
		media   string // mediaType of the CHAT
		content string
	}{
		{scenario.Upload{Kind: "image", Type: "jpg", Bytes: pixel}, "IMAGE", "key-1"},
		{scenario.Upload{Kind: "audio", Type: "mp3", Bytes: []byte("voice")}, "AUDIO", "key-1"},
		{scenario.Upload{Kind: "video", Type: "mp4", Bytes: []byte("film")}, "VIDEO", "key-1"},
		{scenario.Upload{Kind: "file", Type: "csv", Bytes: []byte("a,b")}, "FILE", "file.csv,3,key-1,csv"},
	} {
		t.Run(c.upload.Kind, func(t *testing.T) {
			p := play(t, scene(c.upload), nil, func(r *rig) { r.cfg.Markers = true })
			want := fmt.Sprintf(`{"fileType":%q,"fileStream":%q,"channel":"WEB"}`, c.upload.Type, base64.StdEncoding.EncodeToString(c.upload.Bytes))
			if got := p.one(aicc.OpUpload).Body; got != want {
				t.Errorf("upload %s, want %s", got, want)
			}
			var sent struct{ MediaType, Content string }
			if err := json.Unmarshal([]byte(p.one(aicc.OpSend).Body), &sent); err != nil {
				t.Fatal(err)
			}
			if sent.MediaType != c.media || sent.Content != c.content {
				t.Errorf("sent %+v, want %s %s without a marker", sent, c.media, c.content)
			}
			f := p.told(trace.Return, aicc.OpUpload)[0].File
			if want := (&trace.File{Want: c.upload.Type, Kind: aicc.Kind(c.upload.Bytes), Size: len(c.upload.Bytes), SHA256: sum(c.upload.Bytes)}); !cmp.Equal(f, want) {
				t.Errorf("told %+v, want %+v", f, want)
			}
		})
	}
}

func TestRefusedUpload(t *testing.T) {
	p := play(t, scene(scenario.Upload{Kind: "image", Type: "jpg"}, say("one")), script{aicc.OpUpload: {{body: `{"returnCode":"13"}`}}}, nil)
	if got, want := p.calls(), "token apply connect upload send disconnect"; got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
	if got, want := p.one(aicc.OpSend).text(), "one"; got != want {
		t.Errorf("said %q, want %q: there is nothing to point to", got, want)
	}
}

// TestGeneratedFiles uploads files of no name: each differs, and the same seed makes the same.
func TestGeneratedFiles(t *testing.T) {
	files := func() []string {
		s := customers(scene(scenario.Upload{Kind: "image", Type: "jpg"}, think(time.Second), scenario.Upload{Kind: "image", Type: "jpg"}), 2, 8*time.Second)
		p := play(t, s, nil, nil)
		var list []string
		for _, events := range p.events {
			for _, e := range events {
				if e.Kind == trace.Return && e.Op == aicc.OpUpload {
					list = append(list, e.File.SHA256)
				}
			}
		}
		return list
	}
	first, again := files(), files()
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("files of two runs with one seed:\n%s", diff)
	}
	unique := map[string]bool{}
	for _, sum := range first {
		unique[sum] = true
	}
	if len(first) < 8 || len(unique) != len(first) {
		t.Errorf("%d different files of %d, want at least 8, all different", len(unique), len(first))
	}
}

// TestHungUpOnWhileUploading has the other side hang up while a file is on its way, or while the tokens
// are renewed for what was refused: nothing more is said then.
func TestHungUpOnWhileUploading(t *testing.T) {
	for _, c := range []struct {
		why    string
		upload answer
		want   string
	}{
		{"the upload succeeds", answer{wait: time.Second, body: `{"returnCode":"0","objectKey":"k"}`}, "token apply connect upload"},
		{"the upload is let in only with new tokens", answer{wait: time.Second, status: 401}, "token apply connect upload token apply"},
	} {
		p := play(t, scene(scenario.Upload{Kind: "image", Type: "jpg", Bytes: pixel}, say("hello?")), nil, func(r *rig) {
			r.decide = func(q *request) (answer, bool) {
				switch q.Op {
				case aicc.OpPoll:
					return brings(bye("SYSTEM")), true
				case aicc.OpUpload:
					return c.upload, true
				}
				return answer{}, false
			}
		})
		if got := strings.ReplaceAll(p.calls(), " poll", ""); got != c.want {
			t.Errorf("%s: calls %q, want %q and polls", c.why, got, c.want)
		}
	}
}
