#!/bin/bash
# schema.sh: pk(7) shows the schema of tests/events.schema, with the same events, fields and types.
export LC_ALL=C
top=${PK_TOP:-$PWD}

# "tool event field type", sorted. Headings: .Ss Events of TOOL, .It Sy EVENT; rows: .It Li FIELD Ta TYPE Ta ...
from_page() {
	awk '
		/^\.Ss Members of every event/ { tool = "*"; event = "*"; next }
		/^\.Ss Events of every tool/ { tool = "*"; event = ""; next }
		/^\.Ss Events of / { tool = $4; event = ""; next }
		/^\.S[sh] / { tool = ""; next }
		tool == "" { next }
		/^\.It Sy Member / { next }
		/^\.It Sy / { event = $3; next }
		/^\.It Li / { print tool, event, $3, $5 }' "$top/man/pk.7" | sort
}

from_schema() {
	grep -v -e '^#' -e '^$' "$top/tests/events.schema" | awk '$3 != "-" { print $1, $2, $3, $4 }' | sort
}

diff <(from_schema) <(from_page) || { echo 'pk.7 (>) and tests/events.schema (<) differ'; exit 1; }
echo "schema: $(from_schema | wc -l) fields agree"
