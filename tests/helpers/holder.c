/* holder [STATUS]: leaves a grandchild that holds stdout and stderr in a session of its own, and
 * exits with STATUS (0). */
#include "helper.h"

#include <sys/wait.h>

int main(int argc, char **argv)
{
	pid_t middle = fork();

	if (middle == 0) {
		if (breed() == 0) {
			(void)setsid();
			wait_for_death();
		}
		_exit(0);
	}
	(void)waitpid(middle, NULL, 0);
	say("held\n");
	return argc > 1 ? atoi(argv[1]) : 0;
}
