#ifndef PK_SPAWN_NOTIFY_H
#define PK_SPAWN_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"

/*
 * The protocol of sd_notify(3): datagrams of lines NAME=VALUE to the unix socket that the environment
 * variable NOTIFY_SOCKET names.
 */

/* Does the message have the line? Pure. */
bool notify_has(const char *message, size_t len, const char *line);

/*
 * A socket for a command's messages, in the abstract name space: nothing is left in a file system. Sets the
 * value for NOTIFY_SOCKET. Returns the socket or -errno.
 */
#define NOTIFY_NAME_MAX 112
must_check int notify_listen(char name[static NOTIFY_NAME_MAX]);

/*
 * Read what has come; descriptors that came along are closed, which is what sd_notify_barrier(3) waits for.
 * Messages of other users are not heard. True when one of them said READY=1.
 */
must_check bool notify_take(int fd);

/* Send a state ("READY=1") to the socket that is named as NOTIFY_SOCKET does it; lost where nobody listens. */
void notify_send(const char *name, const char *state);

#endif
