/* setsid-child: has a child in a session of its own; both die of TERM. Says "ready". */
#include "helper.h"

int main(void)
{
	int ready[2];
	char nothing;

	live_shortly(LIFE_S);
	if (pipe(ready) < 0)
		return 2;
	if (breed() == 0) {
		(void)setsid();
		(void)close(ready[0]);
		(void)close(ready[1]);
		wait_for_death();
	}
	(void)close(ready[1]);
	(void)!read(ready[0], &nothing, 1);
	(void)close(ready[0]);
	say("ready\n");
	wait_for_death();
}
