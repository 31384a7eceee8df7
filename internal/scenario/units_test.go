package scenario

import (
	"testing"
	"time"
)

// parsed is one row of a table over a parser: what it makes of text, or what it says.
type parsed[T comparable] struct {
	text    string
	want    T
	message string // "" when the text is fine
	reason  string
}

func checkParser[T comparable](t *testing.T, parse func(string) (T, *fault), rows []parsed[T]) {
	t.Helper()
	for _, row := range rows {
		got, f := parse(row.text)
		message := ""
		if f != nil {
			message = f.message
			if f.hint == "" {
				t.Errorf("%q (%s): no hint beside %q", row.text, row.reason, message)
			}
		}
		if message != row.message || f == nil && got != row.want {
			t.Errorf("%q (%s): got %v, %q, want %v, %q", row.text, row.reason, got, message, row.want, row.message)
		}
	}
}

func TestDuration(t *testing.T) {
	checkParser(t, durationIn(0, time.Hour), []parsed[time.Duration]{
		{"80ms", 80 * time.Millisecond, "", "the usual form"},
		{"1h0m", time.Hour, "", "exactly the limit"},
		{"1.5s", 1500 * time.Millisecond, "", "a fraction"},
		{"0", 0, "", "zero needs no unit"},
		{"5", 0, `"5" has no unit`, "seconds or milliseconds?"},
		{"1.5", 0, `"1.5" has no unit`, "the same"},
		{"-5s", 0, `"-5s" is negative`, "time does not go back"},
		{"1h1ns", 0, "1h1ns is too long", "just beyond the limit"},
		{"5 s", 0, `"5 s" is not a duration`, "a space"},
		{"5秒", 0, `"5秒" is not a duration`, "the unit in Chinese"},
		{"", 0, `"" is not a duration`, "nothing"},
		{"9999999999h", 0, `"9999999999h" is not a duration`, "beyond what 64 bits hold"},
	})
}

func TestSpan(t *testing.T) {
	checkParser(t, span, []parsed[Dist]{
		{"2s", Constant(2 * time.Second), "", "a constant"},
		{"1s..4s", Dist{A: time.Second, B: 4 * time.Second}, "", "a range"},
		{" 1s .. 4s ", Dist{A: time.Second, B: 4 * time.Second}, "", "spaces around the dots"},
		{"0..4s", Dist{B: 4 * time.Second}, "", "zero needs no unit"},
		{"4s..4s", Constant(4 * time.Second), "", "a range without length is a constant"},
		{"1..4s", Dist{}, `"1..4s" has no unit before the dots`, "half of the units"},
		{"1..4", Dist{}, `"1" has no unit`, "no units at all"},
		{"4s..1s", Dist{}, `the range "4s..1s" runs backwards`, "from more to less"},
		{"..4s", Dist{}, `"" is not a duration`, "no beginning"},
	})
}

func TestIntegerSpan(t *testing.T) {
	checkParser(t, integerSpanIn(1, 10), []parsed[[2]int]{
		{"3", [2]int{3, 3}, "", "a constant"},
		{"3..6", [2]int{3, 6}, "", "a range"},
		{"6..3", [2]int{}, `the range "6..3" runs backwards`, "from more to less"},
		{"0..3", [2]int{}, "0 is too small", "below the limit"},
		{"3..11", [2]int{}, "11 is too large", "above the limit"},
		{"3..", [2]int{}, `"" is not a whole number`, "no end"},
		{"1e3", [2]int{}, `"1e3" is not a whole number`, "no exponents"},
	})
}

func TestShare(t *testing.T) {
	checkParser(t, share, []parsed[float64]{
		{"70%", 0.7, "", "the usual form"},
		{"0.5 %", 0.005, "", "a fraction and a space"},
		{"0%", 0, "", "nothing"},
		{"100%", 1, "", "everything"},
		{"0.7", 0, `"0.7" has no percent sign`, "a fraction of 1 or of 100?"},
		{"70", 0, `"70" has no percent sign`, "the same"},
		{"101%", 0, "101% is too much", "more than everything"},
		{"-1%", 0, `"-1%" is not a share`, "less than nothing"},
		{"NaN%", 0, `"NaN%" is not a share`, "Go's own words for numbers"},
		{"1e1%", 0, `"1e1%" is not a share`, "no exponents"},
	})
}

func TestRate(t *testing.T) {
	checkParser(t, rate, []parsed[float64]{
		{"40/s", 40, "", "the usual form"},
		{"30/min", 0.5, "", "by the minute"},
		{"30/m", 0.5, "", "m for minute, as in durations"},
		{"1800 / h", 0.5, "", "by the hour, with spaces"},
		{"0/s", 0, "", "nobody"},
		{"40", 0, `"40" has no unit`, "a second or a minute?"},
		{"40/", 0, `"40/" has no unit`, "the unit is missing"},
		{"40/day", 0, `"40/day" is not a rate`, "a unit that is not known"},
		{"-1/s", 0, `"-1/s" is not a rate`, "nobody leaves by arriving"},
		{"1000001/s", 0, "1000001/s is too much", "beyond the limit"},
	})
}

func TestSize(t *testing.T) {
	checkParser(t, sizeTo(4<<20), []parsed[int64]{
		{"2MiB", 2 << 20, "", "powers of two"},
		{"64 KiB", 64 << 10, "", "with a space"},
		{"500kB", 500_000, "", "powers of ten"},
		{"1.5MiB", 3 << 19, "", "a fraction"},
		{"0", 0, "", "zero needs no unit"},
		{"17B", 17, "", "bytes"},
		{"2048", 0, `"2048" has no unit`, "bytes or KiB?"},
		{"2mb", 0, `"2mb" is not a size`, "bits?"},
		{"5MiB", 0, "5MiB is too large", "beyond the limit"},
	})
}

func TestHours(t *testing.T) {
	checkParser(t, hours, []parsed[Hours]{
		{"09:00-18:00", Hours{Open: 9 * time.Hour, Close: 18 * time.Hour}, "", "the usual form"},
		{"9:30 - 24:00", Hours{Open: 9*time.Hour + 30*time.Minute, Close: day}, "", "till midnight"},
		{"22:00-06:00", Hours{Open: 22 * time.Hour, Close: 6 * time.Hour}, "", "over midnight"},
		{"always", Hours{}, "", "the default"},
		{"never", Hours{Never: true}, "", "closed"},
		{"09:00-09:00", Hours{}, `"09:00-09:00" has no length`, "always or never?"},
		{"09:00", Hours{}, `"09:00" are not working hours`, "no end"},
		{"09:60-18:00", Hours{}, `"09:60-18:00" are not working hours`, "60 minutes"},
		{"09:00-24:30", Hours{}, `"09:00-24:30" are not working hours`, "beyond midnight"},
		{"9-18", Hours{}, `"9-18" are not working hours`, "no minutes"},
	})
}

func TestHoursContain(t *testing.T) {
	at := func(h, m int) time.Duration { return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute }
	for _, row := range []struct {
		hours  string
		at     time.Duration
		want   bool
		reason string
	}{
		{"always", at(3, 0), true, "always open"},
		{"never", at(12, 0), false, "never open"},
		{"09:00-18:00", at(9, 0), true, "the opening minute counts"},
		{"09:00-18:00", at(18, 0), false, "the closing minute does not"},
		{"09:00-18:00", at(8, 59), false, "before"},
		{"22:00-06:00", at(23, 0), true, "before midnight"},
		{"22:00-06:00", at(5, 59), true, "after midnight"},
		{"22:00-06:00", at(12, 0), false, "at noon"},
	} {
		h, _ := hours(row.hours)
		if got := h.Contain(row.at); got != row.want {
			t.Errorf("%s at %v (%s): got %v, want %v", row.hours, row.at, row.reason, got, row.want)
		}
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		day: "24h", time.Minute: "1m", 90 * time.Minute: "1h30m", 10 * time.Second: "10s",
		61 * time.Second: "1m1s", 0: "0s", 100 * time.Millisecond: "100ms",
	} {
		if got := short(d); got != want {
			t.Errorf("short(%d): got %q, want %q", d, got, want)
		}
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"reply", "messages", "welcome", "keywords"}
	for _, row := range []struct{ name, want, reason string }{
		{"repyl", `did you mean "reply"?`, "two letters changed places"},
		{"Reply", `did you mean "reply"?`, "capitals"},
		{"message", `did you mean "messages"?`, "a letter is missing"},
		{"welcmoe", `did you mean "welcome"?`, "a swap"},
		{"x", "allowed: keywords, messages, reply, welcome", "nothing is near"},
	} {
		if got := suggest(row.name, known); got != row.want {
			t.Errorf("suggest(%q) (%s): got %q, want %q", row.name, row.reason, got, row.want)
		}
	}
	if got := suggest("x", nil); got != "" {
		t.Errorf("suggest without known names: got %q, want nothing", got)
	}
}
