package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"chatbench/internal/doctor"
)

// DoctorJUnit writes r for CI servers: a test case for each step. What is wrong is a failure; what
// could not be told, was not looked at or is not there is skipped. It is in English, as all JUnit. The
// error is that of w.
func DoctorJUnit(w io.Writer, r *doctor.Report) error {
	j := &junit{opt: JUnitOptions{Full: "doctor.json"}}
	j.suite.Name = "chatbench doctor"
	j.suite.Time = seconds(time.Duration(r.Took * float64(time.Second)))
	j.suite.Properties = []junitProperty{{"version", phrase(r.Tool)}, {"target", phrase(targetLine(nil, &r.Target))},
		{"started", r.Start.UTC().Format(time.RFC3339)}, {"exit_code", fmt.Sprint(int(r.Exit))}}
	for i := range r.Steps {
		j.step(&r.Steps[i])
	}
	data, err := xml.MarshalIndent(&j.suite, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding a JUnit report: %w", err)
	}
	_, err = w.Write([]byte(xml.Header + string(data) + "\n"))
	return err
}

func (j *junit) step(s *doctor.Step) {
	c := junitCase{Time: seconds(time.Duration(s.Took * float64(time.Second)))}
	text := phrase(s.Saw)
	if s.Advice != "" {
		text += "\n" + phrase(s.Advice)
	}
	if s.Page != nil {
		known := slices.DeleteFunc([]string{s.Page.Guide, s.Page.Menu, s.Page.Field}, func(part string) bool { return part == "" })
		text += "\n" + phrase(strings.Join(known, " / "))
	}
	switch s.State {
	case doctor.Wrong:
		c.Failure = &junitOutcome{Message: s.Saw, Type: basis(s.Basis), Text: text}
	case doctor.Unsure:
		c.Skipped = &junitSkipped{Message: "INCONCLUSIVE: " + s.Saw}
	case doctor.Skipped, doctor.Absent:
		c.Skipped = &junitSkipped{Message: string(s.State) + ": " + s.Saw}
	default:
		c.Out = j.out(string(s.State) + ": " + text)
	}
	j.add("doctor", s.ID+" "+s.Title, c)
}
