/* t200 [COUNT]: COUNT (200) processes, each in a session of its own and ignoring TERM, as is the
 * first one. Says "ready" when all are. */
#include "helper.h"

int main(int argc, char **argv)
{
	int ready[2];
	char nothing;

	live_shortly(LIFE_S);
	(void)signal(SIGTERM, SIG_IGN);
	if (pipe(ready) < 0)
		return 2;
	for (int i = argc > 1 ? atoi(argv[1]) : 200; i > 0; i--)
		if (breed() == 0) {
			(void)setsid();
			(void)close(ready[0]);
			(void)close(ready[1]);
			wait_for_death();
		}
	(void)close(ready[1]);
	(void)!read(ready[0], &nothing, 1);
	say("ready\n");
	wait_for_death();
}
