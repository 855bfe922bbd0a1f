#!/bin/sh
# A job in CI, as a part of the trace of its pipeline. If the pipeline hands over a TRACEPARENT, the session joins that trace;
# else one is made of the pipeline's id, so that all its jobs lie in one trace. CI_PIPELINE_ID and CI_JOB_NAME stand for what
# your CI calls them (GITHUB_RUN_ID and GITHUB_JOB, for example).
set -eu

# macOS has shasum in place of sha256sum.
hex() { printf '%s' "$1" | { sha256sum 2>/dev/null || shasum -a 256; } | cut -c "1-$2"; }

: "${CI_PIPELINE_ID:?}" "${CI_JOB_NAME:?}"
TRACEPARENT="${TRACEPARENT:-00-$(hex "$CI_PIPELINE_ID" 32)-$(hex "$CI_PIPELINE_ID/$CI_JOB_NAME" 16)-01}"
export TRACEPARENT
export CLAUDE_OTEL_ATTRIBUTES="ci.pipeline=$CI_PIPELINE_ID,ci.job=$CI_JOB_NAME"
# A machine that is gone after the job cannot deliver later.
export CLAUDE_OTEL_EXIT_GRACE_MS="${CLAUDE_OTEL_EXIT_GRACE_MS:-5000}"

status=0
claude-otel -p "${1:-Review the change.}" --permission-mode bypassPermissions || status=$?
claude-otel flush >&2 || true
exit "$status"
