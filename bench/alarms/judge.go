package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"
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

// played is a kept run.
type played struct {
	compare.Input
	turn string // what the runs that were played at the same time have in common
}

// kept is the runs of a folder.
type kept struct {
	identical, slowed []played
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
		in := played{compare.Input{File: file, Result: r}, turnOf(file)}
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

// turnOf is when a turn was begun, from the name of a file.
func turnOf(file string) string {
	name := filepath.Base(file)
	return name[:min(len(name), len(turnFormat))]
}

// table judges the runs of a folder and writes what came of it.
func (j *judging) table(w io.Writer, dir string, seed uint64) error {
	k, err := readKept(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d identical runs and %d slowed ones in %d turns, and %d that were INVALID, which are not compared.\n\n",
		len(k.identical), len(k.slowed), len(k.turns()), k.invalid)
	fmt.Fprintln(w, "| Base | New | Runs a side | Each run is in | Trials | better | same | worse | cannot tell |")
	fmt.Fprintln(w, "|---|---|---:|---|---:|---:|---:|---:|---:|")
	draw := rand.New(rand.NewPCG(seed, 3))
	var alarms, missed claim
	for _, size := range []int{1, 3, 8} {
		for _, once := range []bool{true, false} {
			for _, new := range []kind{identical, slowed} {
				r := row{new, size, once}
				found, err := j.row(w, k, r, draw)
				if err != nil {
					return err
				}
				switch r {
				case row{identical, 1, true}:
					alarms = found
				case row{slowed, 1, true}:
					missed = found
				}
			}
		}
	}
	fmt.Fprintf(w, "\nFalse alarms: %s\nSlowdowns that were not found: %s\n", alarms.words(k.atOnce()), missed.words(k.atOnce()))
	k.spreads(w)
	return nil
}

// claim is what the independent trials of single runs allow to be said.
type claim struct{ wrong, trials int }

// words say it with two bounds: when each trial is independent of the others, and when whatever makes
// a run odd makes all runs of its turn odd, so that so many trials say no more than one.
func (c claim) words(atOnce float64) string {
	if c.trials == 0 {
		return "no trial."
	}
	text := fmt.Sprintf("%d of %d trials in which each run is once; with 95 %% confidence fewer than %.2g %%", c.wrong, c.trials, 100*c.atMost(1))
	if atOnce > 1 {
		text += fmt.Sprintf(" if trials are independent, and fewer than %.2g %% if the %.1f runs of a turn stand and fall together", 100*c.atMost(atOnce), atOnce)
	}
	return text + "."
}

// atMost is the upper bound of Clopper and Pearson, one-sided at 95 %, when so many trials count as
// one. Without anything wrong that is about 3 in the number of trials.
func (c claim) atMost(together float64) float64 {
	wrong, trials := float64(c.wrong)/together, float64(c.trials)/together
	if wrong >= trials {
		return 1
	}
	return distuv.Beta{Alpha: wrong + 1, Beta: trials - wrong}.Quantile(0.95)
}

// turns are those that have a run.
func (k *kept) turns() []string {
	var list []string
	for _, p := range slices.Concat(k.identical, k.slowed) {
		list = append(list, p.turn)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// atOnce is how many runs a turn has, on average.
func (k *kept) atOnce() float64 {
	return float64(len(k.identical)+len(k.slowed)) / float64(max(len(k.turns()), 1))
}

// spreads writes how much the identical runs differ, how much of it their seconds explain, and how
// alike runs of a turn are.
func (k *kept) spreads(w io.Writer) {
	list, err := compare.Spreads(inputs(k.identical))
	if err != nil {
		return // there are too few
	}
	fmt.Fprintln(w, "\n| Figure | Spread of the runs | Expected from their seconds | Not explained | Alike within a turn |")
	fmt.Fprintln(w, "|---|---:|---:|---:|---:|")
	for _, s := range list {
		if s.Statistic != "share" {
			fmt.Fprintf(w, "| %s %s | %.1f %% | %.1f %% | %.1f %% | %.2f |\n", s.Name, s.Statistic, 100*s.Seen, 100*s.Expected, 100*s.Between(), k.alike(s.Values))
		}
	}
}

// alike is the intraclass correlation of the identical runs' values by turns: 1 when those of a turn
// are the same, 0 when they are like any others (the estimator from the analysis of variance; R. A.
// Fisher, Statistical Methods for Research Workers, 1925, chapter VII). It is 0 when no turn has two.
func (k *kept) alike(values []float64) float64 {
	turns := map[string][]float64{}
	for i, p := range k.identical {
		turns[p.turn] = append(turns[p.turn], values[i])
	}
	n, groups := float64(len(values)), float64(len(turns))
	if groups < 2 || n == groups {
		return 0
	}
	mean := stat.Mean(values, nil)
	var between, within, squares float64
	for _, v := range turns {
		own := stat.Mean(v, nil)
		size := float64(len(v))
		between += size * (own - mean) * (own - mean) / (groups - 1)
		squares += size * size
		for _, x := range v {
			within += (x - own) * (x - own) / (n - groups)
		}
	}
	each := (n - squares/n) / (groups - 1) // runs of a turn, as they count
	if between+within == 0 {
		return 0
	}
	return (between - within) / (between + (each-1)*within)
}

// row judges the trials of a line of the table, writes it, and says how many were judged wrongly.
func (j *judging) row(w io.Writer, k *kept, r row, draw *rand.Rand) (claim, error) {
	of := map[compare.Verdict]int{}
	trials := k.trials(r, j.trials, draw)
	found := claim{trials: len(trials)}
	for _, t := range trials {
		rep, err := compare.Runs(t.base, t.new, j.options)
		if err != nil {
			return found, err
		}
		of[rep.Verdict]++
		if !r.wrong(rep.Verdict) {
			continue
		}
		found.wrong++
		if j.verbose {
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
	return found, err
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
