/*
 * pk-atomic-write - replace a file whole or not at all, durably
 *
 * The new content is staged in a file without a name beside FILE; only when it is complete, checked
 * and on disk does it get FILE's name, by rename(2). Whatever fails before, FILE is untouched and
 * nothing is left. Without a command this is one process; a command and --check run in a guard,
 * where the steps of the replacement then happen too.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/events.h"
#include "common/fd.h"
#include "common/front.h"
#include "common/program.h"
#include "common/say.h"
#include "common/signame.h"
#include "common/status.h"
#include "plan.h"
#include "work.h"

#define OWN_FAILURE ((struct ending){.code = STATUS_OWN})

static struct ending fail(struct events *events, const char *class)
{
	static const char *const names[] = {"error", "failed"};
	struct event event;

	if (event_begin(&event, events, names[0])) {
		json_text(&event.json, "class", class);
		event_send(&event, events);
	}
	if (event_begin(&event, events, names[1])) {
		json_text(&event.json, "step", "start");
		event_send(&event, events);
	}
	return OWN_FAILURE;
}

/* Block what must not end us half way; the first four are read while we wait. */
static int open_signals(void)
{
	static const int deadly[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};
	sigset_t set;
	int sigs;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < array_len(deadly); i++)
		(void)sigaddset(&set, deadly[i]);
	sigs = sigs_open(&set);
	/* A write beyond a limit is to fail with EFBIG, one to a closed pipe with EPIPE. */
	(void)sigaddset(&set, SIGXFSZ);
	(void)sigaddset(&set, SIGPIPE);
	return sigs >= 0 && sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : sigs;
}

static struct ending run_alone(struct work *work)
{
	scoped(fd_drop) int sigs = open_signals();

	if (sigs < 0) {
		say_errno(sigs, "cannot read signals");
		return fail(work->events, "resource");
	}
	work->sigs = sigs;
	return work_run(work);
}

static struct ending body(struct guard *guard, void *arg)
{
	struct work *work = arg;

	work->guard = guard;
	work->events = guard_events(guard);
	return work_run(work);
}

/* The guard was killed: has FILE been replaced before that? */
static struct ending bereft(const struct work *work)
{
	const struct progress *progress = work->progress;
	struct stat st;

	if (progress->ino != 0 &&
	    fstatat(AT_FDCWD, work->plan->file, &st,
		    work->plan->no_dereference ? AT_SYMLINK_NOFOLLOW : 0) == 0 &&
	    st.st_dev == progress->dev && st.st_ino == progress->ino) {
		say("the guard process was killed; '%s' is replaced, but perhaps not durably",
		    work->plan->file);
		return (struct ending){.code = STATUS_UNSYNCED};
	}
	say("the guard process was killed; the command was ended%s",
	    progress->rewriting ? ", and FILE may be torn" : "");
	return fail(work->events, "resource");
}

static struct ending run_guarded(struct work *work)
{
	const struct front_config config = {.events = work->events, .lets_go = true};
	struct ending ending = OWN_FAILURE;
	int end;

	work->progress = mmap(NULL, sizeof(*work->progress), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	end = work->progress == MAP_FAILED ? -errno : front_run(&config, body, work, &ending);
	if (end == FRONT_DONE)
		return ending;
	if (end == FRONT_BEREFT)
		return bereft(work);
	say_errno(end, "cannot set up the guard process");
	return fail(work->events, "resource");
}

static struct ending run(const struct plan *plan, struct events *events)
{
	struct work work = {.plan = plan, .events = events, .sigs = -1};
	struct ending ending = plan->command || plan->check ? run_guarded(&work) : run_alone(&work);
	int err = events_error(events);

	if (err < 0)
		say_errno(err, "cannot write to the events destination");
	return ending;
}

int main(int argc, char **argv)
{
	struct plan plan;
	struct events events = EVENTS_OFF;
	struct ending ending = OWN_FAILURE;

	if (!program_start("pk-atomic-write"))
		return STATUS_OWN;
	if (!plan_parse(&plan, argc, argv, &ending.code)) {
		if (ending.code == STATUS_OWN &&
		    events_open(&events, "pk-atomic-write", plan.events) == 0)
			(void)fail(&events, "usage");
		events_drop(&events);
		return program_finish(ending.code);
	}
	if (program_open_events(&events, "pk-atomic-write", plan.events))
		ending = run(&plan, &events);
	events_drop(&events);
	ending_die(ending);
}
