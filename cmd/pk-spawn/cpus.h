#ifndef PK_SPAWN_CPUS_H
#define PK_SPAWN_CPUS_H

/*
 * How many CPUs we may use: those of the affinity mask (sched_getaffinity(2)), and no more than the
 * quota of the cgroup, rounded up. At least 1.
 */
int cpus_allowed(void);

#endif
