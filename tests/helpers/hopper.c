/* hopper [COUNT]: COUNT (1) chains that fork, exec, setsid and exit without end. Says "ready". */
#include "helper.h"

#include <stdint.h>

static time_t seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

int main(int argc, char **argv)
{
	char end[32];

	if (argc > 2) { /* a hop: argv[2] is the second at which the chain ends */
		if (seconds() >= atol(argv[2]) || fork() != 0)
			_exit(0);
		(void)setsid();
		(void)execv("/proc/self/exe", argv);
		_exit(1);
	}
	live_shortly(LIFE_S);
	snprintf(end, sizeof(end), "%ld", (long)(seconds() + LIFE_S));
	char *hop[] = {argv[0], (char *)(uintptr_t) "hop", end, NULL};
	for (int i = argc > 1 ? atoi(argv[1]) : 1; i > 0; i--)
		if (fork() == 0) {
			(void)execv("/proc/self/exe", hop);
			_exit(1);
		}
	say("ready\n");
	wait_for_death();
}
