#ifndef PK_SPAWN_TEMPLATE_H
#define PK_SPAWN_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

/*
 * The command of a pool with its placeholders, made into the argv of a job: pure text, no shell.
 *
 *	{}	the item; as a whole word with several items, one word for each
 *	{#}	the number of the job, from 1
 *	{%}	the number of its slot, from 1
 *
 * Anywhere in a word, any number of times. A command without {} gets the items appended. Text of an
 * item is never looked at again, so an item `{#}` stays what it is.
 */
struct template
{
	char *const *words; /* NULL-terminated, the caller's */
	size_t count;
	bool has_item;	/* {} occurs */
	bool inside;	/* {} occurs as a part of a word */
	bool has_other; /* {#} or {%} occurs */
	bool items;	/* false: {} means itself and nothing is appended */
};

/* Look at the command. words must outlive the template. */
void template_read(struct template *template, char *const *words, bool items);

/* Is the command's first word the same for all jobs? */
bool template_is_fixed(const struct template *template);

/* What a job fills in. */
struct template_job {
	int64_t seq;
	int slot;
	char *items; /* count texts, each ended by a NUL, one behind the other */
	size_t len;  /* of all, NULs included */
	size_t count;
};

/* An argv and the text that it points to; reused from job to job. {.cap} of both is set by the caller. */
struct template_argv {
	struct buf pointers; /* of char *, NULL-terminated: the argv */
	struct buf text;
};

/*
 * Make the argv. It points into the words, the items and argv->text, so it is valid as long as those.
 * Returns 0, -ENOMEM, or -E2BIG beyond a cap: no kernel would take it.
 */
must_check int template_fill(const struct template *template, const struct template_job *job,
			     struct template_argv *argv);

/* The argv of the last template_fill. */
char **template_argv(const struct template_argv *argv);

#endif
