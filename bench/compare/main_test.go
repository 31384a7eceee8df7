package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadFlags(t *testing.T) {
	tests := []struct {
		why  string
		args []string
		want string // in the error; empty: none
	}{
		{"the defaults", nil, ""},
		{"all that there is", []string{"-time", "1m", "-rounds", "1", "-customers", "9000", "-flat", "10,20", "-only", "closed,talk"}, ""},
		{"what is played on demand only", []string{"-only", "scale,tls,truth,soak", "-figure", "x.svg", "-scale", "10", "-secure", "5", "-soak", "1m"}, ""},
		{"no such part", []string{"-only", "closed,fast"}, `-only "fast" is none of closed, paced, flat, scale, talk, tls, truth, soak`},
		{"a figure of what?", []string{"-figure", "x.svg"}, "-figure needs -only scale"},
		{"too short for a slope", []string{"-soak", "1s"}, "-soak 1s is less than 2s"},
		{"not a number", []string{"-flat", "10,x"}, `"x" is not a number of customers`},
		{"nobody", []string{"-customers", "0"}, "a number is less than 1"},
		{"too short to measure anything", []string{"-window", "1ms"}, "-window 1ms is less than 100ms"},
		{"a stray word", []string{"quickly"}, `unknown argument "quickly"`},
	}
	for _, tt := range tests {
		var stderr bytes.Buffer
		_, err := readFlags(tt.args, &stderr)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want %q, for %q", tt.why, err, tt.want, tt.args)
		}
	}
	s, err := readFlags([]string{"-flat", "10,20", "-talking", "7", "-only", "talk"}, &bytes.Buffer{})
	if diff := cmp.Diff([][]int{{10, 20}, {7}}, [][]int{s.flat, s.talking}); diff != "" || err != nil || len(s.scenarios) != 1 {
		t.Errorf("got scenarios %q, error %v; flat and talking (-want +got):\n%s", s.scenarios, err, diff)
	}
}

func TestCommandRefuses(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := command(context.Background(), []string{"-rounds", "x"}, &stdout, &stderr); code != 2 || stdout.Len() > 0 {
		t.Errorf("exit code %d, output %q; want 2 and none", code, stdout.String())
	}
	if code := command(context.Background(), []string{"-h"}, &stdout, &stderr); code != 0 || !strings.Contains(stderr.String(), "-rounds") {
		t.Errorf("exit code of -h %d, said %q; want 0 and the flags", code, stderr.String())
	}
}

// closing makes the smoke tests bounded whatever happens.
func closing(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
