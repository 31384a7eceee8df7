package main

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/check"
	"chatbench/internal/tenant"
)

func TestRulesDoc(t *testing.T) {
	doc, err := os.ReadFile("../../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rulesMarkdown(), string(doc)); diff != "" {
		t.Errorf("docs/rules.md is not what the code says; write it anew with\n\tgo run ./cmd/chatbench rules --markdown > docs/rules.md\n(-code +file):\n%s", diff)
	}
}

func TestRulesJSON(t *testing.T) {
	var b bytes.Buffer
	if err := rulesJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got []ruleEntry
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	var ids []string
	shown := map[string]bool{}
	for _, e := range got {
		ids = append(ids, e.ID)
		if e.Title == "" || e.Level == "" || e.Needs == "" || e.Source == "" || e.Statement == "" || e.Look == "" || e.Mutants == nil {
			t.Errorf("something is missing in %+v", e)
		}
		for _, m := range e.Mutants {
			shown[m.Name] = true
		}
	}
	if diff := cmp.Diff(check.Known(), ids); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	for _, m := range tenant.Mutants() {
		if !shown[m.Name] {
			t.Errorf("mutant %s breaks no rule that is listed", m.Name)
		}
	}
}
