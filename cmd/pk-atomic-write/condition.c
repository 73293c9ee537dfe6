/* Preconditions of a replacement. */
#include "condition.h"

#include <string.h>

#include "common/sha256.h"
#include "input.h"
#include "stage.h"
#include "target.h"
#include "tell.h"
#include "trace.h"

static const struct ending failed = {.code = STATUS_FAILED};

static bool match_hash(struct work *work)
{
	const struct plan *plan = work->plan;
	char wanted[SHA256_TEXT], found[SHA256_TEXT];
	uint8_t hash[SHA256_SIZE];
	int err;

	sha256_format(wanted, plan->match_hash);
	if (work->target.fd < 0)
		return tell_conflict(work, wanted, work->target.link ? "a symlink" : "no file");
	err = sha256_file(work->target.fd, hash);
	if (err < 0)
		return tell_failed(work, "match", err, "cannot read '%s'", plan->file);
	sha256_format(found, hash);
	return memcmp(hash, plan->match_hash, sizeof(hash)) == 0 ||
	       tell_conflict(work, wanted, found);
}

bool condition_match(struct work *work)
{
	switch (work->plan->match) {
	case MATCH_NONE_ASKED:
		return true;
	case MATCH_ABSENT:
		return !work->target.exists || tell_conflict(work, "no file", "a file");
	case MATCH_ANY:
		return work->target.exists || tell_conflict(work, "a file", "no file");
	case MATCH_HASH:
		break;
	}
	return match_hash(work);
}

bool condition_before(struct work *work)
{
	bool changed;

	if (work->plan->edit && !target_lock(work, &changed))
		return false;
	work->existed = work->target.exists;
	return condition_match(work) && (work->plan->command || input_check(work));
}

static bool verify(struct work *work, uint8_t hash[static SHA256_SIZE])
{
	char wanted[SHA256_TEXT], found[SHA256_TEXT];
	int err = sha256_file(work->unchanged ? work->target.fd : work->new.fd, hash);

	if (err < 0)
		return tell_failed(work, "verify", err, "cannot read the new content of '%s'",
				   work->plan->file);
	if (memcmp(hash, work->plan->verify_hash, SHA256_SIZE) == 0)
		return true;
	sha256_format(wanted, work->plan->verify_hash);
	sha256_format(found, hash);
	tell_warning(work, "the new content of '%s' is not what it should be: wanted %s, got %s",
		     work->plan->file, wanted, found);
	return tell_rejected(work, "verify", failed);
}

/* Command mode: its output is compared once it is complete. */
static bool differs(struct work *work)
{
	int same;

	if (work->target.st.st_size != work->size || !target_is_as_seen(work))
		return true;
	same = stage_same(work->new.fd, work->target.fd);
	if (same < 0)
		return tell_failed(work, "compare", same, "cannot compare with '%s'",
				   work->plan->file);
	return same == 0 || tell_unchanged(work);
}

bool condition_after(struct work *work)
{
	const struct plan *plan = work->plan;
	uint8_t hash[SHA256_SIZE];

	if (plan->non_empty && work->size == 0) {
		tell_warning(work, "the new content of '%s' is empty", plan->file);
		return tell_rejected(work, "non-empty", failed);
	}
	if (plan->verify && !verify(work, hash))
		return false;
	if (work->unchanged)
		return tell_unchanged(work);
	trace_staged(work, plan->verify ? hash : NULL);
	return !plan->command || !plan->if_changed || !work->target.readable || differs(work);
}
