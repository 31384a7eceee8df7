package aicc

import "testing"

// One row for each line of the classification; what is not known must never be called fail.
func TestClassify(t *testing.T) {
	tests := []struct {
		name    string
		status  int
		code    string
		decoded bool
		want    Class
	}{
		{"200 and 0: done", 200, "0", true, OK},
		{"200 and another code: refused", 200, "13", true, Fail},
		{"200 and not in working time: refused", 200, "12", true, Fail},
		{"200 without a code", 200, "", true, Info},
		{"200 with a body that was cut or is not JSON", 200, "", false, Info},
		{"200 whose code could be read from a body of the wrong shape", 200, "0", false, Info},
		{"bad request", 400, "", false, Fail},
		{"not authorised", 401, "401", true, Fail},
		{"forbidden", 403, "", false, Fail},
		{"no such path", 404, "", false, Fail},
		{"too many: nobody knows whether it was forwarded first", 429, "", false, Info},
		{"business failure of the server", 500, "13", true, Info},
		{"bad gateway", 502, "", false, Info},
		{"unavailable", 503, "", false, Info},
		{"gateway time-out", 504, "", false, Info},
		{"a redirect is not followed, so nothing was done", 302, "", false, Fail},
		{"another success than 200 says nothing", 204, "", false, Info},
		{"no status at all", 0, "", false, Info},
	}
	for _, test := range tests {
		if got := Classify(OpSend, test.status, test.code, test.decoded); got != test.want {
			t.Errorf("%s: Classify(%d, %q, %v) = %v, want %v", test.name, test.status, test.code, test.decoded, got, test.want)
		}
	}
}

// The question for the queue position has answers other than 0 that refuse nothing.
func TestClassifyQueue(t *testing.T) {
	for code, want := range map[string]Class{
		"0": OK, "5": OK, "6": OK, "160004": OK, "160021": OK, "160022": OK,
		"1": Fail, "2": Fail, "3": Fail, "4": Fail, "160001": Fail, "13": Fail, "": Info,
	} {
		if got := Classify(OpQueue, 200, code, true); got != want {
			t.Errorf("Classify(queue, 200, %q) = %v, want %v", code, got, want)
		}
	}
	if got := Classify(OpConnect, 200, CodeWithAgent, true); got != Fail {
		t.Errorf("CONNECT answered %s is %v, want fail", CodeWithAgent, got)
	}
}

func TestNamesRoundTrip(t *testing.T) {
	seen := map[string]bool{}
	for _, op := range Ops() {
		if name := op.String(); ParseOp(name) != op || seen[name] || name == "" || name == "none" {
			t.Errorf("op %d is named %q, which is read as %d", op, name, ParseOp(name))
		}
		seen[op.String()] = true
	}
	if ParseOp("nonsense") != OpNone || Op(200).String() != "none" {
		t.Errorf("an unknown op is %v, an op out of range %q, want none", ParseOp("nonsense"), Op(200))
	}
	for _, class := range []Class{Unfinished, OK, Fail, Info} {
		if got := ParseClass(class.String()); got != class {
			t.Errorf("class %d is named %q, which is read as %d", class, class, got)
		}
	}
}

func TestMediaFileType(t *testing.T) {
	for media, want := range map[string]string{Image: "jpg", Video: "mp4", Audio: "mp3", Document: "", Text: "", "": ""} {
		if got, mapped := MediaFileType(media); got != want || mapped != (want != "") {
			t.Errorf("MediaFileType(%q) = %q, %v, want %q", media, got, mapped, want)
		}
	}
}
