/* The sum of all jobs. */
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

size_t tally_name(char *name, size_t size, const char *items, size_t len)
{
	static const char more[] = "...";
	const size_t most = size - sizeof(more);
	size_t text = len > 0 ? len - 1 : 0, used = 0;

	while (used < text) {
		size_t n = utf8_len(items + used, text - used);

		n = n > 0 ? n : 1;
		if (used + n > most)
			break;
		for (size_t i = 0; i < n; i++)
			name[used + i] = items[used + i] ? items[used + i] : ' ';
		used += n;
	}
	if (used < text) {
		memcpy(name + used, more, sizeof(more));
		return used + sizeof(more) - 1;
	}
	name[used] = '\0';
	return used;
}

enum tally_step tally_add(struct tally *tally, bool success, int status, const char *items,
			  size_t len)
{
	const struct tally_rules *rules = tally->rules;
	const bool decides = success ? rules->any : rules->halt != HALT_NEVER;

	if (success) {
		tally->succeeded++;
	} else {
		if (tally->failed < TALLY_NAMED) {
			(void)tally_name(tally->first[tally->failed].name, TALLY_NAME_MAX, items,
					 len);
			tally->first[tally->failed].status = status;
		}
		tally->failed++;
	}
	if (!decides || tally->decided)
		return TALLY_GO_ON;
	tally->decided = true;
	tally->ending = (struct ending){.code = success ? STATUS_OK : status};
	return success || rules->halt == HALT_NOW ? TALLY_STOP_ALL : TALLY_START_NO_MORE;
}

struct ending tally_ending(const struct tally *tally)
{
	if (tally->decided)
		return tally->ending;
	if (tally->rules->any && tally->succeeded == 0)
		return (struct ending){.code = STATUS_FAILED};
	return (struct ending){.code = tally->failed > 0 ? STATUS_FAILED : STATUS_OK};
}

/* Append to the line what fits. */
static size_t add(char line[static TALLY_LINE_MAX], size_t len, const char *text)
{
	const size_t n = strlen(text), room = TALLY_LINE_MAX - 1 - len;

	if (n > room)
		return len;
	memcpy(line + len, text, n + 1);
	return len + n;
}

static size_t add_count(char line[static TALLY_LINE_MAX], size_t len, int64_t count,
			const char *what)
{
	char part[64];

	if (count == 0)
		return len;
	(void)snprintf(part, sizeof(part), "%s%" PRId64 " %s %s", len > 0 ? "; " : "", count,
		       count == 1 ? "was" : "were", what);
	return add(line, len, part);
}

void tally_line(const struct tally *tally, char line[static TALLY_LINE_MAX])
{
	const int64_t run = tally->succeeded + tally->failed + tally->stopped;
	char part[TALLY_NAME_MAX + 64];
	size_t len = 0;

	line[0] = '\0';
	if (tally->failed > 0) {
		(void)snprintf(part, sizeof(part),
			       "%" PRId64 " of %" PRId64 " job%s failed: ", tally->failed, run,
			       run == 1 ? "" : "s");
		len = add(line, len, part);
	}
	for (int64_t i = 0; i < tally->failed && i < TALLY_NAMED; i++) {
		(void)snprintf(part, sizeof(part), "%s'%s' (%d)", i > 0 ? ", " : "",
			       tally->first[i].name, tally->first[i].status);
		len = add(line, len, part);
	}
	if (tally->failed > TALLY_NAMED)
		len = add(line, len, ", ...");
	len = add_count(line, len, tally->stopped, "stopped");
	(void)add_count(line, len, tally->not_run, "not run");
}
