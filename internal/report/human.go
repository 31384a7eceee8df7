package report

import (
	"math"
	"time"
)

// human writes a time in seconds with three significant digits and a unit: "1.23ms", "0s".
func human(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d <= 0 {
		return "0s"
	}
	digits := math.Floor(math.Log10(float64(d)))
	return d.Round(time.Duration(math.Pow(10, max(digits-2, 0)))).String()
}
