#ifndef PK_WATCH_MOUNTS_H
#define PK_WATCH_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"

/*
 * Is the open file on a file system whose changes the kernel does not tell, since others make them:
 * NFS, SMB, 9p, FUSE, VirtualBox shares, AFS, Ceph (statfs(2), linux/magic.h)?
 */
bool mounts_is_remote(int fd);

/*
 * What is mounted below the directory at path (real, absolute), as one number: another number is
 * another set of mounts; 0: nothing is. mountinfo is /proc/self/mountinfo, read from its start.
 */
must_check int mounts_below(int mountinfo, const char *path, uint64_t *ret);

#endif
