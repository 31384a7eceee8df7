# Every check is one command, the same here and in CI. "make help" lists them.
GO ?= go
FUZZTIME ?= 10s
COUNT ?= 6
BENCHTIME ?= 100ms

.PHONY: help build demo fmt vet lint test race fuzz-smoke mutants scripts bench bench-against compare compare-all alarms check

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

build: ## build ./chatbench
	$(GO) build -o chatbench ./cmd/chatbench

demo: ## the main job: the demo scenario against the embedded tenant
	$(GO) run ./cmd/chatbench run scenarios/demo.yaml

fmt: ## fail if gofmt would change something
	@test -z "$$(gofmt -l .)" || { gofmt -l . ; echo "gofmt would change these files"; exit 1; }

vet: ## go vet
	$(GO) vet ./...

lint: ## staticcheck, at the version in go.mod
	$(GO) tool staticcheck ./...

test: ## all tests
	$(GO) test ./...

race: ## all tests under the race detector
	$(GO) test -race ./...

fuzz-smoke: ## every fuzz target for FUZZTIME
	@for p in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$p || exit 1; \
	  done; done

mutants: ## every fault of the embedded tenant must be caught by exactly its rules
	$(GO) test -run 'Mutant|Silence' ./internal/run

scripts: ## the command-line scripts
	$(GO) test -run Script ./cmd/chatbench

bench: ## Go benchmarks, ready for benchstat, six times each (COUNT, BENCHTIME)
	@$(GO) test -run '^$$' -bench . -benchmem -count $(COUNT) -benchtime $(BENCHTIME) ./...

bench-against: ## them beside those of the merge base with main, or of BASE, in turn
	@$(GO) run ./bench/against -base "$(BASE)"

compare: ## chatbench beside a raw loop and the load generators on the PATH, in three minutes
	@$(GO) run ./bench/compare

compare-all: ## every part of it but the soak, in some eleven minutes
	@$(GO) run ./bench/compare -only closed,paced,flat,scale,talk,tls,truth -talking 300,1000 -time 10m

alarms: ## how often a comparison of runs is wrong, in half an hour (docs/gates.md)
	@$(GO) run ./bench/alarms

check: fmt vet lint test race ## what CI runs
