package run

import (
	"fmt"
	"strconv"

	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// loadWords is the load in a few words.
func loadWords(s *scenario.Scenario) string {
	stages := Stages(s)
	length := stages[len(stages)-1].Start
	if !s.Load.Open {
		return fmt.Sprintf("up to %s for %v", several(strconv.Itoa(peak(s.Load)), "customer"), length)
	}
	return fmt.Sprintf("up to %s a second for %v", several(number(peakRate(s.Load)), "arrival"), length)
}

func peakRate(load scenario.Load) float64 {
	rate := 0.0
	for _, st := range load.Stages {
		rate = max(rate, st.Arrivals)
	}
	return rate
}

// several writes "1 customer" or "2 customers".
func several(number, noun string) string {
	if number == "1" {
		return number + " " + noun
	}
	return number + " " + noun + "s"
}

// stageWords is each stage in words.
func stageWords(s *scenario.Scenario) []result.Stage {
	var list []result.Stage
	before := "0"
	for _, st := range s.Load.Stages {
		level := strconv.Itoa(st.Customers)
		words := several(level, "customer")
		if s.Load.Open {
			level = number(st.Arrivals)
			words = several(level, "arrival") + " a second"
		}
		if st.Poisson {
			words += ", Poisson"
		}
		if st.Ramp {
			words = before + " to " + words
		}
		list = append(list, result.Stage{Name: st.Name, Load: words, Length: st.Length, Warmup: st.Warmup})
		before = level
	}
	return list
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', 4, 64) }
