/* Ready, and ready no more. */
#include "herald.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/say.h"
#include "notify.h"

static void notify(const char *state)
{
	const char *socket = getenv("NOTIFY_SOCKET");

	if (socket)
		notify_send(socket, state);
}

void herald_create(const char *path)
{
	/* A FIFO without a reader is told, not waited for. */
	scoped(fd_drop) int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);

	if (fd < 0)
		say_errno(-errno, "cannot create '%s'", path);
}

void herald_clear(const char *file)
{
	/* It need not be there. */
	if (file)
		(void)unlink(file);
}

void herald_ready(struct herald *herald)
{
	if (herald->said || herald->over)
		return;
	herald->said = true;
	if (herald->file)
		herald_create(herald->file);
	notify("READY=1");
}

void herald_stopping(struct herald *herald)
{
	if (herald->said)
		herald_clear(herald->file);
	if (herald->said && !herald->over)
		notify("STOPPING=1");
	herald->over = true;
}
