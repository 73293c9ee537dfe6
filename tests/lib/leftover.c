#include "tests/lib/leftover.h"

#include "tests/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MAX = 32, CALLS_MAX = 256, FDS_MAX = 256, DYING_MS = 2000 };

/* The test that runs: cmocka runs one at a time, and a failing assertion leaves by longjmp, so what
 * has to be given back is found here and not on the stack. */
static struct {
	struct test test;
	const char *files[FILES_MAX];
	size_t file_count;
	struct {
		int (*call)(void *);
		void *arg;
	} calls[CALLS_MAX];
	size_t call_count;
	void **memory;
	size_t memory_count, memory_size;
	bool open[FDS_MAX];
} now;

struct test *test_now(void)
{
	return &now.test;
}

void test_at_end(int (*call)(void *), void *arg)
{
	assert_true(now.call_count < CALLS_MAX);
	now.calls[now.call_count].call = call;
	now.calls[now.call_count++].arg = arg;
}

static int close_fd(void *arg)
{
	(void)close((int)(intptr_t)arg); /* the test may have closed it itself */
	return 0;
}

void *test_keep(void *memory)
{
	assert_non_null(memory);
	if (now.memory_count == now.memory_size) {
		now.memory_size = now.memory_size * 2 + 64;
		now.memory = realloc(now.memory, now.memory_size * sizeof(void *));
		assert_non_null(now.memory);
	}
	return now.memory[now.memory_count++] = memory;
}

int test_keep_fd(int fd)
{
	assert_true(fd >= 0);
	test_at_end(close_fd, (void *)(intptr_t)fd);
	return fd;
}

const char *test_text(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	int length = vasprintf(&text, format, args);
	va_end(args);
	assert_true(length >= 0);
	return test_keep(text);
}

const char *test_path(const char *name)
{
	for (size_t i = 0; i < now.file_count; i++)
		if (strcmp(strrchr(now.files[i], '/') + 1, name) == 0)
			return now.files[i];
	assert_true(now.file_count < FILES_MAX);
	return now.files[now.file_count++] = test_text("%s/%s", now.test.dir, name);
}

const char *test_file(const char *name, const char *text, unsigned mode)
{
	const char *path = test_path(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, (mode_t)mode), 0);
	assert_int_equal(close(fd), 0);
	return path;
}

/* Does the process carry the marker? Zombies have no environment any more. */
static bool is_marked(const char *pid)
{
	static char environment[1 << 17];
	char path[300], wanted[100];
	size_t have = 0;
	ssize_t got;

	/* Outside a test there is no mark, and an empty one would be everybody's. */
	if (now.test.mark[0] == '\0' || atoi(pid) <= 1 || atoi(pid) == (int)getpid())
		return false;
	snprintf(path, sizeof(path), "/proc/%s/environ", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while ((got = read(fd, environment + have, sizeof(environment) - have)) > 0)
		have += (size_t)got;
	(void)close(fd); /* read only */
	size_t length =
		(size_t)snprintf(wanted, sizeof(wanted), "PK_TEST_MARK=%s", now.test.mark) + 1;
	return memmem(environment, have, wanted, length) != NULL; /* with its closing NUL */
}

static void read_comm(const char *pid, char comm[static 32])
{
	char path[300];

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	FILE *file = fopen(path, "re");
	if (file == NULL || fgets(comm, 32, file) == NULL)
		comm[0] = '\0';
	if (file != NULL)
		(void)fclose(file); /* read only */
	comm[strcspn(comm, "\n")] = '\0';
}

/* Call see for each process with the marker, until it says stop (not 0). */
static int each_marked(int (*see)(const char *pid, void *arg), void *arg)
{
	DIR *proc = opendir("/proc");
	int stop = 0;

	if (proc == NULL)
		return 0;
	for (struct dirent *entry; stop == 0 && (entry = readdir(proc)) != NULL;)
		if (entry->d_name[0] > '0' && entry->d_name[0] <= '9' && is_marked(entry->d_name))
			stop = see(entry->d_name, arg);
	(void)closedir(proc); /* read only */
	return stop;
}

struct census {
	size_t count;
	int say;
};

static int count_one(const char *pid, void *arg)
{
	struct census *census = arg;
	char comm[32];

	if (census->say && census->count < 20) {
		read_comm(pid, comm);
		print_error("alive: %s (%s)\n", pid, comm);
	}
	census->count++;
	return 0;
}

size_t test_living(int say)
{
	struct census census = {.say = say};

	(void)each_marked(count_one, &census); /* never stops */
	return census.count;
}

static int64_t clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

static int open_first(const char *pid, void *arg)
{
	(void)arg;
	int fd = (int)syscall(SYS_pidfd_open, atoi(pid), 0);
	return fd < 0 ? 0 : fd;
}

static void reap_all(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

size_t test_wait_gone(int limit_ms)
{
	int64_t end = clock_ms() + limit_ms;

	for (;;) {
		int pidfd = each_marked(open_first, NULL);
		if (pidfd == 0)
			return 0;
		struct pollfd gone = {.fd = pidfd, .events = POLLIN};
		int64_t left = end - clock_ms();
		int ready = left <= 0 ? 0 : poll(&gone, 1, (int)left);
		(void)close(pidfd); /* only looked at */
		if (ready == 0)
			return test_living(0);
	}
}

static int kill_one(const char *pid, void *arg)
{
	(void)arg;
	int pidfd = (int)syscall(SYS_pidfd_open, atoi(pid), 0);
	if (pidfd < 0)
		return 0;
	/* The number may have been given to somebody else between the look and the open. */
	if (is_marked(pid))
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	(void)close(pidfd);
	return 0;
}

void test_kill(void)
{
	int64_t end = clock_ms() + 10000;

	while (test_living(0) > 0 && clock_ms() < end) {
		(void)each_marked(kill_one, NULL);
		reap_all();
	}
}

struct wanted {
	const char *comm;
};

static int match_comm(const char *pid, void *arg)
{
	const struct wanted *wanted = arg;
	char comm[32];

	read_comm(pid, comm);
	return strcmp(comm, wanted->comm) == 0 ? atoi(pid) : 0;
}

int test_find_any(const char *comm)
{
	struct wanted wanted = {comm};

	return each_marked(match_comm, &wanted);
}

int test_find(const char *comm)
{
	const int64_t end = clock_ms() + 5000;
	int pid;

	/* The kernel tells nobody that a process has got a name: look again every millisecond. */
	while ((pid = test_find_any(comm)) <= 0 && clock_ms() < end)
		(void)poll(NULL, 0, 1);
	if (pid <= 0)
		fail_msg("no process '%s'", comm);
	return pid;
}

static void list_fds(bool open_now[static FDS_MAX])
{
	for (int fd = 0; fd < FDS_MAX; fd++)
		open_now[fd] = fcntl(fd, F_GETFD) >= 0;
}

int test_begin(void **state)
{
	const char *tmp = getenv("TMPDIR");
	static unsigned serial;

	memset(&now, 0, sizeof(now));
	now.test.row = *state;
	snprintf(now.test.dir, sizeof(now.test.dir), "%s/pk-test-XXXXXX",
		 tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp");
	if (mkdtemp(now.test.dir) == NULL) {
		print_error("no directory %s\n", now.test.dir);
		now.test.dir[0] = '\0';
		return -1;
	}
	snprintf(now.test.mark, sizeof(now.test.mark), "%d-%u-%s", (int)getpid(), ++serial,
		 strrchr(now.test.dir, '-') + 1);
	list_fds(now.open);
	/* Orphans come to us and not to an init that may not reap. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	(void)signal(SIGPIPE, SIG_IGN); /* a program need not read its stdin */
	*state = &now.test;
	return 0;
}

static int remove_dir(void)
{
	int bad = 0;

	for (size_t i = 0; i < now.file_count; i++)
		(void)unlink(now.files[i]); /* need not exist */
	DIR *dir = opendir(now.test.dir);
	if (dir == NULL)
		return -1;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		bool debugger = strncmp(entry->d_name, "vgdb-", 5) == 0;
		if (!debugger) /* a killed valgrind leaves its own pipes */
			print_error("file left: %s\n", entry->d_name);
		if (unlinkat(dirfd(dir), entry->d_name, 0) < 0)
			(void)unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
		bad = debugger ? bad : -1;
	}
	(void)closedir(dir); /* read only */
	return rmdir(now.test.dir) < 0 ? -1 : bad;
}

static int compare_fds(void)
{
	bool open_now[FDS_MAX];
	char path[64], target[256];
	int bad = 0;

	list_fds(open_now);
	for (int fd = 0; fd < FDS_MAX; fd++) {
		if (open_now[fd] == now.open[fd])
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ssize_t length = readlink(path, target, sizeof(target));
		print_error("descriptor %d %s: %.*s\n", fd, open_now[fd] ? "left open" : "closed",
			    length < 0 ? 0 : (int)length, target);
		if (open_now[fd])
			(void)close(fd);
		bad = -1;
	}
	return bad;
}

int test_end(void **state)
{
	int bad = 0;

	(void)state;
	if (now.test.dir[0] == '\0') /* cmocka tears down also what was not set up */
		return -1;
	if (test_wait_gone(DYING_MS) > 0) {
		print_error("%zu processes left\n", test_living(1));
		test_kill();
		bad = -1;
	}
	while (now.call_count > 0) {
		now.call_count--;
		bad |= now.calls[now.call_count].call(now.calls[now.call_count].arg);
	}
	reap_all();
	bad |= remove_dir();
	bad |= compare_fds();
	while (now.memory_count > 0) /* last: the names of the files are here */
		free(now.memory[--now.memory_count]);
	free(now.memory);
	now.memory = NULL;
	(void)prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	return bad;
}
