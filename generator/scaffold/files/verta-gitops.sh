#!/bin/sh
# What a CI runs for every change:  ci/verta-gitops.sh [BASE] [PLAN]
# BASE is the branch that the change is to go into, such as origin/main; the merge base with it is compared, so the
# clone must not be shallow. The plan is written to PLAN, plan.md where not given. Everything is run, whatever the
# steps before it said; the exit code is the worst: 0 clean, 1 problems or stale files, 2 and 3 it could not run.
# Removals that are meant: VERTA_GITOPS_CHECK_ALLOW_REMOVALS=N in the environment, which the CI gives and no file.
set -u

base=${1:-auto}
plan=${2:-plan.md}
worst=0

run() {
  echo "+ $*" >&2
  "$@"
  code=$?
  if [ "$code" -gt "$worst" ]; then worst=$code; fi
}

run verta-gitops check --base "$base"
run verta-gitops render --check
if [ "$base" = auto ]; then
  run verta-gitops plan --format markdown > "$plan"
else
  run verta-gitops plan --base "$base" --format markdown > "$plan"
fi
cat "$plan"
exit "$worst"
