#ifndef PK_STATUS_H
#define PK_STATUS_H

#include <signal.h>

#include "common/base.h"

/*
 * The family's exit statuses (pk(7)). 124 to 127 and 128+N are those of timeout(1) and of the shell;
 * 75 is EX_TEMPFAIL of sysexits(3).
 */
enum status {
	STATUS_OK = 0,
	STATUS_NO = 1,
	STATUS_UNKNOWN = 3,
	STATUS_LATER = 75,
	STATUS_UNSYNCED = 122,
	STATUS_FAILED = 123,
	STATUS_TIMEOUT = 124,
	STATUS_OWN = 125,
	STATUS_CANNOT_RUN = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128,
};

/* How a process ended: by code 0..255, or by signal when signal is not 0. */
struct ending {
	int code;
	int signal;
};

/* The ending that a wait(2) status of a dead process means. */
struct ending ending_of(int wait_status);

/* The same from what waitid(2) says of it. */
struct ending ending_of_death(const siginfo_t *death);

/* The ending as one number, as the shell shows it: the code, or 128 + signal. */
int ending_status(struct ending ending);

/* The status for a command that could not be executed because of err (positive): 126 or 127. */
int status_of_exec(int err);

/*
 * End this process as ending says. A signal is died of, with core dumps off, so that a shell's loop
 * stops as it would have for the command itself; where that is impossible (PID 1) the exit status is
 * 128 + signal. Does not return and flushes nothing: program_finish does that before.
 */
_Noreturn void ending_die(struct ending ending);

#endif
