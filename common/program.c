/* What every program does first and last. */
#include "common/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/say.h"
#include "common/status.h"

bool program_start(const char *name)
{
	/* Holds any --help: one write, whose errno program_finish sees, also where stdout is a device. */
	static char buffer[8192];
	int err;

	say_program(name);
	(void)setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
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

int program_finish(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	say_errno(errno ? errno : EIO, "cannot write to stdout");
	return STATUS_OWN;
}
