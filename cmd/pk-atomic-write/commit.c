/* From a complete new file to a replaced one. */
#include "commit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/keep.h"
#include "condition.h"
#include "in_place.h"
#include "job.h"
#include "target.h"
#include "tell.h"
#include "trace.h"

/* For root nothing stands in the way of keeping metadata: a failure is a fault, not a limit. */
static bool judge_lost(struct work *work, const struct keep_lost *lost)
{
	const char *what = lost->owner	 ? "owner"
			   : lost->group ? "group"
			   : lost->acl	 ? "ACL"
			   : lost->mode	 ? "mode"
			   : *lost->name ? lost->name
					 : "attributes";

	trace_metadata(work, lost);
	if (work->plan->strict || geteuid() == 0)
		return tell_failed(work, "metadata", 0, "cannot keep the %s of '%s'", what,
				   work->plan->file);
	tell_warning(work, "cannot keep the %s of '%s'; its rights are narrowed accordingly", what,
		     work->plan->file);
	return true;
}

/* Everything but the content. Not for a rewritten file: that keeps its own. */
static bool keep(struct work *work)
{
	const struct plan *plan = work->plan;
	struct keep_lost lost = {0};
	int err = 0;

	if (work->in_place)
		return true;
	if (work->target.fd >= 0)
		err = keep_metadata(work->new.fd, work->target.fd, &lost);
	if (err < 0)
		return tell_failed(work, "metadata", err, "cannot read the metadata of '%s'",
				   plan->file);
	work->kept_dev = work->target.fd >= 0 ? work->target.st.st_dev : 0;
	work->kept_ino = work->target.fd >= 0 ? work->target.st.st_ino : 0;
	if (!keep_all(&lost) && !judge_lost(work, &lost))
		return false;
	if (plan->has_mode && fchmod(work->new.fd, plan->mode) < 0)
		return tell_failed(work, "metadata", -errno, "cannot set the mode of '%s'",
				   plan->file);
	return true;
}

static bool sync_new(struct work *work)
{
	int err = work->plan->sync == REPLACE_LAZY ? 0 : replace_sync(&work->new);

	return err == 0 ||
	       tell_failed(work, "sync", err, "cannot write the new content of '%s' to disk",
			   work->plan->file);
}

/* Somebody who takes no lock may have written since COMMAND began to read. */
static bool edit_holds(struct work *work, bool changed)
{
	if (!work->plan->edit)
		return true;
	if (!work->existed)
		return !work->target.exists || tell_conflict(work, "no file", "a file");
	return (!changed && target_is_unwritten(&work->target)) ||
	       tell_conflict(work, "the content that was read", "another");
}

/* The file that is to be replaced has the say about mode and owner: is it the one that was asked? */
static bool is_kept(const struct work *work)
{
	return work->target.fd < 0 || (work->kept_dev == work->target.st.st_dev &&
				       work->kept_ino == work->target.st.st_ino);
}

static void note_progress(const struct work *work)
{
	struct stat st;

	if (!work->progress || work->in_place || fstat(work->new.fd, &st) < 0)
		return;
	work->progress->dev = st.st_dev;
	work->progress->ino = st.st_ino;
}

/* The last look, under the lock. */
static bool confirm(struct work *work)
{
	bool changed;
	int end;

	if (!target_lock(work, &changed) || !edit_holds(work, changed) || !condition_match(work))
		return false;
	if (!is_kept(work) && (!keep(work) || !sync_new(work)))
		return false;
	end = work_wait(work, -1, 0);
	note_progress(work);
	return end != WAIT_STOP || tell_stopped(work, "commit");
}

static int backup(struct work *work)
{
	char name[NAME_MAX + 1];
	int len = snprintf(name, sizeof(name), "%s%s", work->target.place.name, work->plan->backup);

	return len >= (int)sizeof(name) ? -ENAMETOOLONG : replace_backup(&work->new, name);
}

static bool rename_failed(struct work *work, int err)
{
	if (err == -EBUSY)
		return tell_failed(
			work, "commit", err,
			"cannot replace '%s', a mount point (--in-place-fallback would rewrite it)",
			work->plan->file);
	return tell_failed(work, "commit", err, "cannot replace '%s'", work->plan->file);
}

static void warn_links(const struct work *work)
{
	const long long others = (long long)work->target.st.st_nlink - 1;

	if (work->target.fd >= 0 && others > 0)
		tell_detail(work, "%lld other hard link%s of '%s' keep%s the old content", others,
			    others > 1 ? "s" : "", work->plan->file, others > 1 ? "" : "s");
}

/* A failure of this cannot undo anything: the new content is in place. */
static bool settle(struct work *work)
{
	int err = work->plan->sync == REPLACE_DURABLE ? replace_settle(&work->new) : 0;

	work->ending = (struct ending){.code = err < 0 ? STATUS_UNSYNCED : STATUS_OK};
	if (err < 0)
		tell_warning(work, "'%s' is replaced, but perhaps not durably: %s",
			     work->plan->file, strerror(-err));
	return true;
}

static bool replace(struct work *work)
{
	int err;

	if (work->in_place)
		return in_place(work);
	if (work->plan->backup && work->target.exists) {
		err = backup(work);
		if (err < 0)
			return tell_failed(work, "backup", err, "cannot keep the old '%s'",
					   work->plan->file);
	}
	err = replace_commit(&work->new);
	if (err == -EBUSY && work->plan->in_place_fallback && work->target.fd >= 0)
		return in_place(work);
	if (err < 0)
		return rename_failed(work, err);
	warn_links(work);
	return settle(work);
}

/* Nothing has the name: -EEXIST from the kernel is the only arbiter among all writers. */
static bool create(struct work *work, bool *ret_again)
{
	int err = replace_create(&work->new);

	*ret_again = err == -EEXIST;
	if (*ret_again)
		return target_look(work);
	return err < 0 ? rename_failed(work, err) : settle(work);
}

bool commit(struct work *work)
{
	bool again = true;

	if (!keep(work) || (work->plan->check && !job_check(work)) || !sync_new(work))
		return false;
	while (again) {
		again = false;
		if (!confirm(work))
			return false;
		if (!(work->target.exists ? replace(work) : create(work, &again)))
			return false;
	}
	return true;
}
