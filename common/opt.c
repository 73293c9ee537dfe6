/* The option table: parsing, values, help and suggestions from one source. */
#include "common/opt.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/num.h"
#include "common/say.h"
#include "common/signame.h"
#include "common/status.h"

#define OPTIONS_MAX 64
#define NAME_MAX_LEN 32
#define HELP_COLUMN 28
#define HELP_WIDTH 79

/* Edit distance with swaps of neighbours (optimal string alignment). */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t d[NAME_MAX_LEN + 1][NAME_MAX_LEN + 1];

	for (size_t i = 0; i <= a_len; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= b_len; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	}
	return d[a_len][b_len];
}

const char *opt_nearest(const struct opt_program *program, const char *name, size_t len)
{
	const char *nearest = NULL;
	size_t best = len < 4 ? 2 : 3; /* short names are near to everything */

	if (len > NAME_MAX_LEN)
		return NULL;
	for (size_t i = 0; i < program->count; i++) {
		const char *candidate = program->options[i].name;
		size_t d;

		if (!candidate)
			continue;
		d = distance(name, len, candidate, strlen(candidate));
		if (d == best)
			nearest = NULL;
		if (d < best) {
			best = d;
			nearest = candidate;
		}
	}
	return nearest;
}

static const struct opt *find(const struct opt_program *program, const char *name, size_t len)
{
	for (size_t i = 0; i < program->count; i++) {
		const char *candidate = program->options[i].name;

		if (candidate && strlen(candidate) == len && memcmp(candidate, name, len) == 0)
			return &program->options[i];
	}
	return NULL;
}

/* getopt_long accepts unique beginnings of names; look before it does. */
static bool is_known(const struct opt_program *program, const char *arg)
{
	const char *name = arg + 2, *nearest;
	size_t len;

	if (strncmp(arg, "--", 2) != 0 || arg[2] == '\0')
		return true;
	len = strcspn(name, "=");
	if (find(program, name, len))
		return true;
	nearest = opt_nearest(program, name, len);
	if (nearest)
		say_usage("unknown option '--%.*s'; did you mean '--%s'?", (int)len, name, nearest);
	else
		say_usage("unknown option '--%.*s'", (int)len, name);
	return false;
}

/* clang-format off */
static void *at(void *plan, const struct opt *opt) { return (char *)plan + opt->at; }
/* clang-format on */

static const char *set_choice(const struct opt *opt, int *target, const char *value)
{
	static char expected[128]; /* the message is printed before anything else runs */
	size_t len = 0;

	for (int i = 0; opt->choices[i]; i++) {
		if (strcmp(value, opt->choices[i]) == 0) {
			*target = i;
			return NULL;
		}
		len += (size_t)snprintf(expected + len, sizeof(expected) - len, "%s%s",
					i == 0		      ? ""
					: opt->choices[i + 1] ? ", "
							      : " or ",
					opt->choices[i]);
	}
	return expected;
}

static const char *set_count(const struct opt *opt, int64_t *target, const char *value)
{
	static char expected[64];

	if (num_parse(value, opt->least, opt->most, target) == 0)
		return NULL;
	(void)snprintf(expected, sizeof(expected), "a whole number from %lld to %lld",
		       (long long)opt->least, (long long)opt->most);
	return expected;
}

/* Store value; NULL, or what was expected. */
static const char *set(const struct opt *opt, void *plan, const char *value)
{
	switch (opt->kind) {
	case OPT_FLAG:
		*(bool *)at(plan, opt) = true;
		return NULL;
	case OPT_VALUE:
		*(int *)at(plan, opt) = (int)opt->most;
		return NULL;
	case OPT_DURATION:
		return ns_parse(value, at(plan, opt)) < 0 ? NS_FORMS : NULL;
	case OPT_SIZE:
		return num_parse_size(value, at(plan, opt)) < 0 ? NUM_SIZE_FORMS : NULL;
	case OPT_COUNT:
		return set_count(opt, at(plan, opt), value);
	case OPT_SIGNAL:
		return signame_parse(value, at(plan, opt)) < 0 ? "a signal such as TERM, INT or 15"
							       : NULL;
	case OPT_CHOICE:
		return set_choice(opt, at(plan, opt), value);
	case OPT_TEXT:
		*(const char **)at(plan, opt) = value;
		return NULL;
	case OPT_CALL:
		return opt->set(plan, value);
	case OPT_GROUP:
	case OPT_HELP:
	case OPT_VERSION:
		break;
	}
	return NULL;
}

/* Print text wrapped at HELP_WIDTH, continuation lines at HELP_COLUMN. */
static void print_wrapped(FILE *out, const char *text)
{
	size_t column = HELP_COLUMN;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column > HELP_COLUMN && column + 1 + word > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		column += (size_t)fprintf(out, "%s%.*s", column > HELP_COLUMN ? " " : "", (int)word,
					  text);
		text += word;
		text += strspn(text, " ");
	}
	fprintf(out, "\n");
}

static void print_option(FILE *out, const struct opt *opt)
{
	char head[80];
	int len;

	if (opt->kind == OPT_GROUP) {
		fprintf(out, "\n%s:\n", opt->help);
		return;
	}
	len = opt->letter ? snprintf(head, sizeof(head), "  -%c, --%s", opt->letter, opt->name)
			  : snprintf(head, sizeof(head), "      --%s", opt->name);
	if (opt->arg)
		len += snprintf(head + len, sizeof(head) - (size_t)len,
				opt->arg[0] == '[' ? "[=%s" : " %s",
				opt->arg + (opt->arg[0] == '['));
	fprintf(out, "%s", head);
	if (len > HELP_COLUMN - 2)
		fprintf(out, "\n%*s", HELP_COLUMN, "");
	else
		fprintf(out, "%*s", HELP_COLUMN - len, "");
	print_wrapped(out, opt->help);
}

static void print_help(FILE *out, const struct opt_program *program)
{
	fprintf(out, "Usage: %s%s", program->usage, program->purpose);
	for (size_t i = 0; i < program->count; i++)
		print_option(out, &program->options[i]);
	fprintf(out, "\n%s\nManual: man %s\n", program->tail, program->name);
}

static void print_version(FILE *out, const struct opt_program *program)
{
	fprintf(out,
		"%s (pk) %s\n"
		"MIT licence. There is no warranty, to the extent permitted by law.\n",
		program->name, PK_VERSION);
}

/*
 * Print through memory: stdio loses what a stdout that does not block cannot take at once. Returns the
 * status; a text that could not be written is told.
 */
static int print(const struct opt_program *program,
		 void (*print_text)(FILE *out, const struct opt_program *program))
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err = -ENOMEM;

	if (out) {
		print_text(out, program);
		err = fclose(out) == 0 ? fd_write_full(STDOUT_FILENO, text, len) : -ENOMEM;
	}
	free(text);
	if (err < 0)
		say_errno(err, "cannot write to stdout");
	return err < 0 ? STATUS_OWN : STATUS_OK;
}

/* The tables for getopt_long: `val` of an option is its index, so letters map to rows too. */
struct tables {
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 3];
};

static void fill(struct tables *tables, const struct opt_program *program)
{
	size_t longs = 0, shorts = 2;

	assert(program->count <= OPTIONS_MAX);
	*tables = (struct tables){.shorts = "+:"};
	for (size_t i = 0; i < program->count; i++) {
		const struct opt *opt = &program->options[i];
		int takes = !opt->arg		 ? no_argument
			    : opt->arg[0] == '[' ? optional_argument
						 : required_argument;

		if (opt->kind == OPT_GROUP)
			continue;
		tables->longs[longs++] = (struct option){opt->name, takes, NULL, (int)i + 256};
		if (opt->letter) {
			tables->shorts[shorts++] = opt->letter;
			if (takes == required_argument)
				tables->shorts[shorts++] = ':';
		}
	}
}

static const struct opt *by_code(const struct opt_program *program, int code)
{
	if (code >= 256)
		return &program->options[code - 256];
	for (size_t i = 0; i < program->count; i++)
		if (program->options[i].letter && program->options[i].letter == code)
			return &program->options[i];
	return NULL;
}

/* What getopt_long refused: an unknown letter, or an argument that is missing or too much. */
static void say_refused(const struct opt_program *program, int code)
{
	const struct opt *opt = by_code(program, optopt);

	if (!opt || opt->kind == OPT_GROUP)
		say_usage("unknown option '-%c'", optopt);
	else if (code == ':')
		say_usage("option '--%s' needs an argument: %s", opt->name, opt->arg);
	else
		say_usage("option '--%s' takes no argument", opt->name);
}

/* Carry out one option. Returns 1 to go on, or 0 with *ret_status set. */
static int take(const struct opt_program *program, const struct opt *opt, void *plan,
		int *ret_status)
{
	const char *expected;

	if (opt->kind == OPT_HELP || opt->kind == OPT_VERSION) {
		*ret_status = print(program, opt->kind == OPT_HELP ? print_help : print_version);
		return 0;
	}
	expected = set(opt, plan, optarg);
	if (!expected)
		return 1;
	say_usage("invalid argument '%s' for '--%s': expected %s", optarg ? optarg : "", opt->name,
		  expected);
	return 0;
}

int opt_parse(const struct opt_program *program, int argc, char **argv, void *plan, int *ret_status)
{
	struct tables tables;

	fill(&tables, program);
	*ret_status = STATUS_OWN;
	opterr = 0;
	for (;;) {
		int code;

		if (optind < argc && !is_known(program, argv[optind]))
			return -1;
		code = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
		if (code == -1)
			return optind;
		if (code == '?' || code == ':') {
			say_refused(program, code);
			return -1;
		}
		if (!take(program, by_code(program, code), plan, ret_status))
			return -1;
	}
}
