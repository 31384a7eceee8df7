package tenant

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

func TestSampleFilesAreValid(t *testing.T) {
	valid := map[string]func([]byte) error{
		"image": func(b []byte) error { _, err := jpeg.Decode(bytes.NewReader(b)); return err },
		"png":   func(b []byte) error { _, err := png.Decode(bytes.NewReader(b)); return err },
		"audio": walkMP3,
		"video": walkMP4,
		"text":  func([]byte) error { return nil },
	}
	kinds := map[string]string{"image": "jpg", "png": "png", "audio": "mp3", "video": "mp4", "text": "txt"}
	for kind, check := range valid {
		for _, size := range []int{0, 100, 2500, 4095, 70_000, 200_001, 1 << 20} {
			got := SampleFile(kind, "id-1", size)
			if err := check(got); err != nil {
				t.Errorf("%s of %d bytes is not valid: %v", kind, size, err)
			}
			if s := sniff(got); s != kinds[kind] {
				t.Errorf("%s of %d bytes looks like %q, want %q", kind, size, s, kinds[kind])
			}
			if smallest := len(SampleFile(kind, "id-1", 0)); size > smallest+50 && (len(got) < size-8 || len(got) > size+8) {
				t.Errorf("%s has %d bytes, want about %d", kind, len(got), size)
			}
			if bytes.Equal(got, SampleFile(kind, "id-2", size)) {
				t.Errorf("%s of %d bytes is the same for two ids", kind, size)
			}
			if !bytes.Equal(got, SampleFile(kind, "id-1", size)) {
				t.Errorf("%s of %d bytes differs from one time to the next", kind, size)
			}
		}
	}
}

func TestSampleFileNames(t *testing.T) {
	for name, want := range map[string]string{"image": "jpg", "JPEG": "jpg", "jpg": "jpg", "png": "png", "mp3": "mp3", "mp4": "mp4", "txt": "txt", "file": "txt", "csv": "txt"} {
		if got := sniff(SampleFile(name, "x", 0)); got != want {
			t.Errorf("SampleFile(%q) looks like %q, want %q", name, got, want)
		}
	}
}

// walkMP3 skips the ID3v2 tag and walks the frames to the end of the file.
func walkMP3(b []byte) error {
	if len(b) < 10 || string(b[:3]) != "ID3" {
		return fmt.Errorf("no ID3 tag")
	}
	at := 10 + int(b[6])<<21 + int(b[7])<<14 + int(b[8])<<7 + int(b[9])
	bitrates := [16]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160} // MPEG 2 layer III
	rates := [4]int{22050, 24000, 16000}
	frames := 0
	for ; at < len(b); frames++ {
		if at+4 > len(b) || b[at] != 0xff || b[at+1]&0xfe != 0xf2 {
			return fmt.Errorf("no frame of MPEG 2 layer III at %d", at)
		}
		bitrate, rate := bitrates[b[at+2]>>4], rates[b[at+2]>>2&3]
		if bitrate == 0 || rate == 0 {
			return fmt.Errorf("frame at %d without bit rate or sampling rate", at)
		}
		at += 72*bitrate*1000/rate + int(b[at+2]>>1&1)
	}
	if at != len(b) || frames < 10 {
		return fmt.Errorf("%d frames end at %d of %d bytes", frames, at, len(b))
	}
	return nil
}

// walkMP4 walks the boxes of the top level.
func walkMP4(b []byte) error {
	seen := ""
	for at := 0; at < len(b); {
		if at+8 > len(b) {
			return fmt.Errorf("%d bytes behind the last box", len(b)-at)
		}
		size := int(binary.BigEndian.Uint32(b[at:]))
		if size < 8 || at+size > len(b) {
			return fmt.Errorf("box at %d has %d bytes", at, size)
		}
		seen += " " + string(b[at+4:at+8])
		at += size
	}
	for _, box := range []string{"ftyp", "moov", "mdat"} {
		if !strings.Contains(seen, box) {
			return fmt.Errorf("no %s box among%s", box, seen)
		}
	}
	return nil
}

func TestPNGChunksHaveTheirChecksums(t *testing.T) {
	b := SampleFile("png", "x", 5000)
	for at := 8; at < len(b); {
		size := int(binary.BigEndian.Uint32(b[at:]))
		content := b[at+4 : at+8+size]
		if got, want := binary.BigEndian.Uint32(b[at+8+size:]), crc32.ChecksumIEEE(content); got != want {
			t.Errorf("chunk %s: checksum %08x, want %08x", content[:4], got, want)
		}
		at += 12 + size
	}
}

// sendsMedia is a tenant whose agents follow every answer up with one file of a kind.
func sendsMedia(kind string, local float64) func(*scenario.Tenant) {
	return func(c *scenario.Tenant) {
		c.Robot = nil
		c.Agents.Media = scenario.Media{Local: local, Size: 4000}
		switch kind {
		case aicc.Image:
			c.Agents.Media.Image = 1
		case aicc.Audio:
			c.Agents.Media.Audio = 1
		case aicc.Video:
			c.Agents.Media.Video = 1
		}
	}
}

// getMedia talks until an agent has sent a file.
func (u *user) getMedia(kind string) aicc.Downlink {
	u.r.t.Helper()
	u.connect()
	u.say("send me something")
	all := u.until("media", func(m aicc.Downlink) bool { return m.MediaType == kind })
	return all[len(all)-1]
}

func TestAgentsSendMedia(t *testing.T) {
	for _, tt := range []struct {
		kind  string
		local float64
		want  string // kind of the bytes
	}{
		{aicc.Image, 0, "jpg"}, {aicc.Audio, 0, "mp3"}, {aicc.Video, 0, "mp4"},
		{aicc.Image, 1, "png"}, {aicc.Audio, 1, "mp3"}, {aicc.Video, 1, "mp4"},
	} {
		t.Run(fmt.Sprint(tt.kind, tt.local), func(t *testing.T) {
			inBubble(t, sendsMedia(tt.kind, tt.local), func(t *testing.T, r *rig) {
				u := r.user("u-1")
				m := u.getMedia(tt.kind)
				if m.IsLocalFile() != (tt.local == 1) || (m.MediaFileType != "") != (tt.local == 1) || m.SourceType != aicc.FromAgent {
					t.Errorf("message %+v, want from an agent, local %v", m, tt.local == 1)
				}
				got := u.download("calls", m, tt.want)
				content, err := base64.StdEncoding.DecodeString(string(got.FileStream))
				if got.Code != "0" || err != nil || sniff(content) != tt.want {
					t.Fatalf("download: code %s, %v, %q; want 0 and %s", got.Code, err, sniff(content), tt.want)
				}
				rec, _ := r.tenant.Journal("u-1", 0)
				if len(rec.Files) != 1 || rec.Files[0] != describeFile(m.Content, tt.want, content) {
					t.Errorf("record lists %+v, want %+v", rec.Files, describeFile(m.Content, tt.want, content))
				}
				if again := u.download("calls", m, tt.want); again.body != got.body {
					t.Error("a second download differs from the first")
				}
			})
		})
	}
}

func TestDownloadAddressing(t *testing.T) {
	inBubble(t, sendsMedia(aicc.Image, 0), func(t *testing.T, r *rig) {
		u, other := r.user("u-1"), r.user("u-2")
		id := u.getMedia(aicc.Image).Content
		get := func(u *user, id, channel, fileType, multi string) reply {
			return u.post(aicc.PathDownload, fmt.Sprintf(`{"fileId":%q,"channel":%q,"fileType":%q,"multiMedia":%q}`, id, channel, fileType, multi))
		}
		for _, tt := range []struct {
			what string
			got  reply
			want string
		}{
			{"as documented", get(u, id, "WEB", "jpg", "multiMedia"), "0"},
			{"another listed type", get(u, id, "WEB", "pdf", "multiMedia"), "0"},
			{"without multiMedia", get(u, id, "WEB", "jpg", ""), "13"},
			{"with local/", get(u, "local/"+id, "WEB", "jpg", ""), "13"},
			{"a type that is not listed", get(u, id, "WEB", "exe", "multiMedia"), "13"},
			{"another channel", get(u, id, "SMS", "jpg", "multiMedia"), "13"},
			{"no id", get(u, "", "WEB", "jpg", "multiMedia"), "401"},
			{"an id that was never given out", get(u, strings.Replace(id, id[:1], "x", 1), "WEB", "jpg", "multiMedia"), "13"},
			{"a forged id", get(u, "00000000-0000-0000-0000-000000000000", "WEB", "jpg", "multiMedia"), "13"},
			{"somebody else's file", get(other, id, "WEB", "jpg", "multiMedia"), "13"},
		} {
			if tt.got.Code != tt.want || tt.got.status != 200 || (len(tt.got.FileStream) > 0) != (tt.want == "0") {
				t.Errorf("%s: status %d, code %s; want %s", tt.what, tt.got.status, tt.got.Code, tt.want)
			}
		}
		u.disconnect()
		if got := get(u, id, "WEB", "jpg", "multiMedia"); got.Code != "0" {
			t.Errorf("after the end: code %s, want 0", got.Code)
		}
	})
	inBubble(t, func(c *scenario.Tenant) { sendsMedia(aicc.Image, 1)(c); c.DownloadLimit = 3999 }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		m := u.getMedia(aicc.Image)
		if got := u.download("calls", m, ""); got.Code != "13" {
			t.Errorf("a file over the limit: code %s, want 13", got.Code)
		}
		if got := u.post(aicc.PathDownload, fmt.Sprintf(`{"fileId":%q,"channel":"WEB","fileType":"png","multiMedia":"multiMedia"}`, m.Content)); got.Code != "13" {
			t.Errorf("a local file without local/: code %s, want 13", got.Code)
		}
	})
}

func TestUpload(t *testing.T) {
	stream := func(n int) string { return base64.StdEncoding.EncodeToString(SampleFile("jpg", "up", n)) }
	for _, tt := range []struct{ what, body, want string }{
		{"as documented", fmt.Sprintf(`{"fileType":"jpg","fileStream":%q,"channel":"WEB"}`, stream(0)), "0"},
		{"text", `{"fileType":"txt","fileStream":"aGVsbG8=","channel":"WEB"}`, "0"},
		{"no type", fmt.Sprintf(`{"fileStream":%q,"channel":"WEB"}`, stream(0)), "2"},
		{"no stream", `{"fileType":"jpg","channel":"WEB"}`, "2"},
		{"no channel", fmt.Sprintf(`{"fileType":"jpg","fileStream":%q}`, stream(0)), "2"},
		{"a type that is not listed", fmt.Sprintf(`{"fileType":"exe","fileStream":%q,"channel":"WEB"}`, stream(0)), "3"},
		{"another channel", fmt.Sprintf(`{"fileType":"jpg","fileStream":%q,"channel":"SMS"}`, stream(0)), "3"},
		{"not Base64", `{"fileType":"jpg","fileStream":"@@@@","channel":"WEB"}`, "3"},
		{"just small enough", fmt.Sprintf(`{"fileType":"jpg","fileStream":%q,"channel":"WEB"}`, stream(20_000)), "0"},
		{"too large", fmt.Sprintf(`{"fileType":"jpg","fileStream":%q,"channel":"WEB"}`, stream(20_010)), "13"},
		{"not too large for a video", fmt.Sprintf(`{"fileType":"mp4","fileStream":%q,"channel":"WEB"}`, stream(20_010)), "0"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			inBubble(t, func(c *scenario.Tenant) { c.UploadLimit, c.UploadLimitVideo = 20_000, 40_000 }, func(t *testing.T, r *rig) {
				got := r.user("u-1").post(aicc.PathUpload, tt.body)
				if got.Code != tt.want || !strings.HasPrefix(got.body, `{"returnCode":`) || (got.ObjectKey != "") != (tt.want == "0") {
					t.Errorf("%.80s: want returnCode %s", got.body, tt.want)
				}
			})
		})
	}
}

func TestUploadedFilesCanBeSent(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		content := SampleFile("png", "up", 0)
		key := u.post(aicc.PathUpload, fmt.Sprintf(`{"fileType":"png","fileStream":%q,"channel":"WEB"}`, base64.StdEncoding.EncodeToString(content))).ObjectKey
		for _, tt := range []struct{ media, content string }{
			{aicc.Image, key}, {aicc.Image, key + ",png"}, {"FILE_IMAGE", key + ",png"}, {"FILE", "my.png,469," + key + ",png"},
		} {
			if got := u.sendRaw(aicc.PathSend, aicc.Chat, tt.media, tt.content); got.Code != "0" {
				t.Errorf("%s %s: %s, want 0", tt.media, tt.content, got.body)
			}
		}
		pass(5 * time.Second)
		if got := u.poll().Messages; sources(got) != "ROBOT ROBOT ROBOT ROBOT ROBOT" {
			t.Errorf("said: %s, want a welcome and four thanks", tell(got))
		}
		rec, _ := r.tenant.Journal("u-1", 0)
		if want := describeFile(key, "png", content); len(rec.Uploads) != 1 || rec.Uploads[0] != want || want.Kind != "png" {
			t.Errorf("record lists uploads %+v, want %+v", rec.Uploads, want)
		}
		for range keptUploads {
			u.post(aicc.PathUpload, `{"fileType":"txt","fileStream":"aGVsbG8=","channel":"WEB"}`)
		}
		if got := u.sendRaw(aicc.PathSend, aicc.Chat, aicc.Image, key); got.Code != "13" {
			t.Errorf("a file uploaded %d files ago: %s, want 13", keptUploads, got.body)
		}
	})
}

func TestSniff(t *testing.T) {
	for _, tt := range []struct {
		bytes, want string
	}{
		{"\xff\xd8\xff\xe0", "jpg"}, {"\x89PNG\r\n\x1a\n", "png"}, {"ID3\x04", "mp3"}, {"\xff\xfb\x90", "mp3"}, {"\xff\xf3\x40", "mp3"},
		{"\xff\xf1\x50\x80", "aac"}, {"BM1234", "bmp"}, {"\x00\x00\x00\x20ftypisom", "mp4"}, {"hello", "txt"}, {"\x00\x01\x02", ""}, {"", ""},
	} {
		if got := sniff([]byte(tt.bytes)); got != tt.want {
			t.Errorf("sniff(%q) = %q, want %q", tt.bytes, got, tt.want)
		}
	}
}
