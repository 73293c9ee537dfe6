#ifndef PK_CGROUP_H
#define PK_CGROUP_H

#include <stdint.h>

#include "common/base.h"

/*
 * How many processes the kernel's OOM killer has ended in our cgroup and below: oom_kill of
 * memory.events (cgroup v2) or of memory.oom_control (v1). Returns the count, or -errno when it cannot
 * be read.
 */
must_check int64_t cgroup_oom_kills(void);

#endif
