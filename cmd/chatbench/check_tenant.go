package main

import (
	_ "embed" // the scenario that is built in
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chatbench/internal/run"
	"chatbench/internal/scenario"
)

// checkScenario is played in front of the probes when no scenario is given.
//
//go:embed check.yaml
var checkScenario []byte

// probeFlags say what probes cannot find out for themselves.
type probeFlags struct {
	keyword     string
	sessionTime time.Duration
}

func (f *probeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.keyword, "keyword", "", "the `TEXT` that hands over from the robot when it is typed (HND-22; default that of the embedded tenant)")
	flags.DurationVar(&f.sessionTime, "session-time", 0, "look whether a conversation is released that nobody polls for so long (POL-25; default not)")
}

// isScenario reports whether an argument of check names a scenario rather than a trace.
func isScenario(file string) bool {
	ext := strings.ToLower(filepath.Ext(file))
	return ext == ".yaml" || ext == ".yml"
}

// forTenants are the flags that mean nothing when a recording is checked.
var forTenants = []string{"target", "channel", "app-key", "app-secret", "app-secret-file", "ca-file", "sni", "insecure", "allow-target",
	"customers", "duration", "seed", "trace", "markers", "quiet", "junit", "markdown", "annotations", "abort-on-fail", "keyword", "session-time"}

// tenant plays a scenario, or the one that is built in, and then probes the tenant.
func (f *checkFlags) tenant(cmd *cobra.Command, args []string) error {
	if f.probe.sessionTime < 0 {
		return usagef("--session-time %v is not a length of time", f.probe.sessionTime)
	}
	load := func(opt scenario.Options) (*scenario.Scenario, error) {
		if len(args) > 0 {
			return scenario.LoadFile(args[0], opt)
		}
		return scenario.Parse("built-in check", checkScenario, opt)
	}
	probes := &run.Probes{Keyword: f.probe.keyword, SessionTime: f.probe.sessionTime}
	return f.play.playLoaded(cmd, load, probes)
}
