package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"chatbench/internal/result"
)

var (
	complains = regexp.MustCompile(`(?i)\b(warn\w*|error\w*|dropped|behind|timeouts?)\b`)
	k6Message = regexp.MustCompile(`level=(?:warning|error) msg="((?:[^"\\]|\\.)*)"`)
)

// complaint is the first line, of those a person would read, that speaks of something wrong.
func complaint(_ job, stdout, stderr []byte) string {
	for line := range strings.Lines(string(stderr) + "\n" + string(stdout)) {
		// Figures for programs are no warning: nobody reads them unasked.
		if !strings.HasPrefix(line, "{") && complains.MatchString(line) {
			return strings.Join(strings.Fields(line), " ")
		}
	}
	return ""
}

// k6Warns gives k6's warning, and its count of calls that it did not make.
func k6Warns(j job, _, stderr []byte) string {
	var parts []string
	if m := k6Message.FindSubmatch(stderr); m != nil {
		parts = append(parts, string(m[1]))
	}
	data, err := os.ReadFile(filepath.Join(j.dir, "k6.json"))
	if err != nil {
		return strings.Join(parts, "; ")
	}
	// A summary that cannot be read has failed the run already.
	m, _ := k6Metrics(data)
	if n := m["dropped_iterations"]["count"]; n > 0 {
		parts = append(parts, "dropped_iterations "+strconv.FormatFloat(n, 'f', 0, 64))
	}
	return strings.Join(parts, "; ")
}

// chatbenchWarns gives the verdict of a run that did not pass, and its first reason.
func chatbenchWarns(_ job, stdout, _ []byte) string {
	r, err := result.Decode(stdout)
	if err != nil || r.Exit == result.ExitOK {
		return ""
	}
	if len(r.Reasons) == 0 {
		return string(r.Verdict)
	}
	return fmt.Sprintf("%s: %s", r.Verdict, r.Reasons[0])
}
