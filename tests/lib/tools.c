/* The tools as the conformance suite sees them, and how it goes over them. */
#include "tests/lib/tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct tool tools[] = {
	{
		.name = "pk-spawn",
		.args = {"--", "printf", "a\\nb\\n"},
		.output = "a\nb\n",
		.waiting = {"--", "sh", "-c", "echo ready; exec sleep 20"},
		.copying = {"--", "cat"},
		.hostile = {"--", "./" HOSTILE},
		.hostile_status = 127,
		.slots = 24,
	},
	{
		.name = "pk-spawn",
		.args = {"-m", "1M", "-I", "20s", "--", "printf", "a\\nb\\n"},
		.output = "a\nb\n",
		.waiting = {"-I", "20s", "--", "sh", "-c", "echo ready; exec sleep 20"},
		.hostile = {"--spill", "/nonexistent/" HOSTILE, "--", "true"},
		.hostile_status = 125,
		.slots = 24,
	},
	{
		.name = "pk-spawn",
		.args = {"-j1", "-o", "line", "--", "printf", "%s\\n", ":::", "a", "b"},
		.output = "a\nb\n",
		.waiting = {"-j1", "-o", "line", "--", "sh", "-c", "echo ready; exec sleep 20",
			    ":::", "x"},
		.hostile = {"-j1", "--", "./" HOSTILE, ":::", "x"},
		.hostile_status = 127,
		.slots = 22,
	},
	{
		.name = "pk-atomic-write",
		.args = {"--sync=none", "FILE"},
		.input = "x",
		.output = "",
		.hostile = {"/nonexistent/" HOSTILE},
		.hostile_status = 125,
		.slots = 24,
	},
	{
		.name = "pk-retry",
		.args = {"-o", "pass", "--", "printf", "a\\nb\\n"},
		.output = "a\nb\n",
		.waiting = {"-o", "pass", "--", "sh", "-c", "echo ready; exec sleep 20"},
		.copying = {"-o", "pass", "--", "cat"},
		.hostile = {"--", "./" HOSTILE},
		.hostile_status = 127,
		.slots = 24,
	},
	{
		.name = "pk-handles",
		.args = {"--", "printf", "a\\nb\\n"},
		.output = "a\nb\n",
		.waiting = {"--", "sh", "-c", "echo ready; exec sleep 20"},
		.copying = {"--", "cat"},
		.hostile = {"--", "./" HOSTILE},
		.hostile_status = 127,
		.slots = 24,
	},
	{
		.name = "pk-jsonl",
		.args = {"filter", "-w", "a"},
		.input = "{\"a\":1}\n{\"b\":1}\n",
		.output = "{\"a\":1}\n",
		.copying = {"filter", "-w", "a"},
		.hostile = {"filter", HOSTILE},
		.hostile_status = 125,
		.slots = 8,
	},
	{
		.name = "pk-watch",
		.args = {"-1", "--every", "10ms", "--", "printf", "a\\nb\\n"},
		.output = "a\nb\n",
		.waiting = {"--no-recursive", ".", "--", "sh", "-c", "echo ready; exec sleep 20"},
		.hostile = {"--no-recursive", "--", "./" HOSTILE},
		.hostile_status = 127,
		.slots = 24,
	},
};

const struct tool *tool(void)
{
	return test_now()->row;
}

const char *const *tool_line(const char *const before[], const char *const args[])
{
	const char **argv = test_keep(calloc(40, sizeof(char *)));
	size_t count = 0;

	for (size_t i = 0; before != NULL && before[i] != NULL; i++)
		argv[count++] = before[i];
	argv[count] = count == 0 ? tool()->name : tool_path(tool()->name);
	count++;
	for (size_t i = 0; i < TOOL_ARGS && args[i] != NULL; i++)
		argv[count++] = strcmp(args[i], "FILE") == 0 ? test_path("file") : args[i];
	return argv;
}

void tool_works(const char *const before[], struct how how)
{
	if (how.input == NULL)
		how.input = tool()->input;
	struct run *r = run(tool_line(before, tool()->args), &how);
	if (before != NULL && r->status == 77)
		skip(); /* the helper says that the kernel refuses */
	assert_status(r, 0);
	assert_string_equal(r->out, tool()->output);
	assert_string_equal(r->err, "");
}

static bool is_built(const char *name)
{
	char path[4096];
	const char *bin = getenv("PK_BIN");

	snprintf(path, sizeof(path), "%s/%s", bin != NULL ? bin : ".", name);
	return access(path, X_OK) == 0;
}

int tools_run(const char *group, const struct condition *conditions, size_t count)
{
	enum { TOOLS = sizeof(tools) / sizeof(tools[0]) };
	struct CMUnitTest *tests = calloc(TOOLS * count, sizeof(*tests));
	char(*titles)[100] = calloc(TOOLS * count, sizeof(*titles));
	size_t made = 0;

	if (tests == NULL || titles == NULL)
		return 1;
	for (size_t t = 0; t < TOOLS; t++)
		for (size_t c = 0; is_built(tools[t].name) && c < count; c++) {
			snprintf(titles[made], sizeof(titles[made]), "%s: %s", tools[t].name,
				 conditions[c].title);
			tests[made] = (struct CMUnitTest)tidy_row(titles[made], conditions[c].run,
								  &tools[t]);
			made++;
		}
	if (made == 0)
		print_error("no tool in PK_BIN\n");
	int failed = made == 0 ? 1 : _cmocka_run_group_tests(group, tests, made, NULL, NULL);
	free(tests);
	free(titles);
	return failed;
}
