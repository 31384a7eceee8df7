package compare

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"chatbench/internal/metric"
)

// amount writes a value with three digits.
func amount(v float64, unit metric.Unit) string {
	switch unit {
	case Share:
		return percent(v)
	case metric.Seconds:
		d := time.Duration(math.Round(v * float64(time.Second)))
		if d <= 0 {
			return "0s"
		}
		digits := math.Floor(math.Log10(float64(d)))
		return d.Round(time.Duration(math.Pow(10, max(digits-2, 0)))).String()
	case metric.BytesPerSecond:
		return plain(v) + " bytes/s"
	}
	return plain(v) + " a second"
}

// percent writes a share.
func percent(share float64) string { return plain(100*share) + " %" }

// plain writes a number with three digits and without an exponent.
func plain(v float64) string {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64) // what was just written
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// shift writes a change on its own scale: a ratio as a percentage that was added or taken away, a
// difference of shares in percentage points.
func (c *Change) shift(v float64) string {
	switch {
	case !c.Ratio:
		return fmt.Sprintf("%+.2f points", 100*v)
	case v >= unbounded:
		return "+∞"
	case v >= 10:
		return "×" + plain(v)
	}
	return fmt.Sprintf("%+.1f %%", 100*(v-1))
}

// Shift writes the estimate for people, such as "+12.5 %".
func (c *Change) Shift() string { return c.shift(c.Estimate) }

// Interval writes the interval for people, such as "+8.1 % to +17.0 %".
func (c *Change) Interval() string { return c.shift(c.Low) + " to " + c.shift(c.High) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// listed names at most so many things and counts the others.
func listed(names []string, most int) string {
	if len(names) > most {
		names = append(names[:most:most], fmt.Sprintf("%d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}
