/* gitignore patterns: a table of known answers, and git itself as the oracle for random ones. */
#include "tests/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules.h"
#include "tests/pk-watch/world.h"
#include "wildmatch.h"

static const struct {
	const char *lines, *path;
	bool is_dir;
	enum rule want;
} table[] = {
	{"*.o", "a.o", false, RULE_MATCH},
	{"*.o", "d/e/a.o", false, RULE_MATCH},
	{"/*.o", "d/a.o", false, RULE_NONE},
	{"build/", "build", false, RULE_NONE},
	{"build/", "src/build", true, RULE_MATCH},
	{"a/b", "a/b", false, RULE_MATCH},
	{"a/b", "x/a/b", false, RULE_NONE},
	{"**/a/b", "x/a/b", false, RULE_MATCH},
	{"a/**/b", "a/b", false, RULE_MATCH},
	{"a/**/b", "a/x/y/b", false, RULE_MATCH},
	{"a/**", "a/x/y", false, RULE_MATCH},
	{"a/**", "a", true, RULE_NONE},
	{"a/*", "a/x/y", false, RULE_NONE},
	{"*.o\n!keep.o", "keep.o", false, RULE_NEGATED},
	{"!keep.o\n*.o", "keep.o", false, RULE_MATCH},
	{"# comment", "# comment", false, RULE_NONE},
	{"\\#x", "#x", false, RULE_MATCH},
	{"\\!x", "!x", false, RULE_MATCH},
	{"x  ", "x", false, RULE_MATCH},
	{"x\\ ", "x ", false, RULE_MATCH},
	{"x\r\n", "x", false, RULE_MATCH},
	{"[a-c]x", "bx", false, RULE_MATCH},
	{"[!a-c]x", "bx", false, RULE_NONE},
	{"[]x]", "]", false, RULE_MATCH},
	{"[[:digit:]]", "7", false, RULE_MATCH},
	{"[a", "[a", false, RULE_NONE},
	{"a?c", "a/c", false, RULE_NONE},
	{"/", "a", true, RULE_NONE},
	{"\xef\xbb\xbfx", "x", false, RULE_MATCH},
};

static void known_patterns_give_known_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_len(table); i++) {
		struct rules *rules;

		assert_int_equal(rules_parse(table[i].lines, strlen(table[i].lines), &rules), 0);
		if (rules_ask(rules, table[i].path, table[i].is_dir) != table[i].want)
			fail_msg("'%s' on '%s'", table[i].lines, table[i].path);
		rules_drop(&rules);
	}
}

static void hostile_patterns_take_no_time(void **state)
{
	char pattern[400] = "", text[200];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 60; i++)
		(void)strcat(pattern, "a*a*");
	(void)strcat(pattern, "b");
	assert_false(wildmatch(pattern, text, true));
	pattern[0] = '\0';
	for (int i = 0; i < 30; i++)
		(void)strcat(pattern, "**/a*/");
	(void)strcat(pattern, "b");
	for (size_t i = 1; i < sizeof(text) - 1; i += 2)
		text[i] = '/';
	assert_false(wildmatch(pattern, text, true));
}

/* xorshift64: the same patterns in every run. */
static uint64_t seed = 88172645463325252u;

static unsigned draw(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed % below);
}

static void random_text(char *text, size_t most, const char *const parts[], unsigned count)
{
	text[0] = '\0';
	for (unsigned i = 0, n = 1 + draw(6); i < n && strlen(text) + 8 < most; i++)
		(void)strcat(text, parts[draw(count)]);
}

static const char *const pattern_parts[] = {"a",  "b",	   "*",		  "**",	  "?",	  "/",
					    "/",  "**/",   "/**",	  "[ab]", "[!a]", "\\a",
					    "a*", "[a-c]", "[[:alpha:]]", "*.a",  "!",	  "a/b"};
static const char *const path_parts[] = {"a", "b", "c", "/", "/", "a/b", ".a", "ab"};

/* As pk-watch goes down a tree: what is below an ignored directory is ignored. */
static bool is_ignored(const struct rules *rules, const char *path)
{
	char above[128];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(above, path, (size_t)(slash - path));
		above[slash - path] = '\0';
		if (rules_ask(rules, above, true) == RULE_MATCH)
			return true;
	}
	return rules_ask(rules, path, false) == RULE_MATCH;
}

/* A relative path without empty components. */
static void random_path(char *path, size_t size)
{
	char text[64], *to = path;

	do
		random_text(text, sizeof(text), path_parts, array_len(path_parts));
	while (text[strspn(text, "/")] == '\0');
	for (const char *at = text + strspn(text, "/"); *at && (size_t)(to - path) + 1 < size; at++)
		if (*at != '/' || (at[1] != '/' && at[1] != '\0'))
			*to++ = *at;
	*to = '\0';
}

static void git_agrees_on_random_patterns(void **state)
{
	enum { SETS = 60, PATHS = 40 };
	const char *const list = test_text("%s/w/.gitignore", test_now()->dir),
			  *repo = test_text("%s/w", test_now()->dir);

	(void)state;
	world("git init -q w");
	for (int set = 0; set < SETS; set++) {
		char lines[256] = "", input[PATHS * 64] = "", paths[PATHS][64];
		struct rules *rules;
		struct run *git;
		FILE *file;

		for (int i = 0, n = 1 + (int)draw(3); i < n; i++) {
			random_text(lines + strlen(lines), 60, pattern_parts,
				    array_len(pattern_parts));
			(void)strcat(lines, draw(4) ? "\n" : "/\n");
		}
		file = fopen(list, "w");
		assert_non_null(file);
		assert_true(fputs(lines, file) >= 0 && fclose(file) == 0);
		for (int i = 0; i < PATHS; i++) {
			random_path(paths[i], sizeof(paths[i]));
			(void)strcat(strcat(input, paths[i]), "\n");
		}
		git = run(ARGV("git", "check-ignore", "--no-index", "--stdin", "-n", "-v"),
			  HOW(.input = input, .cwd = repo, .env = {"GIT_CONFIG_GLOBAL=/dev/null"}));
		assert_int_equal(rules_parse(lines, strlen(lines), &rules), 0);
		for (const char *line = git->out, *end; *line; line = end + 1) {
			const char *tab = strchr(line, '\t'), *colon = strchr(line, ':');
			char path[64];
			bool want;

			end = strchr(line, '\n');
			assert_non_null(end);
			(void)snprintf(path, sizeof(path), "%.*s", (int)(end - tab - 1), tab + 1);
			/* source:line:pattern TAB path; a negated pattern is not ignored. */
			want = colon != line;
			if (want)
				want = strchr(colon + 1, ':')[1] != '!';
			if (is_ignored(rules, path) != want)
				fail_msg("git says %d of '%s' under:\n%s", want, path, lines);
		}
		rules_drop(&rules);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_patterns_give_known_answers),
		cmocka_unit_test(hostile_patterns_take_no_time),
		tidy_test(git_agrees_on_random_patterns),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
