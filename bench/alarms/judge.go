package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"chatbench/internal/compare"
	"chatbench/internal/result"
)

// judging is how pairs of runs are compared.
type judging struct {
	options compare.Options
	trials  int  // at most in a row of the table whose runs are in several trials
	verbose bool // say what each false alarm was about
}

func (j *judging) register(flags *flag.FlagSet) {
	flags.Float64Var(&j.options.Alpha, "alpha", compare.DefaultAlpha, "as of chatbench compare")
	flags.Float64Var(&j.options.MinEffect, "min-effect", compare.DefaultMinEffect, "as of chatbench compare")
	flags.IntVar(&j.trials, "trials", 1000, "trials at most in a row of the table in which a run is in several of them")
	flags.BoolVar(&j.verbose, "v", false, "list the false alarms and what was not found")
}

func (j *judging) check() error {
	if j.trials < 1 || j.options.Alpha <= 0 || j.options.Alpha >= 1 || j.options.MinEffect <= 0 {
		return errors.New("-trials, -alpha and -min-effect must be more than 0, and -alpha less than 1")
	}
	return nil
}

// kept is the runs of a folder.
type kept struct {
	identical, slowed []compare.Input
	invalid           int // left out
}

func readKept(dir string) (*kept, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*-*.json"))
	if err != nil {
		return nil, err
	}
	k := &kept{}
	for _, file := range files {
		r, err := result.Load(file)
		if err != nil {
			return nil, err
		}
		in := compare.Input{File: file, Result: r}
		switch {
		case r.Verdict == result.Invalid:
			k.invalid++
		case strings.HasSuffix(file, string(slowed)+".json"):
			k.slowed = append(k.slowed, in)
		default:
			k.identical = append(k.identical, in)
		}
	}
	return k, nil
}

// table judges the runs of a folder and writes what came of it.
func (j *judging) table(w io.Writer, dir string, seed uint64) error {
	k, err := readKept(dir)
	if err != nil {
		return err
	}
	defer k.spreads(w)
	fmt.Fprintf(w, "%d identical runs, %d slowed ones, and %d that were INVALID, which are not compared.\n\n", len(k.identical), len(k.slowed), k.invalid)
	fmt.Fprintln(w, "| Base | New | Runs a side | Each run is in | Trials | better | same | worse | cannot tell |")
	fmt.Fprintln(w, "|---|---|---:|---|---:|---:|---:|---:|---:|")
	draw := rand.New(rand.NewPCG(seed, 3))
	for _, size := range []int{1, 3, 8} {
		for _, once := range []bool{true, false} {
			for _, new := range []kind{identical, slowed} {
				if err := j.row(w, k, row{new, size, once}, draw); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// spreads writes how much the identical runs differ, and how much of it their seconds explain.
func (k *kept) spreads(w io.Writer) {
	list, err := compare.Spreads(k.identical)
	if err != nil {
		return // there are too few
	}
	fmt.Fprintln(w, "\n| Figure | Spread of the runs | Expected from their seconds | Not explained |")
	fmt.Fprintln(w, "|---|---:|---:|---:|")
	for _, s := range list {
		if s.Statistic != "share" {
			fmt.Fprintf(w, "| %s %s | %.1f %% | %.1f %% | %.1f %% |\n", s.Name, s.Statistic, 100*s.Seen, 100*s.Expected, 100*s.Between())
		}
	}
}

// trial is the runs of a comparison.
type trial struct{ base, new []compare.Input }

// row is a line of the table.
type row struct {
	new  kind
	size int  // runs a side
	once bool // a run is in one trial at most
}

// trials puts runs into groups by chance: each into one trial, or as often as there are trials.
func (k *kept) trials(r row, most int, draw *rand.Rand) []trial {
	var list []trial
	for len(list) < most {
		base, other := shuffled(k.identical, draw), shuffled(k.slowed, draw)
		if r.new == identical {
			base, other = base[:len(base)/2], base[len(base)/2:]
		}
		groups := min(len(base), len(other)) / r.size
		if groups == 0 {
			break
		}
		if !r.once {
			groups = 1
		}
		for i := range groups {
			from, to := i*r.size, (i+1)*r.size
			list = append(list, trial{base[from:to], other[from:to]})
		}
		if r.once {
			break
		}
	}
	return list
}

func shuffled(list []compare.Input, draw *rand.Rand) []compare.Input {
	list = append([]compare.Input(nil), list...)
	draw.Shuffle(len(list), func(a, b int) { list[a], list[b] = list[b], list[a] })
	return list
}

func (j *judging) row(w io.Writer, k *kept, r row, draw *rand.Rand) error {
	of := map[compare.Verdict]int{}
	trials := k.trials(r, j.trials, draw)
	for _, t := range trials {
		rep, err := compare.Runs(t.base, t.new, j.options)
		if err != nil {
			return err
		}
		of[rep.Verdict]++
		if j.verbose && r.wrong(rep.Verdict) {
			fmt.Fprintf(w, "<!-- %s: %s; %s and %s -->\n", r.new, rep.Reasons[0], t.base[0].File, t.new[0].File)
		}
	}
	often := "any number"
	if r.once {
		often = "one trial"
	}
	cells := []string{string(identical), string(r.new), fmt.Sprint(r.size), often, fmt.Sprint(len(trials))}
	for _, v := range []compare.Verdict{compare.Better, compare.Same, compare.Worse, compare.Unknown} {
		cells = append(cells, share(of[v], len(trials)))
	}
	_, err := fmt.Fprintln(w, "| "+strings.Join(cells, " | ")+" |")
	return err
}

// wrong reports whether a verdict is a false alarm, or a slowdown that was not found.
func (r *row) wrong(v compare.Verdict) bool {
	if r.new == slowed {
		return v != compare.Worse
	}
	return v == compare.Worse || v == compare.Better
}

// share writes a share with its exact binomial interval at 95 % (C. J. Clopper and E. S. Pearson,
// Biometrika 26, 1934).
func share(k, n int) string {
	if n == 0 {
		return "-"
	}
	low, high := 0.0, 1.0
	if k > 0 {
		low = distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(0.025)
	}
	if k < n {
		high = distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(0.975)
	}
	return fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*float64(k)/float64(n), 100*low, 100*high)
}
