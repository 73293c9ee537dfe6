/* What every program does first and last. */
#include "common/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

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
