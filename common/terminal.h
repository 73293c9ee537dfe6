#ifndef PK_TERMINAL_H
#define PK_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "common/base.h"

/*
 * The controlling terminal as it was when we started, to be put back after a command that could not
 * do so itself: its modes after a kill, its foreground process group always.
 */
struct terminal {
	int fd; /* /dev/tty, or -1: there is no controlling terminal */
	bool has_modes;
	struct termios modes;
	pid_t foreground;
};

/* Look at the controlling terminal, if there is one. */
void terminal_save(struct terminal *ret);

/* Is it still there? A hang-up takes it away: /dev/tty cannot be opened any more (tty(4)). */
bool terminal_is_there(void);

/* Put the foreground group back when it was ours; the modes too after a forceful end. */
void terminal_restore(struct terminal *terminal, bool modes);

#endif
