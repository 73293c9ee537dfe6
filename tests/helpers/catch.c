/* catch SIGNAL... [-- STATUS]: blocks the signals named, says "ready", prints each that comes as a
 * line, with its sender (kernel or user), and exits with STATUS (0) at the last one named. */
#include "helper.h"

int main(int argc, char **argv)
{
	int status = 0, last = 0;
	sigset_t set;

	live_shortly(LIFE_S);
	(void)sigemptyset(&set);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			status = i + 1 < argc ? atoi(argv[i + 1]) : 0;
			break;
		}
		last = signal_named(argv[i]);
		(void)sigaddset(&set, last);
	}
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	say("ready\n");
	for (;;) {
		siginfo_t info;
		char line[64];
		int got = sigwaitinfo(&set, &info);
		if (got < 0)
			continue;
		snprintf(line, sizeof(line), "got %d %s\n", got,
			 info.si_code > 0 ? "kernel" : "user");
		say(line);
		if (got == last)
			return status;
	}
}
