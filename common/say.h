#ifndef PK_SAY_H
#define PK_SAY_H

#include "common/base.h"

/*
 * Messages for people, on stderr, one write(2) and one line each: `pk-x: cannot open 'a': No such
 * file or directory`. Control bytes and invalid UTF-8 in the text are escaped, so that no name can
 * forge a line or move the cursor. Only the tools call this; common/ returns errors.
 */

/* The program's name, which begins each message. Set once, first thing in main. */
void say_program(const char *name);
const char *say_program_name(void);

/*
 * How long a message may wait for a stderr that takes nothing, in ms, before it is dropped; -1, the
 * start value: for ever. A process that has more important things to do than to be heard sets it.
 */
void say_patience(int ms);

/* Say a line. */
printf_like(1, 2) void say(const char *format, ...);

/* Say a line that ends with the text of err (positive or negative errno). */
printf_like(2, 3) void say_errno(int err, const char *format, ...);

/* Say what is wrong with the command line, and a second line that points to --help. */
printf_like(1, 2) void say_usage(const char *format, ...);

#endif
