package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// readCSV gives the rows below the header, by column.
func readCSV(t *testing.T, r *result.Result) []map[string]string {
	t.Helper()
	var b bytes.Buffer
	if err := CSV(&b, r); err != nil {
		t.Fatal(err)
	}
	text := strings.TrimPrefix(b.String(), "\ufeff")
	if n, ends := strings.Count(text, "\n"), strings.Count(text, "\r\n"); n != ends {
		t.Errorf("%d lines end with CR LF, of %d", ends, n)
	}
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if diff := cmp.Diff(CSVColumns(), records[0]); diff != "" {
		t.Errorf("the first row is not the columns (-want +got):\n%s", diff)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, v := range record {
			row[records[0][i]] = v
		}
		rows = append(rows, row)
	}
	return rows
}

// TestCSVHasTheTimeline adds the rows up and compares them with the timeline itself.
func TestCSVHasTheTimeline(t *testing.T) {
	r := passed()
	rows := readCSV(t, r)
	line := &r.Metrics.Timeline
	if len(rows) != len(line.Points) || len(rows) == 0 {
		t.Fatalf("%d rows, want one for each of %d points", len(rows), len(line.Points))
	}
	number := func(row map[string]string, column string) float64 {
		v, err := strconv.ParseFloat(row[column], 64)
		if err != nil {
			t.Errorf("%s is %q at %s s: %v", column, row[column], row["start_s"], err)
		}
		return v
	}
	for i, row := range rows {
		p := &line.Points[i]
		want := []float64{float64(i * line.Resolution), line.Customers(i), float64(p.Exchanges), float64(p.Messages)}
		got := []float64{number(row, "start_s"), number(row, "customers"), number(row, "exchanges_per_s") * number(row, "length_s"), number(row, "messages")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("row %d: start, customers, exchanges, messages (-want +got):\n%s", i, diff)
		}
		h := p.Latency["delivery"]
		if number(row, "delivery.count") != float64(h.Count()) {
			t.Errorf("row %d has %s deliveries, want %d", i, row["delivery.count"], h.Count())
		}
		switch {
		case h.Count() == 0 && row["delivery.p99_s"] != "":
			t.Errorf("row %d has no delivery and a p99 of %q, want it empty", i, row["delivery.p99_s"])
		case h.Count() > 0 && number(row, "delivery.p99_s") != h.Quantile(0.99):
			t.Errorf("row %d has a delivery p99 of %s s, want %v", i, row["delivery.p99_s"], h.Quantile(0.99))
		}
	}
	if got := []string{rows[0]["stage"], rows[0]["warmup"], rows[1]["stage"], rows[1]["warmup"]}; !slices.Equal(got, []string{"1 warm-up", "true", "2", "false"}) {
		t.Errorf("stages of the first two seconds: %q", got)
	}
}

// TestCSVColumns holds on to the header: whoever reads the files counts on it.
func TestCSVColumns(t *testing.T) {
	golden(t, "csv-columns.txt", strings.Join(CSVColumns(), "\n")+"\n")
}

// TestCSVOfALongRun has points of several seconds: rates are per second all the same.
func TestCSVOfALongRun(t *testing.T) {
	r := passed()
	r.Metrics = &metric.Metrics{
		Stages: []metric.StageMetrics{{Name: "soak", End: 20 * time.Minute}},
		Timeline: metric.Timeline{Resolution: 4, Points: []metric.Point{
			{Exchanges: 10, Messages: 2, CustomerSeconds: 6}, {Exchanges: 1, Failed: 1},
		}},
	}
	rows := readCSV(t, r)
	got := [][]string{}
	for _, row := range rows {
		got = append(got, []string{row["start_s"], row["length_s"], row["customers"], row["exchanges_per_s"], row["messages_per_s"], row["failed"]})
	}
	if diff := cmp.Diff([][]string{{"0", "4", "1.5", "2.5", "0.5", "0"}, {"4", "4", "0", "0.25", "0", "1"}}, got); diff != "" {
		t.Errorf("start, length, customers, exchanges, messages, failed (-want +got):\n%s", diff)
	}
}

func TestCSVTakesNoOrders(t *testing.T) {
	tests := []struct{ why, stage, want string }{
		{"a formula of Excel and LibreOffice", `=HYPERLINK("http://x.example","y")`, `'=HYPERLINK("http://x.example","y")`},
		{"a formula with a plus", "+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"},
		{"a formula with a minus", "-2+3", "'-2+3"},
		{"a formula of Lotus", "@SUM(1)", "'@SUM(1)"},
		{"the wide equals sign of a Chinese keyboard", "＝1+1", "'＝1+1"},
		{"a tab in front of it", "\t=1", "·=1"},
		{"a line end would be a row", "a\r\nb", "a··b"},
		{"a comma and quotes belong to the name", `a,"b"`, `a,"b"`},
		{"an equals sign within is harmless", "a=1", "a=1"},
		{"Chinese is not", "高峰", "高峰"},
	}
	for _, test := range tests {
		r := passed()
		r.Metrics = &metric.Metrics{Stages: []metric.StageMetrics{{Name: test.stage, End: time.Second}},
			Timeline: metric.Timeline{Resolution: 1, Points: make([]metric.Point, 1)}}
		if got := readCSV(t, r)[0]["stage"]; got != test.want {
			t.Errorf("%s: stage %q is %q, want %q", test.why, test.stage, got, test.want)
		}
	}
}

// TestCSVMark wants the byte order mark where Excel needs it and nowhere else.
func TestCSVMark(t *testing.T) {
	for stage, want := range map[string]bool{"full": false, "高峰": true} {
		r := passed()
		r.Metrics = &metric.Metrics{Stages: []metric.StageMetrics{{Name: stage}}}
		var b bytes.Buffer
		CSV(&b, r)
		if got := bytes.HasPrefix(b.Bytes(), []byte("\xef\xbb\xbf")); got != want {
			t.Errorf("stage %s: the file begins with a byte order mark: %v, want %v", stage, got, want)
		}
	}
}

func TestCSVOfNothing(t *testing.T) {
	for why, r := range map[string]*result.Result{
		"no metrics":  {},
		"no timeline": {Metrics: &metric.Metrics{}},
	} {
		if rows := readCSV(t, r); len(rows) != 0 {
			t.Errorf("%s: %d rows, want the header alone", why, len(rows))
		}
	}
}

func TestCSVTellsWhatItCannotWrite(t *testing.T) {
	broken := errors.New("disk full")
	if err := CSV(failing{broken}, passed()); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}
