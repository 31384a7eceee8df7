package scenario

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The parsers of this file turn the text of a scalar into a value. They know nothing of YAML.

// day is the longest that anything in a conversation may take.
const day = 24 * time.Hour

var bareNumber = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)

// duration reads "5s", "80ms", "1h30m"; 0 needs no unit.
func duration(s string) (time.Duration, *fault) {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil && bareNumber.MatchString(s):
		return 0, faultf(fmt.Sprintf("write %ss for seconds or %sms for milliseconds", s, s), "%q has no unit", s)
	case err != nil:
		return 0, faultf("write it like 5s, 80ms, 2m or 1h30m", "%q is not a duration", s)
	case d < 0:
		return 0, faultf("write it like 5s, 80ms, 2m or 1h30m", "%q is negative", s)
	}
	return d, nil
}

// durationIn is duration with limits.
func durationIn(lo, hi time.Duration) func(string) (time.Duration, *fault) {
	return func(s string) (time.Duration, *fault) {
		d, f := duration(s)
		switch {
		case f != nil:
			return 0, f
		case d < lo:
			return 0, faultf("at least "+short(lo), "%s is too short", s)
		case d > hi:
			return 0, faultf("at most "+short(hi), "%s is too long", s)
		}
		return d, nil
	}
}

// short writes d without trailing zero units: 24h, not 24h0m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// span reads "1s..4s" or a single duration.
func span(s string) (Dist, *fault) {
	from, to, isRange := strings.Cut(s, "..")
	if !isRange {
		d, f := durationIn(0, day)(s)
		return Constant(d), f
	}
	from, to = strings.TrimSpace(from), strings.TrimSpace(to)
	if bareNumber.MatchString(from) && from != "0" && !bareNumber.MatchString(to) {
		return Dist{}, faultf("both ends need a unit, like 1s..4s", "%q has no unit before the dots", s)
	}
	a, f := durationIn(0, day)(from)
	if f != nil {
		return Dist{}, f
	}
	b, f := durationIn(0, day)(to)
	if f != nil {
		return Dist{}, f
	}
	if b < a {
		return Dist{}, faultf(fmt.Sprintf("write %s..%s", to, from), "the range %q runs backwards", s)
	}
	return Dist{A: a, B: b}, nil
}

// integerIn reads a whole number.
func integerIn(lo, hi int) func(string) (int, *fault) {
	return func(s string) (int, *fault) {
		n, err := strconv.Atoi(s)
		switch {
		case err != nil:
			return 0, faultf(fmt.Sprintf("write digits only, like %d", max(lo, 20)), "%q is not a whole number", s)
		case n < lo:
			return 0, faultf(fmt.Sprintf("at least %d", lo), "%d is too small", n)
		case n > hi:
			return 0, faultf(fmt.Sprintf("at most %d", hi), "%d is too large", n)
		}
		return n, nil
	}
}

// integerSpanIn reads "3..6" or a single whole number.
func integerSpanIn(lo, hi int) func(string) ([2]int, *fault) {
	one := integerIn(lo, hi)
	return func(s string) ([2]int, *fault) {
		from, to, isRange := strings.Cut(s, "..")
		if !isRange {
			to = from
		}
		a, f := one(strings.TrimSpace(from))
		if f != nil {
			return [2]int{}, f
		}
		b, f := one(strings.TrimSpace(to))
		if f != nil {
			return [2]int{}, f
		}
		if b < a {
			return [2]int{}, faultf(fmt.Sprintf("write %d..%d", b, a), "the range %q runs backwards", s)
		}
		return [2]int{a, b}, nil
	}
}

// share reads "70%" as 0.7.
func share(s string) (float64, *fault) {
	number, isPercent := strings.CutSuffix(s, "%")
	v, ok := decimal(strings.TrimSpace(number))
	switch {
	case !ok:
		return 0, faultf("write it like 70% or 0.5%", "%q is not a share", s)
	case !isPercent && v > 0 && v < 1:
		return 0, faultf(fmt.Sprintf("write %g%%", v*100), "%q has no percent sign", s)
	case !isPercent:
		return 0, faultf(fmt.Sprintf("write %s%%", s), "%q has no percent sign", s)
	case v > 100:
		return 0, faultf("at most 100%", "%s is too much", s)
	}
	return v / 100, nil
}

var plainDecimal = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// decimal reads digits with an optional fraction; no signs, exponents, infinities.
func decimal(s string) (float64, bool) {
	if !plainDecimal.MatchString(s) {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

var seconds = map[string]float64{"s": 1, "min": 60, "m": 60, "h": 3600}

// rate reads "40/s" or "30/min" as events per second.
func rate(s string) (float64, *fault) {
	number, unit, _ := strings.Cut(s, "/")
	v, ok := decimal(strings.TrimSpace(number))
	per := seconds[strings.TrimSpace(unit)]
	switch {
	case ok && unit == "":
		return 0, faultf(fmt.Sprintf("write %s/s or %s/min", s, s), "%q has no unit", s)
	case !ok || per == 0:
		return 0, faultf("write it like 40/s or 30/min", "%q is not a rate", s)
	case v/per > 1e6:
		return 0, faultf("at most 1000000/s", "%s is too much", s)
	}
	return v / per, nil
}

var (
	byteUnits = map[string]float64{"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "KiB": 1 << 10, "MiB": 1 << 20}
	byteSize  = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)$`)
)

// sizeTo reads "2MiB", "64KiB" or "500kB" as bytes; 0 needs no unit.
func sizeTo(limit int64) func(string) (int64, *fault) {
	return func(s string) (int64, *fault) {
		if s == "0" {
			return 0, nil
		}
		if bareNumber.MatchString(s) {
			return 0, faultf(fmt.Sprintf("write %sKiB or %sB", s, s), "%q has no unit", s)
		}
		m := byteSize.FindStringSubmatch(s)
		if m == nil || byteUnits[m[2]] == 0 {
			return 0, faultf("write it like 2MiB, 64KiB or 500kB", "%q is not a size", s)
		}
		v, _ := decimal(m[1])
		v *= byteUnits[m[2]]
		if v > float64(limit) {
			return 0, faultf(fmt.Sprintf("at most %dMiB", limit>>20), "%s is too large", s)
		}
		return int64(v), nil
	}
}

// timeOfDay reads "09:00" and "24:00".
func timeOfDay(s string) (time.Duration, bool) {
	h, m, ok := strings.Cut(s, ":")
	hour, err1 := strconv.ParseUint(h, 10, 8)
	minute, err2 := strconv.ParseUint(m, 10, 8)
	d := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	return d, ok && err1 == nil && err2 == nil && len(m) == 2 && minute < 60 && d <= day
}

// hours reads "09:00-18:00", "always" or "never".
func hours(s string) (Hours, *fault) {
	switch s {
	case "always":
		return Hours{}, nil
	case "never":
		return Hours{Never: true}, nil
	}
	from, to, _ := strings.Cut(s, "-")
	a, ok1 := timeOfDay(strings.TrimSpace(from))
	b, ok2 := timeOfDay(strings.TrimSpace(to))
	if !ok1 || !ok2 {
		return Hours{}, faultf(`write "09:00-18:00", always or never`, "%q are not working hours", s)
	}
	if a == b {
		return Hours{}, faultf("write always or never", "%q has no length", s)
	}
	return Hours{Open: a, Close: b}, nil
}

// boolean reads true and false.
func boolean(s string) (bool, *fault) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, faultf("write true or false", "%q is neither true nor false", s)
}

// choice reads one word of a closed list, in the order words, values.
func choice[T any](words []string, values ...T) func(string) (T, *fault) {
	return func(s string) (T, *fault) {
		for i, w := range words {
			if w == s {
				return values[i], nil
			}
		}
		var none T
		return none, faultf("write "+oneOf(words), "%q is not known here", s)
	}
}

// oneOf lists words as "a, b or c".
func oneOf(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// text takes any text.
func text(s string) (string, *fault) { return s, nil }

// filled takes any text that is not empty.
func filled(s string) (string, *fault) {
	if strings.TrimSpace(s) == "" {
		return "", faultf("", "is empty")
	}
	return s, nil
}

// pattern takes a text that matches re completely.
func pattern(re *regexp.Regexp, hint string) func(string) (string, *fault) {
	return func(s string) (string, *fault) {
		if !re.MatchString(s) {
			return "", faultf(hint, "%q is not allowed here", s)
		}
		return s, nil
	}
}
