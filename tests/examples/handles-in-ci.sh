#!/bin/bash
# Fail a test that leaves descriptors open, and only then.
set -eu
pk-handles --error-exitcode 9 -- true
status=0
pk-handles -q --error-exitcode 9 -- bash -c 'exec 5</etc/passwd' || status=$?
[ "$status" -eq 9 ]
status=0
pk-handles --error-exitcode 9 --kind tcp,unix -- bash -c 'exec 5</etc/passwd; exit 4' || status=$?
[ "$status" -eq 4 ]
