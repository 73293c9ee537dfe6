#ifndef PK_PTY_H
#define PK_PTY_H

#include <termios.h>

#include "tests/lib/run.h"

/*
 * A user at a terminal: a program as session leader on a pseudo-terminal of 24 x 80.
 *
 *	struct pty *p = pty_start(ARGV("bash", "--norc", "-i"), NULL);
 *	pty_expect(p, "$ ");
 *	pty_keys(p, "pk-spawn -- sleep 50\r");
 *
 * All waiting is for text or for the end of the program, within the limit of run.h.
 */
#define CTRL_C "\003"
#define CTRL_D "\004"
#define CTRL_Z "\032"
#define CTRL_BACKSLASH "\034"

struct pty {
	struct run *run; /* its pid and how it ended; out and err are empty */
	int fd;		 /* the master */
	char *text;	 /* everything that it wrote so far, NUL-terminated */
	size_t seen;	 /* pty_expect looks behind this */
	size_t length;
};

struct pty *pty_start(const char *const argv[], const struct how *how);

/* Type. */
void pty_keys(struct pty *pty, const char *keys);

/* Read until the text shows up behind the last one expected. */
void pty_expect(struct pty *pty, const char *text);

/* Read until the program ends. */
void pty_finish(struct pty *pty);

/* Close the window: the kernel hangs up. Only the run can be looked at afterwards. */
void pty_close(struct pty *pty);

void pty_resize(struct pty *pty, unsigned short rows, unsigned short columns);
struct termios pty_modes(struct pty *pty);
pid_t pty_foreground(struct pty *pty);

#endif
