#ifndef PK_JSONL_CHART_H
#define PK_JSONL_CHART_H

#include <stdbool.h>
#include <stdint.h>

#include "groups.h"
#include "output.h"

/* Counts for people: aligned values, numbers, shares and bars. */

/* choice is the index of count's --output: auto, bars, tsv. auto: is stdout a terminal? */
enum chart_choice { CHART_AUTO, CHART_BARS, CHART_TSV };
bool chart_is_wanted(int choice);

/* Sorted groups; total is what their shares are of. */
void chart_show(struct output *output, const struct groups *groups, int64_t total);

#endif
