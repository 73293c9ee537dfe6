#ifndef PK_SPAWN_DIAG_H
#define PK_SPAWN_DIAG_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "listener.h"

/* Questions to sock_diag(7) about listening sockets of our network namespace. */

/* Call found for each TCP socket that listens on the port. Returns 0, or -errno when there is no answer. */
typedef void diag_found(void *arg, const struct listener *listener);
must_check int diag_tcp(uint16_t port, diag_found *found, void *arg);

/* The inodes of unix sockets that listen at the path, at most max. Returns 0 or -errno. */
must_check int diag_unix(const char *path, uint64_t *inos, size_t max, size_t *ret_count);

#endif
