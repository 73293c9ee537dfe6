/* storm [COUNT]: says "ready"; at TERM forks COUNT (200) children that setsid and ignore TERM. */
#include "helper.h"

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 200, got;
	sigset_t term;

	live_shortly(LIFE_S);
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &term, NULL);
	say("ready\n");
	while (sigwait(&term, &got) != 0)
		;
	ignore_all();
	(void)sigprocmask(SIG_UNBLOCK, &term, NULL);
	for (int i = 0; i < count; i++)
		if (breed() == 0) {
			(void)setsid();
			wait_for_death();
		}
	say("storm\n");
	wait_for_death();
}
