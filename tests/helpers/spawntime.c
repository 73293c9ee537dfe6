/* spawntime N COMMAND...: the median time in microseconds of N runs of COMMAND, one after another. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* One run; the exit status is checked, since a command that fails early is fast. */
static double run(char **argv)
{
	double start = now_us();
	int status;
	pid_t pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "spawntime: '%s' failed\n", argv[0]);
		exit(1);
	}
	return now_us() - start;
}

int main(int argc, char **argv)
{
	int runs = argc > 2 ? atoi(argv[1]) : 0;
	double *times = calloc((size_t)(runs > 0 ? runs : 1), sizeof(*times));

	if (runs <= 0 || !times)
		return 2;
	for (int i = 0; i < runs; i++)
		times[i] = run(argv + 2);
	qsort(times, (size_t)runs, sizeof(*times), compare);
	printf("%.1f\n", times[runs / 2]);
	free(times);
	return 0;
}
