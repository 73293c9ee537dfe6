/* spew BYTES [FD]: writes so many bytes as lines of 64 to FD (1); 0 is without end. */
#include "helper.h"

int main(int argc, char **argv)
{
	long left = argc > 1 ? atol(argv[1]) : 0;
	int fd = argc > 2 ? atoi(argv[2]) : 1, endless = left == 0;
	char line[65];

	live_shortly(LIFE_S);
	for (unsigned long number = 1; endless || left > 0; number++) {
		snprintf(line, sizeof(line), "%063lu\n", number);
		size_t want = endless || left > 64 ? 64 : (size_t)left;
		ssize_t put = write(fd, line, want);
		if (put < 0 && errno != EINTR)
			return 3;
		left -= put > 0 ? put : 0;
	}
	return 0;
}
