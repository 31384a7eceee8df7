package judge

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/gate"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// scenarioName is what results and traces call what was played.
const scenarioName = "judging clients"

// failed is told of each broken rule, under the mutex of its customer and of the checker.
func (j *Judge) failed(rule string, index int, w *check.Witness) {
	found, ok := j.byIndex.Load(index)
	if !ok {
		return // it was forgotten
	}
	c := found.(*customer)
	c.broken = true
	if w != nil {
		j.notify(Finding{At: c.lastAt, Client: c.client.key.String(), User: c.user, Lesson: j.lessonName(c.lesson), Rule: rule, Witness: *w})
	}
}

// notify leaves a finding for whoever tells of it.
func (j *Judge) notify(f Finding) {
	if j.opt.Found == nil {
		return
	}
	select {
	case j.findings <- f:
	default: // the result has it
	}
}

// tell tells of findings.
func (j *Judge) tell() {
	for {
		select {
		case f := <-j.findings:
			j.opt.Found(f)
		case <-j.stop:
			for len(j.findings) > 0 {
				j.opt.Found(<-j.findings)
			}
			return
		}
	}
}

// met notes what a conversation has shown; the customer's mutex is held.
func (j *Judge) met(c *customer) {
	before := c.shown
	c.shown = c.saw
	for _, i := range j.clients.see(c.client, before, c.saw) {
		j.notify(Finding{At: c.lastAt, Client: c.client.key.String(), User: c.user, Lesson: curriculum[i].Name})
	}
}

// ended takes note of a conversation that has ended; the customer's mutex is held.
func (j *Judge) ended(c *customer) {
	j.finished.Add(1)
	if c.broken && c.lesson != noLesson {
		j.clients.broke(c.client, c.lesson)
	}
}

// Result is what was found out so far: complete when the judge is closed.
func (j *Judge) Result() *result.Result {
	end := time.Now()
	metrics := counted(j.recorder.Snapshot())
	r := &result.Result{
		Schema: result.Schema1, Tool: result.Tool{Version: j.opt.Tenant.Version, Go: runtime.Version()},
		Scenario: result.Scenario{Name: scenarioName, Seed: j.opt.Tenant.Seed},
		Target:   result.Target{Kind: result.Judged, Note: j.tenant.Describe()},
		Run:      result.Run{ID: strconv.FormatUint(j.run, 36), Start: j.start, End: end, Command: result.MaskArgs(j.opt.Command)},
		Rules:    j.checker.Report(), Metrics: metrics, Health: metric.Health{}.WithLateness(metrics),
	}
	gate.Apply(r, &scenario.Scenario{Name: scenarioName, Gate: scenario.Gate{MaxMissed: 1}}, gate.Ending{Now: end})
	j.mu.Lock()
	r.Trace = j.kept
	if j.unjudged > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("There were more than %d users at the same time: %d calls of others were not judged.", maxUsers, j.unjudged))
	}
	j.mu.Unlock()
	for _, c := range j.clients.all() {
		r.Notes = append(r.Notes, fmt.Sprintf("Client %d is %s.", c.number, c.key))
		r.Gates = append(r.Gates, j.lessons(c)...)
	}
	return r
}

// counted takes the times out of what was measured: they are the tenant's own, and what a client's
// machine and network take is not in them.
func counted(m *metric.Metrics) *metric.Metrics {
	for i := range m.Stages {
		m.Stages[i].Latency = map[string]*metric.Hist{}
	}
	m.Timeline = metric.Timeline{}
	return m
}

// lessons are the lessons of a client as gates: nothing that decides the verdict, but what is known.
func (j *Judge) lessons(c *client) []result.Gate {
	if !j.opt.Curriculum {
		return nil
	}
	var list []result.Gate
	for i, p := range j.clients.progress(c) {
		if j.cannot(i) {
			continue
		}
		l := &curriculum[i]
		g := result.Gate{Kind: result.GateLesson, Name: fmt.Sprintf("client %d: %s", c.number, l.Name), Observed: float64(p.met), Limit: 1, Unit: "count"}
		g.Verdict, g.Sentence = l.verdict(p)
		list = append(list, g)
	}
	return list
}

// verdict is what became of a lesson.
func (l *Lesson) verdict(p progress) (result.Verdict, string) {
	rules := strings.Join(l.Rules, ", ")
	switch {
	case p.broken > 0:
		return result.Fail, fmt.Sprintf("Broken: a rule was broken in %d of %s of this lesson (%s).", p.broken, conversations(p.planned), rules)
	case p.met > 0:
		return result.Pass, fmt.Sprintf("Met in %s (%s).", conversations(p.met), rules)
	case l.Do != "":
		return result.NotExercised, fmt.Sprintf("NOT-EXERCISED: whoever is at the client has to %s (%s).", l.Do, rules)
	}
	if p.planned == 0 {
		return result.NotExercised, fmt.Sprintf("NOT-EXERCISED: its turn did not come (%s).", rules)
	}
	return result.NotExercised, fmt.Sprintf("NOT-EXERCISED: not met in %s (%s).", conversations(p.planned), rules)
}

func conversations(n int) string {
	if n == 1 {
		return "1 conversation"
	}
	return fmt.Sprintf("%d conversations", n)
}
