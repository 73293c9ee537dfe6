/* What every program does first and last. */
#include "common/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/report.h"
#include "common/say.h"
#include "common/status.h"

bool program_start(const char *name)
{
	int err;

	say_program(name);
	if (getauxval(AT_SECURE)) {
		say("refusing to run with set-user-ID, set-group-ID or file capabilities");
		return false;
	}
	err = fd_park_std();
	if (err < 0)
		say_errno(err, "cannot replace a closed standard descriptor");
	return err >= 0;
}

static const char *why_ignored(int err)
{
	switch (err) {
	case -ETIME:
		return "it has passed";
	case -EXDEV:
		return "it is of another boot";
	default:
		return "the boot id cannot be read";
	}
}

bool program_deadline(struct deadline *ret, int64_t grace, bool opt_out, bool quiet)
{
	const char *text = getenv(DEADLINE_NAME);
	int err;

	*ret = DEADLINE_NONE;
	if (!text)
		return true;
	if (opt_out) {
		deadline_forget();
		return true;
	}
	err = deadline_inherit(ret, grace);
	if (err == -EINVAL)
		say("cannot understand " DEADLINE_NAME " '%s': expected " DEADLINE_FORMS
		    ", or what a pk tool has put there",
		    text);
	else if (err < 0 && !quiet)
		say(DEADLINE_NAME " is ignored: %s", why_ignored(err));
	return err != -EINVAL;
}

bool program_open_events(struct events *events, const char *tool, const char *dest)
{
	int err = events_open(events, tool, dest);

	if (err == -EINVAL && dest) {
		say_usage("invalid argument '%s' for '--events': expected a path or fd:N", dest);
		return false;
	}
	if (err < 0)
		say_errno(err, "cannot open the events destination '%s'",
			  dest ? dest : "$PK_EVENTS");
	return true;
}

int program_exec_failed(struct events *events, const char *name, int err)
{
	/* The file is there, so what the kernel did not find is what its first line names (execve(2)). */
	if (err == -ENOENT && strchr(name, '/') && access(name, F_OK) == 0)
		say("cannot run '%s': its interpreter does not exist", name);
	else
		say_errno(err, "cannot run '%s'", name);
	report_error(events, "exec", err);
	return status_of_exec(-err);
}

int program_finish(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	say_errno(errno ? errno : EIO, "cannot write to stdout");
	return STATUS_OWN;
}
