#include "tests/lib/run.h"

#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { ARGS_MAX = 256, ENV_MAX = 512, PATH_SIZE = 4096, HIGH_FD = 64 };

/* One captured stream: fd is -1 once the end has been seen. */
struct capture {
	int fd;
	char *text;
	size_t kept, total;
};

struct run_private {
	struct capture out, err;
	int in; /* our end of its stdin, or -1 */
	const char *input;
	size_t input_left;
	bool keep_input;
	int64_t started, deadline;
	char *name;
};

int64_t run_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

bool run_is_slow(void)
{
	const char *wrap = getenv("PK_WRAP");
	const char *bin = getenv("PK_BIN");

	return (wrap != NULL && *wrap != '\0') || (bin != NULL && strstr(bin, "asan") != NULL);
}

int64_t run_limit_ns(void)
{
	const char *text = getenv("PK_TEST_LIMIT");
	long seconds = text != NULL ? strtol(text, NULL, 10) : 0;

	if (seconds <= 0)
		seconds = run_is_slow() ? 90 : 20;
	return seconds * INT64_C(1000000000);
}

int64_t run_deadline(const struct run *run)
{
	return run->private->deadline;
}

void run_pass(int ms)
{
	int64_t end = run_now() + ms * INT64_C(1000000);

	for (int64_t left; (left = end - run_now()) > 0;) {
		struct timespec wait = {left / 1000000000, left % 1000000000};
		(void)ppoll(NULL, 0, &wait, NULL); /* EINTR: goes on */
	}
}

void run_wait_pid(pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0)
		return;
	int ready = poll(&ended, 1, (int)(run_limit_ns() / 1000000));
	(void)close(pidfd);
	if (ready != 1)
		fail_msg("process %d does not end", (int)pid);
}

static const char *directory(const char *variable)
{
	const char *dir = getenv(variable);

	if (dir == NULL || *dir == '\0')
		fail_msg("%s is not set", variable);
	return dir;
}

const char *helper_path(const char *name)
{
	return test_text("%s/%s", directory("PK_HELPERS"), name);
}

const char *tool_path(const char *name)
{
	const char *path = test_text("%s/%s", directory("PK_BIN"), name);

	return access(path, X_OK) == 0 ? path : NULL;
}

/* --- what the child gets ------------------------------------------------------------------ */

struct birth {
	const char *path;
	char *args[ARGS_MAX];
	char *env[ENV_MAX];
	const char *cwd;
	const struct how *how;
	int std[3]; /* becomes 0, 1, 2; -1 is closed */
	int report; /* CLOEXEC: errno of what failed */
};

static char *word(const char *text)
{
	return (char *)(uintptr_t)(text[0] == '@' && text[1] != '\0' ? helper_path(text + 1)
								     : text);
}

static void fill_args(struct birth *birth, const char *const argv[], bool unwrapped)
{
	size_t count = 0;
	const char *wrap = getenv("PK_WRAP");
	bool is_tool = strncmp(argv[0], "pk-", 3) == 0;

	birth->path = argv[0][0] == '@' ? word(argv[0]) : argv[0];
	if (is_tool) {
		birth->path = tool_path(argv[0]);
		if (birth->path == NULL)
			fail_msg("%s does not exist in PK_BIN", argv[0]);
	}
	if (is_tool && !unwrapped && wrap != NULL && *wrap != '\0') {
		char *rest = test_keep(strdup(wrap));
		for (char *w; (w = strsep(&rest, " ")) != NULL && count < ARGS_MAX / 2;)
			if (*w != '\0')
				birth->args[count++] = w;
		birth->args[count++] = (char *)(uintptr_t)birth->path;
		birth->path = birth->args[0];
	} else {
		birth->args[count++] = word(argv[0]);
	}
	for (size_t i = 1; argv[i] != NULL; i++) {
		assert_true(count < ARGS_MAX - 1);
		birth->args[count++] = word(argv[i]);
	}
}

static void put_env(struct birth *birth, const char *setting)
{
	size_t name = strcspn(setting, "="), i = 0;

	while (birth->env[i] != NULL &&
	       (strncmp(birth->env[i], setting, name) != 0 || birth->env[i][name] != '='))
		i++;
	if (setting[name] == '=') {
		assert_true(i < ENV_MAX - 1);
		birth->env[i] = (char *)(uintptr_t)setting;
	} else if (birth->env[i] != NULL) {
		size_t last = i;
		while (birth->env[last + 1] != NULL)
			last++;
		birth->env[i] = birth->env[last];
		birth->env[last] = NULL;
	}
}

static void fill_env(struct birth *birth, const struct how *how)
{
	static const char *const removed[] = {
		"PK_EVENTS", "PK_RUN",	  "PK_DEADLINE", "TRACEPARENT", "LANG",
		"LC_ALL",    "BASH_ENV",  "ENV",	 "NO_COLOR",	"MAKEFLAGS",
		"MFLAGS",    "MAKELEVEL", "HISTFILE"};

	for (size_t i = 0; environ[i] != NULL && i < ENV_MAX - 16; i++)
		birth->env[i] = environ[i];
	for (size_t i = 0; i < sizeof(removed) / sizeof(removed[0]); i++)
		put_env(birth, removed[i]);
	put_env(birth, "LC_ALL=C");
	/* Not the caller's: what cannot be searched there would change 127 to 126. */
	put_env(birth, test_text("PATH=%s:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
				 directory("PK_BIN")));
	put_env(birth, test_text("TMPDIR=%s", test_now()->dir));
	put_env(birth, test_text("PK_TEST_MARK=%s", test_now()->mark));
	for (size_t i = 0; i < 8 && how->env[i] != NULL; i++)
		put_env(birth, how->env[i]);
}

static void die(const struct birth *birth)
{
	int error = errno;

	(void)!write(birth->report, &error, sizeof(error)); /* the parent then sees a bare end */
	_exit(125);
}

static void take_terminal(const struct birth *birth)
{
	int fd = open(birth->how->terminal, O_RDWR);

	if (fd < 0)
		die(birth);
	for (int i = 0; i < 3; i++)
		(void)dup2(fd, i);
	if (fd > 2)
		(void)close(fd);
}

static void take_fds(const struct birth *birth)
{
	const struct how *how = birth->how;
	int high[8];
	size_t count = 0;

	/* Out of the way first: a source may have the number that another one is to get. */
	for (; count < 8 && how->fds[count].from > 0; count++) {
		high[count] = fcntl(how->fds[count].from, F_DUPFD_CLOEXEC, HIGH_FD);
		if (high[count] < 0)
			die(birth);
	}
	if (how->terminal != NULL)
		take_terminal(birth);
	else
		for (int i = 0; i < 3; i++)
			if (birth->std[i] >= 0)
				(void)dup2(birth->std[i], i);
	(void)syscall(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
	for (size_t i = 0; i < count; i++)
		if (dup2(high[i], how->fds[i].to) < 0)
			die(birth);
	for (int i = 0; i < 3; i++)
		if (how->closed[i])
			(void)close(i);
}

static void take_signals(const struct birth *birth)
{
	const struct how *how = birth->how;
	sigset_t mask;

	for (int s = 1; s < 65; s++)
		(void)signal(s, SIG_DFL); /* KILL, STOP and libc's own refuse */
	for (size_t i = 0; i < 16 && how->ignored[i] != 0; i++)
		(void)signal(how->ignored[i], SIG_IGN);
	(void)sigemptyset(&mask);
	for (size_t i = 0; i < 16 && how->blocked[i] != 0; i++)
		(void)sigaddset(&mask, how->blocked[i]);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
}

static void become(const struct birth *birth)
{
	const struct how *how = birth->how;

	if (!how->same_session && setsid() < 0)
		die(birth);
	take_fds(birth);
	if (chdir(birth->cwd) < 0 || (how->gone_cwd && rmdir(birth->cwd) < 0))
		die(birth);
	for (size_t i = 0; i < 4 && (how->limits[i].soft != 0 || how->limits[i].hard != 0); i++) {
		struct rlimit limit = {how->limits[i].soft, how->limits[i].hard};
		if (limit.rlim_max == 0)
			limit.rlim_max = limit.rlim_cur;
		if (setrlimit((__rlimit_resource_t)how->limits[i].resource, &limit) < 0)
			die(birth);
	}
	take_signals(birth);
	environ = (char **)(uintptr_t)birth->env;
	if (strchr(birth->path, '/') != NULL)
		(void)execve(birth->path, birth->args, environ);
	else
		(void)execvp(birth->path, birth->args);
	die(birth);
}

/* --- start --------------------------------------------------------------------------------- */

static int drop_run(void *arg)
{
	struct run *run = arg;
	int *fds[] = {&run->pidfd, &run->private->in, &run->private->out.fd, &run->private->err.fd};

	for (size_t i = 0; i < 4; i++)
		if (*fds[i] >= 0)
			(void)close(*fds[i]);
	free(run->private->out.text);
	free(run->private->err.text);
	free(run->private);
	free(run);
	return 0;
}

/* A pipe whose end `ours` (0 or 1) does not block. */
static void make_pipe(int fds[static 2], int ours)
{
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(fcntl(fds[ours], F_SETFL, O_NONBLOCK), 0);
}

static struct run *new_run(const char *name)
{
	struct run *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	run->private = calloc(1, sizeof(*run->private));
	assert_non_null(run->private);
	run->pidfd = run->private->in = run->private->out.fd = run->private->err.fd = -1;
	run->status = -1;
	test_at_end(drop_run, run);
	run->private->name = (char *)(uintptr_t)test_text("%s", name);
	run->private->out.text = calloc(1, 1);
	run->private->err.text = calloc(1, 1);
	run->out = run->private->out.text;
	run->err = run->private->err.text;
	return run;
}

static void open_streams(struct run *run, struct birth *birth, const struct how *how)
{
	struct run_private *p = run->private;
	int fds[2];

	if (how->input != NULL || how->keep_input) {
		make_pipe(fds, 1);
		birth->std[0] = fds[0];
		p->in = fds[1];
		p->input = how->input;
		p->keep_input = how->keep_input;
		p->input_left = how->input == NULL   ? 0
				: how->input_len > 0 ? how->input_len
						     : strlen(how->input);
	} else {
		birth->std[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	make_pipe(fds, 0);
	birth->std[1] = fds[1];
	p->out.fd = fds[0];
	make_pipe(fds, 0);
	birth->std[2] = fds[1];
	p->err.fd = fds[0];
}

struct run *start(const char *const argv[], const struct how *how)
{
	static const struct how ordinary = {0};
	static struct birth birth; /* too big for a comfortable stack */
	struct run *run = new_run(argv[0]);
	int report[2], error = 0;

	memset(&birth, 0, sizeof(birth));
	birth.how = how = how != NULL ? how : &ordinary;
	birth.std[0] = birth.std[1] = birth.std[2] = -1;
	fill_args(&birth, argv, how->unwrapped);
	fill_env(&birth, how);
	birth.cwd = how->cwd != NULL ? how->cwd : test_now()->dir;
	if (how->gone_cwd) {
		birth.cwd = test_text("%s/gone", test_now()->dir);
		assert_int_equal(mkdir(birth.cwd, 0700), 0);
	}
	if (how->terminal == NULL)
		open_streams(run, &birth, how);
	assert_int_equal(pipe2(report, O_CLOEXEC), 0);
	birth.report = fcntl(report[1], F_DUPFD_CLOEXEC, HIGH_FD + 16);
	(void)close(report[1]);

	run->private->started = run_now();
	run->private->deadline = run->private->started + run_limit_ns();
	run->pid = fork();
	assert_true(run->pid >= 0);
	if (run->pid == 0)
		become(&birth);
	(void)close(birth.report);
	for (int i = 0; i < 3; i++)
		if (birth.std[i] >= 0)
			(void)close(birth.std[i]);
	run->pidfd = (int)syscall(SYS_pidfd_open, run->pid, 0);
	ssize_t got = read(report[0], &error, sizeof(error));
	(void)close(report[0]);
	if (got > 0)
		fail_msg("cannot start %s: %s", argv[0], strerror(error));
	assert_true(run->pidfd >= 0);
	return run;
}

/* --- what happens while it runs -------------------------------------------------------------- */

static void add_text(struct capture *capture, const char *bytes, size_t count)
{
	capture->total += count;
	if (count > RUN_CAPTURE - capture->kept)
		count = RUN_CAPTURE - capture->kept;
	char *text = realloc(capture->text, capture->kept + count + 1);
	assert_non_null(text);
	memcpy(text + capture->kept, bytes, count);
	capture->kept += count;
	text[capture->kept] = '\0';
	capture->text = text;
}

/* Read what is there; at the end of the stream close it. */
static void drain(struct capture *capture)
{
	char bytes[16384];
	ssize_t got = 0;

	while (capture->fd >= 0 && (got = read(capture->fd, bytes, sizeof(bytes))) > 0)
		add_text(capture, bytes, (size_t)got);
	if (capture->fd >= 0 && (got == 0 || (errno != EAGAIN && errno != EINTR))) {
		(void)close(capture->fd);
		capture->fd = -1;
	}
}

static void show(struct run *run)
{
	drain(&run->private->out);
	drain(&run->private->err);
	run->out = run->private->out.text;
	run->err = run->private->err.text;
	run->out_len = run->private->out.total;
	run->err_len = run->private->err.total;
}

static void feed(struct run_private *p)
{
	ssize_t put = write(p->in, p->input, p->input_left);

	if (put > 0) {
		p->input += put;
		p->input_left -= (size_t)put;
	} else if (put < 0 && errno != EAGAIN && errno != EINTR) {
		p->input_left = 0; /* the reader has gone: its business */
	}
}

static void too_late(struct run *run)
{
	show(run);
	print_error("%s is not over in time; %zu processes:\n", run->private->name, test_living(1));
	print_error("stdout: %.2000s\nstderr: %.2000s\n", run->out, run->err);
	test_kill();
	fail_msg("time limit");
}

/* Wait for one thing to happen and handle it. False: the program is over. */
static bool step(struct run *run)
{
	struct run_private *p = run->private;
	if (p->in >= 0 && p->input_left == 0 && !p->keep_input) {
		(void)close(p->in);
		p->in = -1;
	}
	struct pollfd fds[] = {
		{.fd = run->pidfd, .events = POLLIN},
		{.fd = p->out.fd, .events = POLLIN},
		{.fd = p->err.fd, .events = POLLIN},
		{.fd = p->input_left > 0 ? p->in : -1, .events = POLLOUT},
	};
	int64_t left = p->deadline - run_now();
	struct timespec wait = {left / 1000000000, left % 1000000000};

	if (left <= 0 || ppoll(fds, 4, &wait, NULL) == 0)
		too_late(run);
	if (fds[3].revents != 0)
		feed(p);
	show(run);
	return fds[0].revents == 0;
}

void finish(struct run *run)
{
	siginfo_t info;

	if (run->over)
		return;
	while (step(run))
		;
	run->elapsed_ms = (run_now() - run->private->started) / 1000000;
	assert_int_equal(waitid(P_PID, (id_t)run->pid, &info, WEXITED), 0);
	run->over = true;
	if (info.si_code == CLD_EXITED)
		run->status = info.si_status;
	else
		run->signal = info.si_status;
	show(run);
	run->out_held = run->private->out.fd >= 0;
}

struct run *run(const char *const argv[], const struct how *how)
{
	struct run *run = start(argv, how);

	finish(run);
	return run;
}

void run_signal(struct run *run, int signal)
{
	assert_int_equal(syscall(SYS_pidfd_send_signal, run->pidfd, signal, NULL, 0), 0);
}

static void wait_text(struct run *run, char **text, const char *part)
{
	while (show(run), strstr(*text, part) == NULL) {
		if (step(run))
			continue;
		show(run);
		if (strstr(*text, part) != NULL)
			return;
		print_error("stdout: %.2000s\nstderr: %.2000s\n", run->out, run->err);
		fail_msg("%s ended without '%s'", run->private->name, part);
	}
}

void run_wait_out(struct run *run, const char *text)
{
	wait_text(run, &run->out, text);
}

void run_wait_err(struct run *run, const char *text)
{
	wait_text(run, &run->err, text);
}

/* waitid without a limit would hang the suite: SIGCHLD by signalfd-less sigtimedwait has the same
 * effect, since the signal is blocked while we look. */
static void wait_state(struct run *run, int which)
{
	sigset_t child, old;
	siginfo_t info = {0};

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &child, &old);
	for (;;) {
		assert_int_equal(waitid(P_PID, (id_t)run->pid, &info, which | WNOHANG), 0);
		if (info.si_pid != 0)
			break;
		int64_t left = run->private->deadline - run_now();
		struct timespec wait = {left / 1000000000, left % 1000000000};
		if (left <= 0 || (sigtimedwait(&child, NULL, &wait) < 0 && errno == EAGAIN)) {
			(void)sigprocmask(SIG_SETMASK, &old, NULL);
			too_late(run);
		}
	}
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
}

void run_wait_stopped(struct run *run)
{
	wait_state(run, WSTOPPED);
}

void run_wait_continued(struct run *run)
{
	wait_state(run, WCONTINUED);
}

void run_write(struct run *run, const char *text)
{
	assert_true(run->private->in >= 0);
	assert_int_equal(write(run->private->in, text, strlen(text)), strlen(text));
}

void run_close_input(struct run *run)
{
	run->private->keep_input = false;
	if (run->private->in >= 0)
		(void)close(run->private->in);
	run->private->in = -1;
}

void check_status(const struct run *run, int status, int signal, const char *file, int line)
{
	if (!run->over) {
		print_error("%s is not over\n", run->private->name);
		_fail(file, line);
	}
	if (run->status == status && run->signal == signal)
		return;
	print_error("%s: status %d signal %d, wanted status %d signal %d, after %lld ms\n",
		    run->private->name, run->status, run->signal, status, signal,
		    (long long)run->elapsed_ms);
	print_error("stdout: %.4000s\nstderr: %.4000s\n", run->out, run->err);
	_fail(file, line);
}
