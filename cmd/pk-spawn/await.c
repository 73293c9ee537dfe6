/* Asking until somebody says yes. */
#include "await.h"

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/num.h"
#include "common/report.h"
#include "common/say.h"
#include "probe.h"
#include "resolve.h"
#include "tell.h"

/* Ours is asked up to every 20 ms; what many others may wait for too, less often and not in step. */
#define PAUSE_LEAST (2 * NS_PER_MS)
#define PAUSE_MOST_OWN (20 * NS_PER_MS)
#define PAUSE_MOST_FOREIGN (250 * NS_PER_MS)

/* One question to one SPEC. */
struct asking {
	struct guard *guard;
	const struct spec *spec;
	int64_t until;
	const char *from; /* who enforces that, when it is inherited */
	int null;	  /* /dev/null */
	struct resolved hosts;
	int turn; /* of the next address */
};

/* A random part of the pause, between half of it and all. */
static int64_t jittered(int64_t pause)
{
	uint32_t random = 0;

	if (num_random(&random, sizeof(random)) < 0)
		return pause;
	return pause / 2 + (int64_t)((uint64_t)random * (uint64_t)(pause / 2) >> 32);
}

/* Is it over, by a signal or by time? */
static bool is_over(const struct asking *asking)
{
	return guard_stop_signal(asking->guard) || now_ns() >= asking->until;
}

/* Let time pass. */
static void pause_until(const struct asking *asking, int64_t at)
{
	int event;

	do
		event = guard_wait(asking->guard, NULL, 0, ns_min(at, asking->until));
	while (event >= 0 && event != GUARD_TIME && event != GUARD_STOP);
}

static bool ask_address(const struct asking *asking, const struct sockaddr *address, socklen_t len)
{
	struct probe probe;
	enum probe_result result = probe_start(&probe, asking->spec, address, len, now_ns());

	while (result == PROBE_WAIT && !is_over(asking)) {
		struct pollfd pfd = probe_poll(&probe);

		if (guard_wait(asking->guard, &pfd, 1, ns_min(probe.until, asking->until)) < 0)
			break;
		result = probe_step(&probe, now_ns());
	}
	probe_drop(&probe);
	return result == PROBE_YES;
}

/* The addresses of a name may change while it is waited for; they are asked for again after each round. */
static bool ask_host(struct asking *asking)
{
	struct resolved *hosts = &asking->hosts;

	if (asking->turn >= hosts->count) {
		asking->turn = 0;
		if (resolve(asking->guard, asking->spec, asking->until, hosts) <= 0)
			return false;
	}
	asking->turn++;
	return ask_address(asking, (const struct sockaddr *)&hosts->addresses[asking->turn - 1],
			   hosts->lens[asking->turn - 1]);
}

static bool ask_path(const struct asking *asking)
{
	struct sockaddr_storage address;
	const socklen_t len = probe_path(asking->spec->rest, &address);

	return ask_address(asking, (const struct sockaddr *)&address, len);
}

/* Run it like a command: what it starts is gone before the next. It sees and says nothing. */
static bool ask_command(const struct asking *asking)
{
	char *argv[] = {(char *)_PATH_BSHELL, (char *)"-c", (char *)asking->spec->rest, NULL};
	const struct child_fd fds[] = {{asking->null, 0}, {asking->null, 1}, {asking->null, 2}};
	const struct child_job job = {.argv = argv, .fds = fds, .fd_count = array_len(fds)};
	const struct stop_policy policy = {
		.deadline = asking->until,
		.from = asking->from,
		.grace = NS_PER_S,
		.signal = SIGTERM,
		.orphans = ORPHANS_STOP,
	};
	const struct owner_result *result = guard_result(asking->guard);
	enum child_stage stage;
	int event;

	if (asking->null < 0 || guard_start(asking->guard, &job, &policy, &stage) < 0)
		return false;
	do
		event = guard_wait(asking->guard, NULL, 0, NS_NEVER);
	while (event >= 0 && event != GUARD_ENDED);
	return event >= 0 && result->ended && !result->ending.code && !result->ending.signal;
}

static bool ask(struct asking *asking)
{
	struct stat st;

	switch (asking->spec->kind) {
	case SPEC_TCP:
	case SPEC_HTTP:
		return ask_host(asking);
	case SPEC_UNIX:
		return ask_path(asking);
	case SPEC_FILE:
		return stat(asking->spec->rest, &st) == 0;
	case SPEC_EXEC:
		return ask_command(asking);
	case SPEC_LINE:
	case SPEC_FD:
	case SPEC_NOTIFY:
		break; /* refused by the command line: nobody outside can be asked so */
	}
	return false;
}

/* Ask until the answer is yes (true), or it is over. */
static bool ask_again(struct asking *asking, int64_t most)
{
	int64_t pause = PAUSE_LEAST;

	for (;;) {
		const int64_t began = now_ns();
		int64_t took;

		if (ask(asking))
			return true;
		if (is_over(asking))
			return false;
		/* A question that is expensive is asked less often. */
		took = now_ns() - began;
		pause_until(asking, ns_add(now_ns(), jittered(took > pause ? took : pause)));
		if (is_over(asking))
			return false;
		pause = ns_min(pause + pause / 2, most);
	}
}

static void tell_late(const struct await *await, const struct spec *spec)
{
	char limit[TELL_LIMIT_MAX];

	if (!await->plan->quiet)
		say("waited for %s in vain for %s", spec->text,
		    tell_ready_limit(await->plan, await->until.cause, limit));
}

struct ending await_body(struct guard *guard, void *arg)
{
	const struct await *await = arg;
	const bool inherited = await->until.cause == STOP_INHERITED;
	scoped(fd_drop) int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < await->plan->wait_count; i++) {
		struct asking asking = {.guard = guard,
					.spec = &await->plan->waits[i],
					.until = await->until.at,
					.from = inherited ? await->plan->inherited.from : NULL,
					.null = null};

		if (ask_again(&asking, PAUSE_MOST_FOREIGN))
			continue;
		if (guard_stop_signal(guard))
			return (struct ending){.signal = guard_stop_signal(guard)};
		tell_late(await, asking.spec);
		return (struct ending){.code = STATUS_LATER};
	}
	return (struct ending){0};
}

struct ending await_exec_body(struct guard *guard, void *arg)
{
	scoped(fd_drop) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct asking asking = {.guard = guard, .spec = arg, .until = NS_NEVER, .null = null};

	guard_stand_apart(guard);
	return (struct ending){.code = !ask_again(&asking, PAUSE_MOST_OWN)};
}
