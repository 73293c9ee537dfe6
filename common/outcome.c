/* Sets of outcomes, from their text. */
#include "common/outcome.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/num.h"
#include "common/signame.h"
#include "common/status.h"

#define ITEM_MAX 32

bool outcome_in(const struct outcome_set *set, struct outcome outcome)
{
	if (outcome.timed_out)
		return set->timeout;
	if (outcome.signal > 0 && outcome.signal < OUTCOME_SIGNALS)
		return set->signals[outcome.signal];
	return set->codes[outcome.status & 0xff];
}

static void put_status(struct outcome_set *set, int status, bool in)
{
	set->codes[status] = in;
	if (status == STATUS_TIMEOUT)
		set->timeout = in;
	if (status > STATUS_SIGNAL && status - STATUS_SIGNAL < OUTCOME_SIGNALS)
		set->signals[status - STATUS_SIGNAL] = in;
}

static void put_signals(struct outcome_set *set, bool in)
{
	for (int i = 1; i < OUTCOME_SIGNALS; i++)
		set->signals[i] = in;
}

static void put_range(struct outcome_set *set, int64_t first, int64_t last, bool in)
{
	for (int64_t i = first; i <= last; i++)
		put_status(set, (int)i, in);
}

/* N or N-M. */
static int put_number(struct outcome_set *set, char *item, bool in)
{
	char *dash = strchr(item, '-');
	int64_t first, last;

	if (dash)
		*dash = '\0';
	if (num_parse(item, 0, 255, &first) < 0 ||
	    num_parse(dash ? dash + 1 : item, 0, 255, &last) < 0 || last < first)
		return -EINVAL;
	put_range(set, first, last, in);
	return 0;
}

static int put_item(struct outcome_set *set, char *item, bool in)
{
	int signal;

	if (*item >= '0' && *item <= '9')
		return put_number(set, item, in);
	if (strcmp(item, "any") == 0) {
		put_range(set, 0, 255, in);
		put_signals(set, in);
	} else if (in && strcmp(item, "none") == 0) {
		*set = (struct outcome_set){0};
	} else if (strcmp(item, "signal") == 0) {
		put_signals(set, in);
	} else if (strcmp(item, "timeout") == 0) {
		set->timeout = in;
	} else {
		if (signame_parse(item, &signal) < 0 || signal >= OUTCOME_SIGNALS)
			return -EINVAL;
		set->signals[signal] = in;
	}
	return 0;
}

int outcome_set_parse(struct outcome_set *set, const char *list)
{
	struct outcome_set made = {0};

	if (*list == '!')
		made = *set;
	for (;;) {
		char item[ITEM_MAX];
		bool in = *list != '!';
		size_t len;

		list += !in;
		len = strcspn(list, ",");
		if (len == 0 || len >= sizeof(item))
			return -EINVAL;
		memcpy(item, list, len);
		item[len] = '\0';
		if (put_item(&made, item, in) < 0)
			return -EINVAL;
		list += len;
		if (*list == '\0')
			break;
		list++;
	}
	*set = made;
	return 0;
}

bool outcome_set_is_empty(const struct outcome_set *set)
{
	static const struct outcome_set empty = {0};

	/* Nothing but truth values, which have no padding. */
	return memcmp(set, &empty, sizeof(empty)) == 0;
}
