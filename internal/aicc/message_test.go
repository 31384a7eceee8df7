package aicc

import "testing"

func TestDownlink(t *testing.T) {
	for flag, want := range map[Loose]bool{"": false, "null": false, "false": false, "0": false, "Y": true, "true": true, "1": true} {
		if got := (&Downlink{QueueFlag: flag}).Queueing(); got != want {
			t.Errorf("Queueing() with %q = %v, want %v", flag, got, want)
		}
	}
	for kind, want := range map[Loose]bool{"": false, "0": false, "1": true} {
		if got := (&Downlink{ContentType: kind}).IsLocalFile(); got != want {
			t.Errorf("IsLocalFile() with %q = %v, want %v", kind, got, want)
		}
	}
	stamps := []struct {
		text Loose
		ms   int64
		ok   bool
	}{{"1760000001200", 1760000001200, true}, {"", 0, false}, {"yesterday", 0, false}, {"1.5", 0, false}}
	for _, test := range stamps {
		if ms, ok := (&Downlink{Timestamp: test.text}).Millis(); ms != test.ms || ok != test.ok {
			t.Errorf("Millis() of %q = %d, %v, want %d, %v", test.text, ms, ok, test.ms, test.ok)
		}
	}
}
