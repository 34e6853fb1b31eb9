# Short names for the commands that CONTRIBUTING.md explains. Nothing needs make.
.DEFAULT_GOAL := help
.PHONY: help build test lint unit fuzz crash pages bench demo rules clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z ]+:.*## / { printf "  make %-28s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build ./smartlink
	go build -o smartlink ./cmd/smartlink

test: ## everything that CI runs
	./ci/test

lint unit fuzz crash pages bench: ## one part of it
	./ci/test $@

demo: ## run everything in one process, data in demo-data, until Ctrl-C
	go run ./cmd/smartlink demo --data demo-data

rules: ## write the list of lint rules anew
	cd ci/lint && go run . -rules > rules.md

clean: ## remove what build and demo made
	rm -rf smartlink demo-data
