/* bomb [COUNT]: COUNT (200) live processes, each replaced all the time by a child of its own in a
 * new session. Says "ready" when all are there. The pause keeps the machine usable. */
#include "helper.h"

static void hop(time_t end)
{
	struct timespec pause = {0, 5000000}, now;

	for (;;) {
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec >= end)
			_exit(0);
		pid_t pid = fork();
		if (pid > 0)
			_exit(0);
		if (pid == 0)
			(void)setsid();
		(void)nanosleep(&pause, NULL);
	}
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 200;
	struct timespec now;

	live_shortly(LIFE_S);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)signal(SIGTERM, SIG_IGN);
	for (int i = 0; i < count; i++)
		if (fork() == 0)
			hop(now.tv_sec + LIFE_S);
	say("ready\n");
	wait_for_death();
}
