package metric

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// wireHist is a Hist in JSON. Count, mean and the percentiles are there for whoever reads the
// file; reading it back uses the rest.
//
// A stage's histogram is in the form that every HdrHistogram tool reads. The many small ones of a
// timeline are not, because that form compresses each of them with a compressor of its own, at
// 0.8 MB a piece.
type wireHist struct {
	Unit    Unit     `json:"unit"`
	Count   int64    `json:"count"`
	Mean    float64  `json:"mean"`
	P50     float64  `json:"p50"`
	P75     *float64 `json:"p75,omitempty"`
	P90     *float64 `json:"p90,omitempty"`
	P95     float64  `json:"p95"`
	P99     float64  `json:"p99"`
	P999    *float64 `json:"p99.9,omitempty"`
	Max     float64  `json:"max"`
	Thin    []string `json:"thin,omitempty"`
	Clamped int64    `json:"clamped,omitempty"`
	Sum     int64    `json:"sum"`               // microseconds or bytes per second
	Top     int64    `json:"top"`               // the maximum in the same
	HDR     string   `json:"hdr,omitempty"`     // stages: HdrHistogram V2, compressed, Base64
	Buckets string   `json:"buckets,omitempty"` // timeline: "gap count gap count ...", see bucketText
}

// figures is what people read of a histogram.
func (h *Hist) figures() wireHist {
	w := wireHist{
		Unit: h.unit, Count: h.Count(), Mean: h.Mean(), Max: h.Max(),
		P50: h.Quantile(0.5), P95: h.Quantile(0.95), P99: h.Quantile(0.99),
		Clamped: h.clamped, Sum: h.sum, Top: h.max,
	}
	if h.digits == pointDigits {
		return w
	}
	p75, p90, p999 := h.Quantile(0.75), h.Quantile(0.9), h.Quantile(0.999)
	w.P75, w.P90, w.P999 = &p75, &p90, &p999
	for _, p := range Percentiles() {
		if h.Thin(p.Q) {
			w.Thin = append(w.Thin, p.Name)
		}
	}
	return w
}

// MarshalJSON writes the percentiles for people and the histogram itself for merging. Histograms
// of a timeline leave out p75, p90, p99.9 and what is thin.
func (h *Hist) MarshalJSON() ([]byte, error) {
	w := h.figures()
	if h.digits == pointDigits {
		w.Buckets = h.bucketText()
		return json.Marshal(w)
	}
	data, err := h.storage().Encode()
	if err != nil {
		return nil, fmt.Errorf("encoding a histogram: %w", err)
	}
	w.HDR = string(data)
	return json.Marshal(w)
}

// bucketText writes for each bucket how far its lower edge lies above that of the one before and
// how many values it holds.
func (h *Hist) bucketText() string {
	var text []byte
	before := int64(0)
	for value, count := range h.storage().ForEachBucket {
		text = strconv.AppendInt(text, value-before, 10)
		text = append(text, ' ')
		text = strconv.AppendInt(text, count, 10)
		text = append(text, ' ')
		before = value
	}
	return strings.TrimSuffix(string(text), " ")
}

// UnmarshalJSON reads what MarshalJSON wrote. The error wraps [ErrHistogram] when the data is not
// a histogram of the kind this package writes.
func (h *Hist) UnmarshalJSON(b []byte) error {
	var w wireHist
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	read := Hist{digits: stageDigits, unit: cmp.Or(w.Unit, Seconds), sum: w.Sum, max: w.Top, clamped: w.Clamped}
	var err error
	if w.HDR != "" {
		read.packed, err = parseHDR(w.HDR)
	} else {
		read.digits = pointDigits
		read.packed, err = parseBuckets(w.Buckets)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHistogram, err)
	}
	if n := read.packed.TotalCount(); n != w.Count {
		return fmt.Errorf("%w: it holds %d values and should hold %d", ErrHistogram, n, w.Count)
	}
	*h = read
	return nil
}

func parseHDR(data string) (*hdr.PackedHistogram, error) {
	p, err := hdr.DecodePacked([]byte(data))
	if err != nil {
		return nil, err
	}
	low, high, digits := p.LowestTrackableValue(), p.HighestTrackableValue(), p.SignificantFigures()
	if low != 1 || high != limit || digits != stageDigits {
		return nil, fmt.Errorf("%d digits from %d to %d instead of %d from 1 to %d", digits, low, high, stageDigits, limit)
	}
	return p, nil
}

func parseBuckets(text string) (*hdr.PackedHistogram, error) {
	p := hdr.NewPacked(1, limit, pointDigits)
	value := int64(0)
	numbers := strings.Fields(text)
	for i := 0; i+1 < len(numbers); i += 2 {
		gap, err := strconv.ParseUint(numbers[i], 10, 32)
		if err != nil {
			return nil, err
		}
		count, err := strconv.ParseInt(numbers[i+1], 10, 64)
		if err != nil {
			return nil, err
		}
		if value += int64(gap); value > limit {
			return nil, fmt.Errorf("a value of %d", value)
		}
		if err := p.RecordValues(value, count); err != nil {
			return nil, err
		}
	}
	return p, nil
}
