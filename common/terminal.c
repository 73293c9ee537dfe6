/* Save and restore the controlling terminal. */
#include "common/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "common/fd.h"

static int open_terminal(void)
{
	return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

void terminal_save(struct terminal *ret)
{
	*ret = (struct terminal){.fd = open_terminal(), .foreground = -1};
	if (ret->fd < 0)
		return;
	ret->has_modes = tcgetattr(ret->fd, &ret->modes) == 0;
	ret->foreground = tcgetpgrp(ret->fd);
}

bool terminal_is_there(void)
{
	scoped(fd_drop) int fd = open_terminal();

	return fd >= 0;
}

/* The foreground group has died out: whoever lives in it (a shell after bg, say) is in front by right. */
static bool is_orphaned(int fd)
{
	pid_t group = tcgetpgrp(fd);

	return group > 1 && kill(-group, 0) < 0 && errno == ESRCH;
}

void terminal_restore(struct terminal *terminal, bool modes)
{
	sigset_t set, old;

	if (terminal->fd < 0)
		return;
	/* Both calls stop a process of the background group by TTOU unless it is blocked (tcsetpgrp(3)).
	 * Neither has anybody to report a failure to: the terminal may be gone. */
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &set, &old);
	if (terminal->foreground == getpgrp() && is_orphaned(terminal->fd))
		(void)tcsetpgrp(terminal->fd, terminal->foreground);
	/* A job in the background must leave the modes to whoever is in front. */
	if (modes && terminal->has_modes && tcgetpgrp(terminal->fd) == getpgrp())
		(void)tcsetattr(terminal->fd, TCSANOW, &terminal->modes);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	fd_drop(&terminal->fd);
}
