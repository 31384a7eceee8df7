package metric

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// distributions gives values as a tenant may produce them, in microseconds.
func distributions(r *rand.Rand) map[string]func() int64 {
	return map[string]func() int64{
		"constant":    func() int64 { return 5000 },
		"uniform":     func() int64 { return r.Int64N(2_000_000) },
		"exponential": func() int64 { return int64(r.ExpFloat64() * 30_000) },
		"lognormal":   func() int64 { return int64(math.Exp(9 + 2*r.NormFloat64())) },
		"two peaks":   func() int64 { return 400 + r.Int64N(100) + r.Int64N(2)*5_000_000 },
		"small":       func() int64 { return r.Int64N(20) },
	}
}

func TestQuantilesAgreeWithTheSortedSamples(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for name, draw := range distributions(r) {
		for _, n := range []int{1, 2, 9, 100, 20_000} {
			h := newHist(Seconds, stageDigits)
			values := make([]int64, n)
			sum := int64(0)
			for i := range values {
				values[i] = min(draw(), limit)
				sum += values[i]
				h.record(values[i])
			}
			slices.Sort(values)
			for _, p := range Percentiles() {
				rank := max(int(math.Ceil(p.Q*float64(n)-1e-9)), 1)
				want := float64(values[rank-1]) / 1e6
				// The histogram gives the upper edge of a bucket that is 1/1024 wide at most.
				if got := h.Quantile(p.Q); got < want || got > want*(1+1.0/1024)+1e-9 {
					t.Errorf("%s of %d %s values = %v s, want %v s to three digits", p.Name, n, name, got, want)
				}
			}
			if got, want := h.Max(), float64(values[n-1])/1e6; got != want {
				t.Errorf("max of %d %s values = %v, want %v", n, name, got, want)
			}
			if got, want := h.Mean(), float64(sum)/float64(n)/1e6; math.Abs(got-want) > 1e-9 {
				t.Errorf("mean of %d %s values = %v, want %v", n, name, got, want)
			}
		}
	}
}

func TestEmptyHist(t *testing.T) {
	for name, h := range map[string]*Hist{"nil": nil, "zero": {}, "new": newHist(Seconds, stageDigits)} {
		if h.Count() != 0 || h.Mean() != 0 || h.Quantile(0.99) != 0 || h.Max() != 0 {
			t.Errorf("%s hist: count %d, mean %v, p99 %v, max %v, want all 0",
				name, h.Count(), h.Mean(), h.Quantile(0.99), h.Max())
		}
	}
}

func TestEqual(t *testing.T) {
	point := newHist(Seconds, pointDigits)
	point.record(1)
	tests := []struct {
		why  string
		a, b *Hist
		want bool
	}{
		{"nothing and nothing", nil, &Hist{}, true},
		{"nothing and something", nil, histOf(1), false},
		{"the same values in another order", histOf(1, 2), histOf(2, 1), true},
		{"the same count, sum and maximum", histOf(1, 4, 7), histOf(2, 3, 7), false},
		{"another precision", histOf(1), point, false},
		{"one was clamped", histOf(limit), histOf(limit + 1), false},
	}
	for _, tt := range tests {
		if got := tt.a.Equal(tt.b); got != tt.want || tt.b.Equal(tt.a) != got {
			t.Errorf("%s: equal = %v, the other way %v, want %v", tt.why, got, tt.b.Equal(tt.a), tt.want)
		}
	}
}

func TestValuesAboveTheLimitAreClampedAndCounted(t *testing.T) {
	h := newHist(Seconds, stageDigits)
	for _, v := range []int64{limit, limit + 1, 2 * limit} {
		h.record(v)
	}
	if h.Count() != 3 || h.Clamped() != 2 || h.Max() != 3600 {
		t.Errorf("count %d, clamped %d, max %v s; want 3, 2, 3600", h.Count(), h.Clamped(), h.Max())
	}
}

func TestThin(t *testing.T) {
	tests := []struct {
		count int
		q     float64
		want  bool
		why   string
	}{
		{0, 0.5, true, "nothing was seen"},
		{19, 0.5, true, "9.5 values lie beyond the median"},
		{20, 0.5, false, "10 do"},
		{199, 0.95, true, "9.95 values lie beyond"},
		{200, 0.95, false, "10 do"},
		{9_999, 0.999, true, "9.999 values lie beyond"},
		{10_000, 0.999, false, "10 do, although 1 - 0.999 is a little less than 0.001"},
	}
	for _, tt := range tests {
		h := newHist(Seconds, stageDigits)
		for range tt.count {
			h.record(1)
		}
		if got := h.Thin(tt.q); got != tt.want {
			t.Errorf("Thin(%v) of %d values = %v, want %v: %s", tt.q, tt.count, got, tt.want, tt.why)
		}
	}
}

func TestHistSurvivesJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for name, draw := range distributions(r) {
		for _, digits := range []int{stageDigits, pointDigits} {
			h := newHist(Seconds, digits)
			for range 500 {
				h.record(draw())
			}
			h.record(limit + 5)
			data, err := json.Marshal(h)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			var got Hist
			if err := json.Unmarshal(data, &got); err != nil {
				t.Fatalf("%s: reading %s: %v", name, data, err)
			}
			again, err := json.Marshal(&got)
			if err != nil || string(again) != string(data) {
				t.Errorf("%s, %d digits: written again as\n%s, was\n%s (error %v)", name, digits, again, data, err)
			}
		}
	}
}

func TestThinPercentilesAreNamedInJSON(t *testing.T) {
	h := newHist(Seconds, stageDigits)
	for range 150 {
		h.record(1000)
	}
	data, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"thin":["p95","p99","p99.9"]`; !strings.Contains(string(data), want) {
		t.Errorf("JSON of 150 values = %s, want it to contain %s", data, want)
	}
}

func TestDamagedHistIsRefused(t *testing.T) {
	good, err := json.Marshal(histOf(1, 2, 3))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ why, data string }{
		{"no data", `{"count":1}`},
		{"buckets that are not numbers", `{"count":1,"buckets":"1 x"}`},
		{"a gap that is none", `{"count":1,"buckets":"-1 1"}`},
		{"a negative count", `{"count":1,"buckets":"1 -1"}`},
		{"a value beyond the limit", `{"count":1,"buckets":"4000000000 1"}`},
		{"another precision", `{"count":0,"hdr":"` + otherPrecision(t) + `"}`},
		{"not Base64", `{"count":1,"hdr":"*"}`},
		{"Base64 of something else", `{"count":1,"hdr":"aGVsbG8gd29ybGQgaGVsbG8="}`},
		{"cut off", strings.Replace(string(good), `AAA`, ``, 1)},
		{"another count", strings.Replace(string(good), `"count":3`, `"count":4`, 1)},
	}
	for _, tt := range tests {
		var h Hist
		if err := json.Unmarshal([]byte(tt.data), &h); !errors.Is(err, ErrHistogram) {
			t.Errorf("%s: error %v, want ErrHistogram; input %s", tt.why, err, tt.data)
		}
	}
}

func otherPrecision(t *testing.T) string {
	t.Helper()
	data, err := hdr.NewPacked(1, limit, 1).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// FuzzHist feeds anything to the reader of stored histograms: it must answer with an error or with
// a histogram that can be asked and written.
func FuzzHist(f *testing.F) {
	good, err := json.Marshal(histOf(10, 2000, 300_000))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"hdr":"HISTFAAAAA=="}`))
	f.Add([]byte(`{"count":5,"buckets":"100 2 28 3"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var h Hist
		if json.Unmarshal(data, &h) != nil {
			return
		}
		if _, err := json.Marshal(&h); err != nil {
			t.Errorf("a histogram that was read cannot be written: %v; input %s", err, data)
		}
		mergeHist(&h, histOf(1)).Quantile(0.5)
	})
}

// histOf is a stage's histogram of these microseconds.
func histOf(values ...int64) *Hist {
	h := newHist(Seconds, stageDigits)
	for _, v := range values {
		h.record(v)
	}
	return h
}

// TestBelow counts what every value of a histogram says of itself: as many values do not exceed a
// quantile as its share says, and inside a bucket the count grows evenly.
func TestBelow(t *testing.T) {
	for _, digits := range []int{stageDigits, pointDigits} {
		h := newHist(Seconds, digits)
		for i := range int64(1000) {
			h.record(1000 + i) // 1.000 to 1.999 ms
		}
		for _, c := range []struct {
			ms, want, tolerance float64
			why                 string
		}{
			{0.5, 0, 0, "all are above"},
			{1.023, 24, 0, "the end of a bucket, whatever its width"},
			{1.4995, 500, 1, "in the middle"},
			{1.5, 501, 1, "in the middle of a bucket"},
			{2.5, 1000, 0, "all are below"},
		} {
			if got := h.Below(c.ms / 1000); math.Abs(got-c.want) > c.tolerance {
				t.Errorf("%d digits: got %g values up to %g ms, want %g: %s", digits, got, c.ms, c.want, c.why)
			}
		}
	}
	var none *Hist
	if got := none.Below(1); got != 0 {
		t.Errorf("no histogram: got %g, want 0", got)
	}
}

// TestBucketWidth takes the widths from what the library itself calls the same.
func TestBucketWidth(t *testing.T) {
	for _, digits := range []int{stageDigits, pointDigits} {
		h := hdr.New(1, limit, digits)
		for v := int64(1); v < 1<<30; v = v*5/4 + 1 {
			low := v
			for low > 0 && h.ValuesAreEquivalent(v, low-1) {
				low--
			}
			width := bucketWidth(low, digits)
			if !h.ValuesAreEquivalent(low, low+width-1) || h.ValuesAreEquivalent(low, low+width) {
				t.Errorf("%d digits: got width %d of the bucket at %d, which the library does not have", digits, width, low)
			}
			if v > 1<<22 && digits == pointDigits {
				break // buckets are so wide that walking down takes long
			}
		}
	}
}
