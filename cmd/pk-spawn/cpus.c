/* As many jobs as CPUs. */
#include "cpus.h"

#include <sched.h>
#include <stdint.h>

#include "common/cgroup.h"

static int cpus_of_mask(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

int cpus_allowed(void)
{
	const int64_t quota = cgroup_cpu_quota(), whole = (quota + 999) / 1000;
	int cpus = cpus_of_mask();

	if (quota > 0 && whole < cpus)
		cpus = (int)whole;
	return cpus > 1 ? cpus : 1;
}
