package report

import (
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// CSV writes the timeline of r as a table, one row a point, for spreadsheets and data frames. It
// keeps to RFC 4180: commas, line ends of CR LF, quotes where they are needed.
//
// The columns are the same for every run: those of [CSVColumns]. Where a metric has no samples its
// count is 0 and its times are empty. A stage that a spreadsheet would take for a formula has an
// apostrophe in front, as OWASP advises ("CSV Injection"). A file with a name in other letters than
// those of ASCII begins with a byte order mark, without which Excel takes UTF-8 for the code page of
// the machine.
func CSV(w io.Writer, r *result.Result) error {
	m := r.Metrics
	if m == nil {
		m = &metric.Metrics{}
	}
	if slices.ContainsFunc(m.Stages, func(s metric.StageMetrics) bool { return !ascii(s.Name) }) {
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return err
		}
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	out.Write(CSVColumns()) // an error stays and is told below
	for i := range m.Timeline.Points {
		out.Write(csvRow(m, i))
	}
	out.Flush()
	return out.Error()
}

// CSVColumns is the first row of [CSV]: the point, the load, then five columns for each metric over
// time, in the order of [metric.Names]. Columns may be added behind the last.
func CSVColumns() []string {
	columns := []string{"start_s", "length_s", "stage", "warmup", "customers", "exchanges", "exchanges_per_s",
		"failed", "info", "messages", "messages_per_s"}
	for _, name := range metric.OverTime() {
		unit := "_s"
		if metric.UnitOf(name) == metric.BytesPerSecond {
			unit = "_bytes_per_s"
		}
		columns = append(columns, name+".count", name+".p50"+unit, name+".p95"+unit, name+".p99"+unit, name+".max"+unit)
	}
	return columns
}

func csvRow(m *metric.Metrics, i int) []string {
	line, p := &m.Timeline, &m.Timeline.Points[i]
	start := i * line.Resolution
	stage := stageOf(m, time.Duration(start)*time.Second)
	rate := func(n int64) string { return decimal(float64(n) / float64(line.Resolution)) }
	row := []string{
		strconv.Itoa(start), strconv.Itoa(line.Resolution), inert(stage.Name), strconv.FormatBool(stage.Warmup),
		decimal(line.Customers(i)), whole(p.Exchanges), rate(p.Exchanges), whole(p.Failed), whole(p.Info),
		whole(p.Messages), rate(p.Messages),
	}
	for _, name := range metric.OverTime() {
		h := p.Latency[name]
		row = append(row, whole(h.Count()))
		for _, q := range []float64{0.5, 0.95, 0.99, 1} {
			if h.Count() == 0 {
				row = append(row, "")
				continue
			}
			row = append(row, decimal(h.Quantile(q)))
		}
	}
	return row
}

// stageOf is the stage a moment lies in, the last that began; without stages it has no name.
func stageOf(m *metric.Metrics, at time.Duration) metric.StageMetrics {
	var stage metric.StageMetrics
	for _, s := range m.Stages {
		if at >= s.Start {
			stage = s
		}
	}
	return stage
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

// decimal writes microseconds in full and no digits that say nothing.
func decimal(v float64) string {
	s := strconv.FormatFloat(v, 'f', 6, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// inert is a text that no spreadsheet takes for a formula, on one line.
func inert(s string) string {
	s = clean(s)
	if s != strings.TrimLeft(s, "=+-@＝＋－＠") { // Excel in Chinese and Japanese takes the wide ones, too
		return "'" + s
	}
	return s
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
