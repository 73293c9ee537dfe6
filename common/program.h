#ifndef PK_PROGRAM_H
#define PK_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"
#include "common/deadline.h"
#include "common/events.h"

/*
 * The first thing in every main: name the program for its messages, refuse to run set-user-ID
 * (AT_SECURE of getauxval(3): the environment and the command line would be an attacker's), and park
 * the standard descriptors that the caller left closed. Returns false after a message: the status is
 * STATUS_OWN.
 */
must_check bool program_start(const char *name);

/*
 * Behind the command line: what PK_DEADLINE leaves a program whose stopping takes `grace` (deadline.h). One
 * that has passed or is of another boot is ignored with a message, unless quiet; with opt_out (--no-inherit)
 * it is not looked at, and goes no further. Returns false after a message when it cannot be understood.
 */
must_check bool program_deadline(struct deadline *ret, int64_t grace, bool opt_out, bool quiet);

/*
 * Open the sink of the tool's events: dest is what --events says, or NULL for $PK_EVENTS. One that cannot
 * be opened is told, once, and stays off: events never stop the work. Returns false, after a usage
 * message, only for a malformed --events: the status is STATUS_OWN.
 */
must_check bool program_open_events(struct events *events, const char *tool, const char *dest);

/*
 * Tell, on stderr and as an event of class exec, why the command `name` could not be executed: err is
 * child_start's at CHILD_EXEC. Returns the status for it, 126 or 127.
 */
must_check int program_exec_failed(struct events *events, const char *name, int err);

/*
 * The last thing in main: flush stdout and turn output that could not be written into STATUS_OWN, with
 * a message, so that no status 0 hides a lost byte. Returns status otherwise.
 */
must_check int program_finish(int status);

#endif
