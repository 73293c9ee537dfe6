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

/*
 * The CPU time that our cgroup and those above it allow, in thousandths of a CPU: the least quota of
 * cpu.max (cgroup v2) or of cpu.cfs_quota_us (v1). Returns it, or -errno: -ENOENT when there is no limit.
 */
must_check int64_t cgroup_cpu_quota(void);

#endif
