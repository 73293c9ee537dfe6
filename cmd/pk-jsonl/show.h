#ifndef PK_JSONL_SHOW_H
#define PK_JSONL_SHOW_H

#include "fields.h"
#include "output.h"
#include "plan.h"
#include "stream.h"

/* Write a record as the plan asks for: whole, or its selected values. file is for --with-filename. */
void show_record(struct output *output, const struct plan *plan, const struct record *record,
		 const char *file);

/* Write the decoded text of a value; of a container its JSON. */
void show_decoded(struct output *output, const struct value *value);

/* The same with tab, newline, carriage return and backslash escaped, as jq's @tsv has it. */
void show_tsv(struct output *output, const struct value *value);

#endif
