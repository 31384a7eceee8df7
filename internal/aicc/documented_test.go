package aicc

import "testing"

func TestDocumented(t *testing.T) {
	for _, c := range []struct {
		op   Op
		code string
		want bool
		why  string
	}{
		{OpConnect, "12", true, "not in working time"},
		{OpSend, "12", false, "working time matters to CONNECT and TRANS2AGENT only"},
		{OpSend, "160027", true, "the engine's limit on encrypted texts surfaces"},
		{OpQueue, "160021", true, "with an agent"},
		{OpQueue, "77", false, "in no table"},
		{OpQueue, "1600210", false, "longer than the engine's codes"},
		{OpConnect, "1640034", true, "printed so"},
		{OpConnect, "20139", true, "no agent signed in"},
		{OpUpload, "160004", false, "uploads know nothing of the engine"},
		{OpUpload, "10010000002", true, "flow control may be anywhere"},
		{OpDownload, "401", true, "a result code here, not an HTTP status"},
		{OpSupport, "whatever", true, "no table of codes was visible"},
		{OpApply, "", false, "no code is no code"},
	} {
		if got := Documented(c.op, c.code); got != c.want {
			t.Errorf("Documented(%v, %q) = %t, want %t: %s", c.op, c.code, got, c.want, c.why)
		}
	}
}

func TestIsLocation(t *testing.T) {
	for _, c := range []struct {
		content string
		want    bool
	}{
		{"31.2304,121.4737,The Bund, Shanghai", true},
		{"31.2304, 121.4737", true},
		{"31.2304，121.4737，外滩", true},
		{`{"latitude":31.2304,"longitude":"121.4737","description":"The Bund"}`, true},
		{`{"latitude":31.2304}`, false},
		{"The Bund, Shanghai", false},
		{"121.4737,31.2304", true}, // the order is not documented
		{`{"lat":39.9,"lng":116.4}`, true},
		{"39.9°N 116.4°E", true},
		{"181,31", false},
		{"121,131", false}, // neither can be a latitude
		{"31.2304", false},
		{"", false},
		{"null", false},
		{"NaN,NaN", false},
	} {
		if got := IsLocation(c.content); got != c.want {
			t.Errorf("IsLocation(%q) = %t, want %t", c.content, got, c.want)
		}
	}
}
