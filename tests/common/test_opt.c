/* The option table: exact names, checked values, suggestions. What is printed is seen in the tools' tests. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/opt.h"
#include "common/say.h"
#include "tests/check.h"

struct plan {
	bool flag;
	int value;
	int64_t duration, size, count;
	int signal, choice;
	const char *text;
	int calls;
};

static const char *const choices[] = {"stop", "wait", NULL};

static const char *call(void *plan, const char *value)
{
	((struct plan *)plan)->calls++;
	return strcmp(value, "bad") == 0 ? "something better" : NULL;
}

#define AT(member) offsetof(struct plan, member)
static const struct opt options[] = {
	{.kind = OPT_GROUP, .help = "All kinds"},
	{.kind = OPT_FLAG, .letter = 'f', .name = "flag", .help = "h", .at = AT(flag)},
	{.kind = OPT_VALUE, .name = "now", .help = "h", .at = AT(value), .most = 7},
	{.kind = OPT_DURATION,
	 .letter = 't',
	 .name = "timeout",
	 .arg = "DUR",
	 .help = "h",
	 .at = AT(duration)},
	{.kind = OPT_SIZE, .name = "max-size", .arg = "SIZE", .help = "h", .at = AT(size)},
	{.kind = OPT_COUNT,
	 .letter = 'n',
	 .name = "max-attempts",
	 .arg = "N",
	 .help = "h",
	 .at = AT(count),
	 .least = 1,
	 .most = 10},
	{.kind = OPT_SIGNAL,
	 .letter = 's',
	 .name = "signal",
	 .arg = "SIG",
	 .help = "h",
	 .at = AT(signal)},
	{.kind = OPT_CHOICE,
	 .name = "orphans",
	 .arg = "WHAT",
	 .help = "h",
	 .at = AT(choice),
	 .choices = choices},
	{.kind = OPT_TEXT,
	 .letter = 'e',
	 .name = "events",
	 .arg = "DEST",
	 .help = "h",
	 .at = AT(text)},
	{.kind = OPT_CALL, .letter = 'c', .name = "call", .arg = "X", .help = "h", .set = call},
	OPT_COMMON,
};

static const struct opt_program program = {.name = "pk-test",
					   .usage = "pk-test\n",
					   .purpose = "test\n",
					   .options = options,
					   .count = array_len(options),
					   .tail = ""};

/* Parse words (ended by NULL); the index of the first operand counts from the first word. */
static int parse(struct plan *plan, int *status, const char *const words[])
{
	char *argv[16] = {(char *)(uintptr_t) "pk-test"};
	int argc = 1, first;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	optind = 1;
	first = opt_parse(&program, argc, argv, plan, status);
	return first < 0 ? first : first - 1;
}

#define PARSE(plan, status, ...) parse(plan, status, (const char *const[]){__VA_ARGS__, NULL})

static void every_kind_reaches_its_target(void **state)
{
	struct plan plan = {0};
	int status;

	(void)state;
	assert_int_equal(PARSE(&plan, &status, "-f", "--now", "-t5s", "--max-size=4K", "-n", "3",
			       "--signal", "int", "--orphans", "wait", "-efile", "--call", "x"),
			 13);
	assert_true(plan.flag);
	assert_int_equal(plan.value, 7);
	assert_int_equal(plan.duration, 5 * NS_PER_S);
	assert_int_equal(plan.size, 4096);
	assert_int_equal(plan.count, 3);
	assert_int_equal(plan.signal, SIGINT);
	assert_int_equal(plan.choice, 1);
	assert_string_equal(plan.text, "file");
	assert_int_equal(plan.calls, 1);
}

static void options_end_at_the_first_operand_and_at_two_dashes(void **state)
{
	struct plan plan = {0};
	int status;

	(void)state;
	assert_int_equal(PARSE(&plan, &status, "-f", "cmd", "--timeout", "x"), 1);
	assert_int_equal(PARSE(&plan, &status, "--", "--no-option"), 1);
	assert_int_equal(PARSE(&plan, &status, "-", "-f"), 0);
}

static void mistakes_are_125_and_change_nothing(void **state)
{
	static const char *const rows[][4] = {
		{"--time", "5s"},
		{"--timeou", "5s"},
		{"-x"},
		{"--timeout"},
		{"-t"},
		{"--timeout=5x"},
		{"-t", ""},
		{"--flag=1"},
		{"-n", "0"},
		{"-n", "11"},
		{"--orphans", "kill"},
		{"-s", "NOPE"},
		{"-c", "bad"},
		{"--max-size", "1Q"},
		{"--=5"},
	};
	struct plan plan = {0};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		int status = 0;

		assert_int_equal(parse(&plan, &status, rows[i]), -1);
		assert_int_equal(status, 125);
	}
	assert_int_equal(plan.duration, 0);
	assert_int_equal(plan.count, 0);
}

static void one_slip_of_the_finger_is_recognised(void **state)
{
	static const struct {
		const char *typed, *meant;
	} rows[] = {
		{"timout", "timeout"},
		{"tiemout", "timeout"},
		{"timeoutt", "timeout"},
		{"timeouz", "timeout"},
		{"max-atempts", "max-attempts"},
		{"maxsize", "max-size"},
		{"sgnal", "signal"},
		{"help-me-now", NULL},
		{"xyz", NULL},
		{"", NULL},
		{"a-name-that-is-longer-than-any-name-here", NULL},
	};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		const char *near = opt_nearest(&program, rows[i].typed, strlen(rows[i].typed));

		if (rows[i].meant)
			assert_string_equal(near, rows[i].meant);
		else
			assert_null(near);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_reaches_its_target),
		cmocka_unit_test(options_end_at_the_first_operand_and_at_two_dashes),
		cmocka_unit_test(mistakes_are_125_and_change_nothing),
		cmocka_unit_test(one_slip_of_the_finger_is_recognised),
	};

	say_program("pk-test");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
