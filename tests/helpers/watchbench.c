/*
 * watchbench WHAT...: what tests/bench/pk-watch.sh measures with.
 *   stamp                   tell $STAMP_FIFO when this process has started: CLOCK_MONOTONIC and CLOCK_REALTIME, ns
 *   latency FILE N MS       N times, MS apart: append to FILE, wait for a stamp; "median 95-of-100 missed extra", ms
 *   offset MS N             read N stamps; median of how long after a multiple of MS (wall clock) they came, ms
 *   floor FILE CMD...       the least that runs CMD when FILE was closed: inotify, vfork, exec
 *   ticks MS CMD...         the same at each multiple of MS, by timerfd
 *   scan DIR [stat]         watch and list all directories, one thread, and no more (stat: look at each file); ms
 *   tree|nest|burst|noise DIR   make 10,011 directories with 99,000 files; 200 times b/c/d/leaf; write 10,000 files;
 *                           write two files 20,000 times
 */
#include "helper.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

#define MASK                                                                                       \
	(IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |        \
	 IN_ATTRIB | IN_DELETE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK)
#define MS INT64_C(1000000)

extern char **environ;

struct stamp {
	int64_t monotonic, real;
};

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_fifo(int flags)
{
	const char *path = getenv("STAMP_FIFO");
	int fd = path ? open(path, flags | O_NONBLOCK | O_CLOEXEC) : -1;

	if (fd < 0)
		die("STAMP_FIFO");
	return fd;
}

static int stamp(void)
{
	struct stamp stamp = {clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_REALTIME)};

	return write(open_fifo(O_WRONLY), &stamp, sizeof(stamp)) != sizeof(stamp);
}

static bool next_stamp(int fifo, int wait_ms, struct stamp *ret)
{
	struct pollfd pfd = {.fd = fifo, .events = POLLIN};

	return poll(&pfd, 1, wait_ms) > 0 && read(fifo, ret, sizeof(*ret)) == sizeof(*ret);
}

static void write_file(const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);

	if (fd < 0 || write(fd, "x\n", 2) != 2 || close(fd) < 0)
		die(path);
}

static int by_value(const void *a, const void *b)
{
	const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static double ms_at(int64_t *times, int count, int percent)
{
	qsort(times, (size_t)count, sizeof(*times), by_value);
	return count > 0 ? (double)times[count * percent / 100] / MS : -1;
}

static int latency(const char *file, int most, int gap_ms)
{
	int64_t *times = calloc((size_t)most, sizeof(*times));
	int fifo = open_fifo(O_RDWR), count = 0, missed = 0, extra = 0;
	struct stamp stamp;

	for (int i = 0; i < most && times; i++) {
		int64_t began;

		(void)poll(NULL, 0, gap_ms);
		while (next_stamp(fifo, 0, &stamp))
			extra += i > 0;
		began = clock_ns(CLOCK_MONOTONIC);
		write_file(file, O_APPEND);
		if (next_stamp(fifo, 3000, &stamp))
			times[count++] = stamp.monotonic - began;
		else
			missed++;
	}
	if (times)
		printf("%.3f %.3f %d %d\n", ms_at(times, count, 50), ms_at(times, count, 95),
		       missed, extra);
	free(times);
	return 0;
}

static int offset(int64_t period_ms, int most)
{
	int64_t *times = calloc((size_t)most, sizeof(*times));
	int fifo = open_fifo(O_RDWR), count = 0;
	struct stamp stamp;

	while (times && count < most && next_stamp(fifo, 3000, &stamp))
		times[count++] = stamp.real % (period_ms * MS);
	if (times)
		printf("%.3f\n", ms_at(times, count, 50));
	free(times);
	return count != most;
}

static void run_command(char **argv)
{
	pid_t pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */

	if (pid == 0) {
		(void)execve(argv[0], argv, environ);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
}

static int run_at_close(const char *file, char **argv)
{
	char events[4096];
	int fd = inotify_init1(IN_CLOEXEC);

	if (inotify_add_watch(fd, file, IN_CLOSE_WRITE) < 0)
		die(file);
	while (read(fd, events, sizeof(events)) > 0)
		run_command(argv);
	return 0;
}

static int run_at_ticks(int64_t period_ms, char **argv)
{
	const int64_t now = clock_ns(CLOCK_REALTIME), first = now - now % (period_ms * MS);
	struct itimerspec at = {.it_interval = {.tv_nsec = period_ms * MS}};
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
	uint64_t ticks;

	at.it_value.tv_sec = (first + period_ms * MS) / (1000 * MS);
	at.it_value.tv_nsec = (first + period_ms * MS) % (1000 * MS);
	if (timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL) < 0)
		die("timerfd");
	while (read(fd, &ticks, sizeof(ticks)) > 0)
		run_command(argv);
	return 0;
}

static void scan(int watches, const char *path, bool looks)
{
	static char buffer[32768];
	int fd, found = 0;
	char **below = NULL;
	ssize_t n;

	if (inotify_add_watch(watches, path, MASK) < 0)
		die(path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while ((n = getdents64(fd, (void *)buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(buffer + at);
			struct stat st;

			at += entry->d_reclen;
			if (looks)
				(void)fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW);
			if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
				continue;
			if (found % 64 == 0)
				below = realloc(below, (size_t)(found + 64) * sizeof(*below));
			if (!below || asprintf(&below[found++], "%s/%s", path, entry->d_name) < 0)
				die("memory");
		}
	}
	(void)close(fd);
	for (int i = 0; i < found; i++) {
		scan(watches, below[i], looks);
		free(below[i]);
	}
	free(below);
}

static int time_scan(const char *path, bool looks)
{
	const int64_t began = clock_ns(CLOCK_MONOTONIC);

	scan(inotify_init1(IN_CLOEXEC), path, looks);
	printf("%.1f\n", (double)(clock_ns(CLOCK_MONOTONIC) - began) / MS);
	return 0;
}

static void make_tree(const char *path)
{
	char name[4096];

	if (mkdir(path, 0755) < 0 || chdir(path) < 0)
		die(path);
	for (int i = 0; i < 10000; i++) {
		int package = i / 1000, module = i / 100 % 10, dir = i % 100;

		(void)snprintf(name, sizeof(name), "package%02d", package);
		(void)mkdir(name, 0755);
		(void)snprintf(name, sizeof(name), "package%02d/module%02d", package, module);
		(void)mkdir(name, 0755);
		if (dir == 99)
			continue;
		(void)snprintf(name, sizeof(name), "package%02d/module%02d/dir%03d", package,
			       module, dir);
		(void)mkdir(name, 0755);
		for (int j = 0; j < 10; j++) {
			(void)snprintf(name, sizeof(name),
				       "package%02d/module%02d/dir%03d/source_file%02d.c", package,
				       module, dir, j);
			(void)close(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
		}
	}
}

static void make_nests(const char *path)
{
	static const char *const steps[] = {"", "/b", "/b/c", "/b/c/d"};
	char name[4096];

	for (int i = 0; i < 200; i++) {
		for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
			(void)snprintf(name, sizeof(name), "%s/n%d%s", path, i, steps[j]);
			(void)mkdir(name, 0755);
		}
		(void)snprintf(name, sizeof(name), "%s/n%d/b/c/d/leaf", path, i);
		write_file(name, 0);
	}
}

static void make_burst(const char *path)
{
	char name[4096];

	for (int i = 0; i < 10000; i++) {
		(void)snprintf(name, sizeof(name), "%s/p%d", path, i / 100);
		if (i % 100 == 0)
			(void)mkdir(name, 0755);
		(void)snprintf(name, sizeof(name), "%s/p%d/x%d", path, i / 100, i % 100);
		write_file(name, O_TRUNC);
	}
}

static void make_noise(const char *path)
{
	char name[4096];

	for (int i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "%s/noise%d", path, i & 1);
		write_file(name, 0);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char **args = argv + 2;

	if (strcmp(what, "stamp") == 0)
		return stamp();
	if (strcmp(what, "latency") == 0 && argc == 5)
		return latency(args[0], atoi(args[1]), atoi(args[2]));
	if (strcmp(what, "offset") == 0 && argc == 4)
		return offset(atoi(args[0]), atoi(args[1]));
	if (strcmp(what, "floor") == 0 && argc > 3)
		return run_at_close(args[0], args + 1);
	if (strcmp(what, "ticks") == 0 && argc > 3)
		return run_at_ticks(atoi(args[0]), args + 1);
	if (strcmp(what, "scan") == 0 && argc > 2)
		return time_scan(args[0], argc > 3);
	if (strcmp(what, "tree") == 0 && argc == 3)
		make_tree(args[0]);
	else if (strcmp(what, "nest") == 0 && argc == 3)
		make_nests(args[0]);
	else if (strcmp(what, "burst") == 0 && argc == 3)
		make_burst(args[0]);
	else if (strcmp(what, "noise") == 0 && argc == 3)
		make_noise(args[0]);
	else
		return 99;
	return 0;
}
