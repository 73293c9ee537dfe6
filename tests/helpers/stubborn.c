/* stubborn [SIGNAL...]: ignores TERM and the signals named, says "ready", and stays. */
#include "helper.h"

int main(int argc, char **argv)
{
	live_shortly(LIFE_S);
	(void)signal(SIGTERM, SIG_IGN);
	for (int i = 1; i < argc; i++)
		(void)signal(signal_named(argv[i]), SIG_IGN);
	say("ready\n");
	wait_for_death();
}
