/*
 * The crew to its interface: several guards below one front, reports and orders, and the death of a
 * guard or of the front. Each test runs the crew in a forked process, which becomes a subreaper, and
 * judges by its exit status: 0, or the number of the line whose condition failed.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/crew.h"
#include "tests/check.h"
#include "tests/lib/leftover.h"
#include "tests/lib/run.h"

#define ARGS(...) ((char **)(uintptr_t)(const char *[]){__VA_ARGS__, NULL})

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_error("line %d: %s\n", __LINE__, #condition);                        \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

static const struct stop_policy plain = {
	.deadline = NS_NEVER, .grace = 200 * NS_PER_MS, .signal = SIGTERM, .orphans = ORPHANS_STOP};

typedef int crew_test(struct crew *crew);

/* Run test as the front of a crew in a process of its own; its result. */
static int fronted(crew_test *test)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct events off = EVENTS_OFF;
		struct crew crew;
		int result;

		(void)setenv("PK_TEST_MARK", test_now()->mark, 1);
		if (crew_open(&crew, &off, 4, true) < 0)
			_exit(99);
		result = test(&crew);
		if (!crew_close(&crew))
			result = 98;
		_exit(result);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return ending_status(ending_of(status));
}

/* Run the script of arg, reporting its pid when it has been started and its status when it is over. */
static struct ending run_script(struct guard *guard, void *arg)
{
	const struct child_job job = {.argv = ARGS("sh", "-c", arg)};
	enum child_stage stage;
	int event = guard_start(guard, &job, &plain, &stage), status;
	pid_t pid = guard_pid(guard);

	if (event < 0 || guard_report(guard, &pid, sizeof(pid)) < 0)
		return (struct ending){.code = 90};
	while (event >= 0 && event != GUARD_ENDED)
		event = guard_wait(guard, NULL, 0, NS_NEVER);
	status = ending_status(guard_result(guard)->ending);
	if (guard_report(guard, &status, sizeof(status)) < 0)
		return (struct ending){.code = 91};
	return (struct ending){.code = guard_stop_signal(guard) ? 50 : 7};
}

static int hire(struct crew *crew, const char *script)
{
	return crew_hire(crew, run_script, (void *)(uintptr_t)script);
}

/* The next report of the member; other events but its kind fail. */
static int reported(struct crew *crew, int member)
{
	struct crew_event event;

	while (crew_wait(crew, NULL, 0, NS_NEVER, &event) == CREW_REPORT)
		if (event.member == member && event.len == sizeof(int))
			return *(const int *)event.bytes;
	return -1;
}

static struct crew_event gone(struct crew *crew)
{
	struct crew_event event = {0};

	while (crew_wait(crew, NULL, 0, NS_NEVER, &event) > 0 && event.kind != CREW_GONE)
		;
	return event;
}

static int many_members(struct crew *crew)
{
	int sum = 0;

	for (int i = 0; i < 4; i++)
		REQUIRE(hire(crew, "exit 3") == i);
	for (int reports = 0, ends = 0; ends < 4;) {
		struct crew_event event;

		REQUIRE(crew_wait(crew, NULL, 0, NS_NEVER, &event) > 0);
		/* A member's two reports come before its end. */
		reports += event.kind == CREW_REPORT;
		if (event.kind != CREW_GONE)
			continue;
		ends++;
		REQUIRE(reports >= 2 * ends);
		REQUIRE(event.end == CREW_DONE && !crew_has(crew, event.member));
		sum += event.ending.code;
	}
	REQUIRE(sum == 28);
	return 0;
}

static void members_report_and_end_each_for_itself(void **state)
{
	(void)state;
	assert_int_equal(fronted(many_members), 0);
}

static int one_is_halted(struct crew *crew)
{
	const struct order halt = {.kind = ORDER_HALT, .signal = SIGTERM};
	struct crew_event event;
	pid_t other;

	REQUIRE(hire(crew, "sleep 20") == 0);
	REQUIRE(hire(crew, "sleep 20") == 1);
	other = reported(crew, 1);
	REQUIRE(other > 0);
	crew_order(crew, 0, &halt);
	event = gone(crew);
	REQUIRE(event.member == 0 && event.end == CREW_DONE && event.ending.code == 50);
	REQUIRE(kill(other, 0) == 0 && crew_has(crew, 1));
	crew_order(crew, CREW_ALL, &halt);
	REQUIRE(gone(crew).member == 1);
	return 0;
}

static void an_order_stops_one_member(void **state)
{
	(void)state;
	assert_int_equal(fronted(one_is_halted), 0);
	assert_no_survivor();
}

static int one_is_killed(struct crew *crew)
{
	struct crew_event event;
	pid_t first, second;

	REQUIRE(hire(crew, "trap '' TERM; setsid sleep 20 & exec sleep 20") == 0);
	first = reported(crew, 0);
	REQUIRE(hire(crew, "sleep 20") == 1);
	second = reported(crew, 1);
	REQUIRE(first > 0 && second > 0);
	REQUIRE(kill(crew->members[0].pid, SIGKILL) == 0);
	event = gone(crew);
	REQUIRE(event.member == 0 && event.end == CREW_BEREFT);
	REQUIRE(kill(first, 0) < 0);
	REQUIRE(kill(second, 0) == 0 && crew_has(crew, 1));
	return 0;
}

static void what_a_killed_guard_owned_is_ended_and_the_others_live(void **state)
{
	(void)state;
	assert_int_equal(fronted(one_is_killed), 0);
	assert_no_survivor();
}

static int front_dies(struct crew *crew)
{
	for (int i = 0; i < 4; i++)
		REQUIRE(hire(crew, "trap '' TERM; setsid sleep 20 & sleep 20") == i);
	for (int i = 0; i < 4; i++) {
		struct crew_event event;

		REQUIRE(crew_wait(crew, NULL, 0, NS_NEVER, &event) == CREW_REPORT);
	}
	return kill(getpid(), SIGKILL);
}

static void every_guard_sees_the_death_of_the_front(void **state)
{
	(void)state;
	assert_int_equal(fronted(front_dies), 128 + SIGKILL);
	assert_int_equal(test_wait_gone(5000), 0);
}

static int signals_are_events(struct crew *crew)
{
	struct pollfd extra = {.events = POLLIN};
	struct crew_event event;
	int ends[2];

	REQUIRE(pipe(ends) == 0);
	REQUIRE(kill(getpid(), SIGTERM) == 0 && kill(getpid(), SIGUSR1) == 0);
	REQUIRE(crew_wait(crew, NULL, 0, NS_NEVER, &event) == CREW_ORDER);
	REQUIRE(event.order.kind == ORDER_PASS && event.order.signal == SIGUSR1);
	REQUIRE(crew_wait(crew, NULL, 0, NS_NEVER, &event) == CREW_ORDER);
	REQUIRE(event.order.kind == ORDER_STOP && event.order.signal == SIGTERM);
	extra.fd = ends[0];
	REQUIRE(crew_wait(crew, &extra, 1, now_ns(), &event) == CREW_TIME && !extra.revents);
	REQUIRE(write(ends[1], "x", 1) == 1);
	REQUIRE(crew_wait(crew, &extra, 1, NS_NEVER, &event) == CREW_READY && extra.revents);
	return 0;
}

static void signals_and_descriptors_of_its_own_are_the_fronts(void **state)
{
	(void)state;
	assert_int_equal(fronted(signals_are_events), 0);
}

static int left_at_the_close(struct crew *crew)
{
	REQUIRE(hire(crew, "trap '' TERM; sleep 20") == 0);
	REQUIRE(hire(crew, "setsid sleep 20") == 1);
	REQUIRE(reported(crew, 1) > 0);
	return 0;
}

static void the_close_ends_who_is_left(void **state)
{
	(void)state;
	assert_int_equal(fronted(left_at_the_close), 0);
	assert_no_survivor();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(members_report_and_end_each_for_itself),
		tidy_test(an_order_stops_one_member),
		tidy_test(what_a_killed_guard_owned_is_ended_and_the_others_live),
		tidy_test(every_guard_sees_the_death_of_the_front),
		tidy_test(signals_and_descriptors_of_its_own_are_the_fronts),
		tidy_test(the_close_ends_who_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
