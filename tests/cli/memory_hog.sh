#!/usr/bin/env bash
# The memory watch against a process that really takes the memory, in a cgroup of their own; skipped where none can be made.
ASSAY=${ASSAY:-build/assay} scripts/memory_hog
