/* ownfds: has a thread with a private table of descriptors that holds /etc/passwd as 9; says `ready` and waits for
 * the end of stdin. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *live(void *ready)
{
	if (unshare(CLONE_FILES) < 0 || dup2(open("/etc/passwd", O_RDONLY), 9) < 0)
		exit(1);
	(void)pthread_barrier_wait(ready);
	(void)pause();
	return NULL;
}

int main(void)
{
	pthread_barrier_t ready;
	pthread_t thread;
	char c;

	(void)pthread_barrier_init(&ready, NULL, 2);
	if (pthread_create(&thread, NULL, live, &ready) != 0)
		return 1;
	(void)pthread_barrier_wait(&ready);
	printf("ready\n");
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	return 0;
}
