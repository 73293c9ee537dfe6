/* stopped: has a child that is stopped by SIGSTOP; says "ready" when it is. Both die of TERM, the
 * child only once it is continued. */
#include "helper.h"

#include <sys/wait.h>

int main(void)
{
	int status;

	live_shortly(LIFE_S);
	pid_t pid = breed();
	if (pid == 0) {
		(void)raise(SIGSTOP);
		wait_for_death();
	}
	(void)waitpid(pid, &status, WUNTRACED);
	say("ready\n");
	wait_for_death();
}
