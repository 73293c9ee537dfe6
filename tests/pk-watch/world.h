#ifndef PK_WATCH_TEST_WORLD_H
#define PK_WATCH_TEST_WORLD_H

/*
 * A directory `w` to watch, in the test's private directory, and a pk-watch that is ready. Everything
 * is synchronised on events.
 */
#include "common/base.h"
#include "tests/check.h"
#include "tests/lib/events.h"
#include "tests/lib/pty.h"
#include "tests/lib/run.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Run a shell script in the private directory; it must end with 0. */
static inline void sh(const char *script)
{
	assert_status(run(ARGV("sh", "-ec", script), NULL), 0);
}

static inline int remove_world(void *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", (const char *)path, NULL);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

/* Make the directory `w` with the script's help. */
static inline void world(const char *script)
{
	test_at_end(remove_world, (void *)(uintptr_t)test_text("%s/w", test_now()->dir));
	sh("mkdir w");
	sh(script);
}

/* Start pk-watch with these arguments, and wait until it watches. */
#define watch(...) watch_with(NULL, ARGV(__VA_ARGS__))
#define EVENTS (test_path("events.jsonl"))

static inline struct run *watch_with(const struct how *how, const char *const args[])
{
	const char **argv = test_keep(calloc(40, sizeof(char *)));
	struct run *r;

	argv[0] = "pk-watch";
	argv[1] = "--events";
	argv[2] = events_path();
	for (size_t i = 0; args[i]; i++)
		argv[i + 3] = args[i];
	r = start(argv, how);
	(void)event_wait(argv[2], "ready");
	return r;
}

/* Change a file in the private directory, and close it. */
static inline void touch(const char *name)
{
	int fd = open(test_text("%s/%s", test_now()->dir, name),
		      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	assert_true(fd >= 0 && write(fd, "x\n", 2) == 2 && close(fd) == 0);
}

/* End it by TERM. */
static inline void stop(struct run *r)
{
	run_signal(r, SIGTERM);
	finish(r);
	assert_signal(r, SIGTERM);
}

#endif
