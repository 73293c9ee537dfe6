/* What every program does first. */
#include "common/program.h"

#include <sys/auxv.h>

#include "common/fd.h"
#include "common/say.h"

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
