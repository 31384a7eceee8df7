package capacity

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// published is a data set with what was published of the law for it; 0 is what was not.
type published struct {
	name                 string
	points               []Point
	lambda, sigma, kappa Coefficient // of the errors only Error
	peak                 float64
	r2, residual         float64
	fitted               []float64
}

// The data sets are those of the R package usl (S. Möding, version 2.0, github.com/smoeding/usl) with
// the figures of its tests: summary, usl-nlxb, fitted, confint and coef.Rout.save. The standard errors
// of raytracer follow from the intervals of confint, which are 1.8125 of them to each side (Student's
// t of 0.95 at ten degrees of freedom; ours are at 0.975 and the eight that are left).
var publishedFits = []published{
	{
		name:   "specsdm91",
		points: []Point{{1, 64.9}, {18, 995.9}, {36, 1652.4}, {72, 1853.2}, {108, 1828.9}, {144, 1775.0}, {216, 1702.2}},
		lambda: Coefficient{Value: 89.9952330, Error: 14.2134894},
		sigma:  Coefficient{Value: 0.0277285, Error: 0.0091217},
		kappa:  Coefficient{Value: 0.0001044, Error: 0.00001988},
		peak:   96.5, r2: 0.9896, residual: 82.85,
		fitted: []float64{90, 1078, 1541, 1850, 1879, 1822, 1646},
	},
	{
		name: "raytracer",
		points: []Point{{1, 20}, {4, 78}, {8, 130}, {12, 170}, {16, 190}, {20, 200}, {24, 210}, {28, 230}, {32, 260},
			{48, 280}, {64, 310}},
		lambda:   Coefficient{Value: 21.848843, Error: (25.829306 - 17.868380) / 2 / 1.812461},
		sigma:    Coefficient{Value: 0.057771, Error: (0.081864 - 0.033677) / 2 / 1.812461},
		kappa:    Coefficient{Value: 0, Error: 0.000214 / 1.812461},
		residual: 9.34,
	},
	{
		name:   "six points",
		points: []Point{{1, 1}, {2, 1.8868}, {4, 3.0769}, {6, 3.5294}, {8, 3.5398}, {10, 3.3557}},
		lambda: Coefficient{Value: 1}, sigma: Coefficient{Value: 0.02}, kappa: Coefficient{Value: 0.02},
		peak: 7,
	},
}

func TestFitAgainstPublished(t *testing.T) {
	for _, want := range publishedFits {
		t.Run(want.name, func(t *testing.T) {
			law, err := Fit(want.points)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", *law)
			nearly(t, "lambda", law.Lambda.Value, want.lambda.Value, 1e-5)
			nearly(t, "sigma", law.Sigma.Value, want.sigma.Value, 3e-4) // as many digits as were published
			nearly(t, "kappa", law.Kappa.Value, want.kappa.Value, 4e-4)
			nearly(t, "load of the peak", law.PeakLoad, want.peak, 3e-4)
			published := func(what string, got, want, share float64) {
				if want != 0 {
					nearly(t, what, got, want, share)
				}
			}
			published("R²", law.R2, want.r2, 1e-4)
			published("residual standard error", law.Residual, want.residual, 1e-3)
			published("standard error of lambda", law.Lambda.Error, want.lambda.Error, 1e-4)
			published("standard error of sigma", law.Sigma.Error, want.sigma.Error, 1e-4)
			published("standard error of kappa", law.Kappa.Error, want.kappa.Error, 3e-3)
			for i, x := range want.fitted {
				nearly(t, "fitted throughput", law.At(want.points[i].Load), x, 6e-4)
			}
		})
	}
}

// TestFitFindsLaw draws laws, takes throughputs from them, and wants them back.
func TestFitFindsLaw(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		want := Law{}
		want.Lambda.Value, want.Sigma.Value = 0.01+1000*random.Float64(), random.Float64()*random.Float64()*random.Float64()
		if random.IntN(3) > 0 {
			want.Kappa.Value = math.Pow(10, -2-5*random.Float64())
		}
		var points []Point
		for n := 1.0; n < 3000; n = math.Ceil(n * (1.5 + random.Float64())) {
			points = append(points, Point{n, want.At(n)})
		}
		got, err := Fit(points)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			nearly(t, fmt.Sprintf("%v: throughput at %g", want, p.Load), got.At(p.Load), p.Throughput, 1e-3)
		}
	}
}

// TestFitIsSure wants the intervals of the coefficients to hold the true ones as often as they say.
func TestFitIsSure(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	truth := Law{Lambda: Coefficient{Value: 2}, Sigma: Coefficient{Value: 0.02}, Kappa: Coefficient{Value: 0.0001}}
	const fits = 300
	held := [coefficients]int{}
	for range fits {
		var points []Point
		for _, n := range []float64{1, 5, 10, 20, 40, 80, 160, 320, 160, 120} {
			points = append(points, Point{n, truth.At(n) + 0.3*random.NormFloat64()})
		}
		law, err := Fit(points)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range [][2]Coefficient{{law.Lambda, truth.Lambda}, {law.Sigma, truth.Sigma}, {law.Kappa, truth.Kappa}} {
			if c[0].Low <= c[1].Value && c[1].Value <= c[0].High {
				held[i]++
			}
		}
	}
	t.Logf("of %d intervals of lambda, sigma and kappa %v hold the truth", fits, held)
	for i, n := range held {
		if n < fits*91/100 || n > fits*99/100 {
			t.Errorf("%d of %d intervals of coefficient %d hold the truth, want 95 %%", n, fits, i)
		}
	}
}

func TestFitRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		points []Point
		want   string
	}{
		{"nothing", nil, "three coefficients"},
		{"as many points as coefficients", []Point{{1, 1}, {2, 2}, {3, 2.5}}, "there are 3 at 3"},
		{"two loads", []Point{{1, 1}, {1, 1.1}, {2, 2}, {2, 2.1}}, "there are 4 at 2"},
		{"no load", []Point{{0, 1}, {1, 1}, {2, 2}, {3, 2.5}}, "at load 0"},
		{"no throughput", []Point{{1, 1}, {2, 2}, {3, 2.5}, {4, 0}}, "a throughput of 0"},
		{"no number", []Point{{1, 1}, {2, 2}, {3, 2.5}, {4, math.NaN()}}, "NaN"},
	} {
		if law, err := Fit(tt.points); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, %v; want an error with %q", tt.name, law, err, tt.want)
		}
	}
}

func TestLawInWords(t *testing.T) {
	at := func(sigma, kappa float64, loads ...float64) string {
		law := Law{Lambda: Coefficient{Value: 3}, Sigma: Coefficient{Value: sigma}, Kappa: Coefficient{Value: kappa}}
		var points []Point
		for _, n := range loads {
			points = append(points, Point{n, law.At(n)})
		}
		return fitted(t, points)
	}
	for _, tt := range []struct{ name, sentence, want string }{
		{"straight", at(0, 0, 10, 20, 40, 80), "the data do not reach the bend"},
		{"bent a little", at(0.0005, 0, 10, 20, 40, 80), "the data do not reach the bend"},
		{"queueing", at(0.05, 0, 10, 20, 40, 80), "(contention)"},
		{"crosstalk, the peak in sight", at(0.001, 0.001, 10, 20, 40, 80), "beyond 31.6 more load gives less"},
		{"a limit like a wall, which is no peak", fitted(t, []Point{{10, 10}, {20, 20}, {30, 27}, {40, 27.1}, {60, 27.2}, {90, 27.3}}), "which the probes beyond do not show"},
		{"the peak out of sight", at(0.02, 0.00001, 10, 20, 40, 80), "is an extrapolation"},
	} {
		if !strings.Contains(tt.sentence, tt.want) {
			t.Errorf("%s: %q, want %q in it", tt.name, tt.sentence, tt.want)
		}
	}
}

// fitted is what the law for some points says.
func fitted(t *testing.T, points []Point) string {
	t.Helper()
	law, err := Fit(points)
	if err != nil {
		t.Fatal(err)
	}
	return law.Sentence
}

// nearly wants a number to be another but for a share of it.
func nearly(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	if math.Abs(got-want) > share*math.Abs(want) {
		t.Errorf("%s is %.8g, want %.8g", what, got, want)
	}
}
