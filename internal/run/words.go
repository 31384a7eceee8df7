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
		return fmt.Sprintf("up to %d customers for %v", peak(s.Load), length)
	}
	rate := 0.0
	for _, st := range s.Load.Stages {
		rate = max(rate, st.Arrivals)
	}
	return fmt.Sprintf("up to %s arrivals a second for %v", number(rate), length)
}

// stageWords is each stage in words.
func stageWords(s *scenario.Scenario) []result.Stage {
	var list []result.Stage
	before := "0"
	for _, st := range s.Load.Stages {
		level, noun := strconv.Itoa(st.Customers), "customers"
		if s.Load.Open {
			level, noun = number(st.Arrivals), "arrivals a second"
			if st.Poisson {
				noun += ", Poisson"
			}
		}
		words := level + " " + noun
		if st.Ramp {
			words = before + " to " + words
		}
		list = append(list, result.Stage{Name: st.Name, Load: words, Length: st.Length, Warmup: st.Warmup})
		before = level
	}
	return list
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', 4, 64) }
