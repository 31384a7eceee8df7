package report

import (
	"fmt"
	"strconv"
	"time"

	"chatbench/internal/lang"
	"chatbench/internal/metric"
)

// duration writes seconds with three digits in the unit a person would use.
func duration(seconds float64) string {
	switch us := seconds * 1e6; {
	case us <= 0:
		return "0"
	case us < 999.5:
		return fmt.Sprintf("%.0fµs", us)
	case us < 999_500:
		return digits(us/1e3) + "ms"
	case seconds < 99.95:
		return digits(seconds) + "s"
	}
	whole := time.Duration(seconds*float64(time.Second) + 0.5).Round(time.Second)
	return whole.String()
}

// digits writes a number from 1 to 1000 with three significant digits.
func digits(v float64) string {
	switch {
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// size writes bytes in decimal units.
func size(bytes float64) string {
	for _, unit := range []string{"B", "kB", "MB"} {
		if bytes < 999.5 {
			if unit == "B" {
				return fmt.Sprintf("%.0f B", bytes)
			}
			return digits(bytes) + " " + unit
		}
		bytes /= 1000
	}
	return digits(bytes) + " GB"
}

// value writes a value of a histogram.
func value(v float64, unit metric.Unit) string {
	if unit == metric.BytesPerSecond {
		return size(v) + "/s"
	}
	return duration(v)
}

// count writes a number of things.
func count(n int64) string { return lang.Thousands(n) }

// share writes 0 to 1 as a percentage that does not round a few failures away.
func share(part, whole int64) string {
	if whole == 0 {
		return "-"
	}
	percent := 100 * float64(part) / float64(whole)
	switch {
	case part == 0:
		return "0 %"
	case percent < 0.01:
		return "<0.01 %"
	case percent < 1:
		return fmt.Sprintf("%.2f %%", percent)
	}
	return fmt.Sprintf("%.1f %%", percent)
}

// plural writes "1 message" or "3 messages".
func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}
