/* daemon exit|stay [hold]: double-forks a daemon (own session, ignores every signal, closes 0-2
 * unless "hold"), says "ready" once it is one, then exits with 0 or stays. */
#include "helper.h"

#include <sys/wait.h>

static void be_daemon(int ready, int hold)
{
	(void)setsid();
	ignore_all();
	if (!hold)
		for (int i = 0; i < 3; i++)
			(void)close(i);
	(void)close(ready); /* end of file tells that we are one */
	wait_for_death();
}

int main(int argc, char **argv)
{
	int ready[2];
	char nothing;

	live_shortly(LIFE_S);
	if (argc < 2 || pipe(ready) < 0)
		return 2;
	pid_t middle = breed();
	if (middle == 0) {
		(void)setsid();
		(void)close(ready[0]);
		if (breed() == 0)
			be_daemon(ready[1], argc > 2);
		_exit(0);
	}
	(void)close(ready[1]);
	(void)waitpid(middle, NULL, 0);
	(void)!read(ready[0], &nothing, 1);
	(void)close(ready[0]);
	say("ready\n");
	if (strcmp(argv[1], "stay") == 0)
		wait_for_death();
	return 0;
}
