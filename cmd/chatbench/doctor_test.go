package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestDoctorReaderGoes has whoever reads the output go away, as head does. That must not end the walk:
// there would be nobody to hang up.
func TestDoctorReaderGoes(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	var said bytes.Buffer
	cmd := exec.Command("chatbench", "doctor", "--target", "http://"+freeAddress(t), "--channel", "1", "--app-key", "key")
	cmd.Stdout, cmd.Stderr = w, &said
	if code := codeOf(cmd.Run()); code != "6" || !strings.Contains(said.String(), "could not all be written") {
		t.Errorf("exit code %s, said %q; want 6, and that nobody reads", code, &said)
	}
}
