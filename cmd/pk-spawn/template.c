/* Placeholders: found, measured, filled in. */
#include "template.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum part { PART_TEXT, PART_ITEM, PART_SEQ, PART_SLOT };

#define NUMBER_MAX 24

/*
 * The next part of a word: a placeholder, or the text up to one. Moves *at behind it and returns what it
 * is, with its length in *ret_len.
 */
static enum part next_part(const struct template *template, const char **at, size_t *ret_len)
{
	const char *text = *at;

	for (size_t len = 0;; len++) {
		enum part part = PART_TEXT;
		size_t size = 3;

		if (text[len] == '{' && text[len + 1] == '}' && template->items) {
			part = PART_ITEM;
			size = 2;
		} else if (text[len] == '{' && text[len + 1] != '\0' && text[len + 2] == '}') {
			part = text[len + 1] == '#'   ? PART_SEQ
			       : text[len + 1] == '%' ? PART_SLOT
						      : PART_TEXT;
		}
		if (part == PART_TEXT && text[len] != '\0')
			continue;
		if (len > 0 || part == PART_TEXT) {
			part = PART_TEXT;
			size = len;
		}
		*at = text + size;
		*ret_len = size;
		return part;
	}
}

/* Is the word nothing but {}? */
static bool is_item(const struct template *template, const char *word)
{
	return template->items && strcmp(word, "{}") == 0;
}

static bool has_placeholder(const struct template *template, const char *word)
{
	const char *at = word;
	size_t len;

	return next_part(template, &at, &len) != PART_TEXT || *at != '\0';
}

static void note_word(struct template *template, const char *word)
{
	const bool whole = is_item(template, word);

	for (const char *at = word; *at != '\0';) {
		size_t len;

		switch (next_part(template, &at, &len)) {
		case PART_TEXT:
			break;
		case PART_ITEM:
			template->has_item = true;
			template->inside |= !whole;
			break;
		case PART_SEQ:
		case PART_SLOT:
			template->has_other = true;
			break;
		}
	}
}

void template_read(struct template *template, char *const *words, bool items)
{
	*template = (struct template){.words = words, .items = items};
	for (; words[template->count]; template->count++)
		note_word(template, words[template->count]);
}

bool template_is_fixed(const struct template *template)
{
	return !has_placeholder(template, template->words[0]);
}

/* What a part stands for. number has room for one. */
static const char *value_of(const struct template_job *job, enum part part, const char *text,
			    size_t *len, char number[static NUMBER_MAX])
{
	switch (part) {
	case PART_TEXT:
		return text;
	case PART_ITEM:
		*len = strlen(job->items);
		return job->items;
	case PART_SEQ:
	case PART_SLOT:
		break;
	}
	*len = (size_t)snprintf(number, NUMBER_MAX, "%lld",
				(long long)(part == PART_SEQ ? job->seq : job->slot));
	return number;
}

static int too_big(int err)
{
	return err == -EFBIG ? -E2BIG : err;
}

static int add_pointer(struct template_argv *argv, char *word)
{
	return too_big(buf_add(&argv->pointers, &word, sizeof(word)));
}

/* A word with placeholders; its place in the text is filled in later, since the text may still move. */
static int add_filled(const struct template *template, const struct template_job *job,
		      struct template_argv *argv, const char *word)
{
	int err = 0;

	for (const char *at = word; err >= 0 && *at != '\0';) {
		const char *text = at;
		char number[NUMBER_MAX];
		size_t len;
		enum part part = next_part(template, &at, &len);
		const char *value = value_of(job, part, text, &len, number);

		err = buf_add(&argv->text, value, len);
	}
	if (err >= 0)
		err = buf_add(&argv->text, "", 1);
	return err < 0 ? too_big(err) : add_pointer(argv, NULL);
}

static int add_items(const struct template_job *job, struct template_argv *argv)
{
	int err = 0;

	for (char *item = job->items; err >= 0 && item < job->items + job->len;
	     item += strlen(item) + 1)
		err = add_pointer(argv, item);
	return err;
}

/* The places that add_filled left open, in order. count is that of argv's words. */
static void point(struct template_argv *argv, size_t count)
{
	char **words = template_argv(argv), *text = argv->text.bytes;

	for (size_t i = 0; i < count; i++) {
		if (words[i])
			continue;
		words[i] = text;
		text += strlen(text) + 1;
	}
}

char **template_argv(const struct template_argv *argv)
{
	return (char **)(void *)argv->pointers.bytes;
}

int template_fill(const struct template *template, const struct template_job *job,
		  struct template_argv *argv)
{
	size_t count;
	int err = 0;

	argv->pointers.len = argv->text.len = 0;
	for (size_t i = 0; err >= 0 && i < template->count; i++) {
		char *word = template->words[i];

		if (is_item(template, word))
			err = add_items(job, argv);
		else if (has_placeholder(template, word))
			err = add_filled(template, job, argv, word);
		else
			err = add_pointer(argv, word);
	}
	if (err >= 0 && template->items && !template->has_item)
		err = add_items(job, argv);
	count = argv->pointers.len / sizeof(char *);
	if (err >= 0)
		err = add_pointer(argv, NULL);
	if (err < 0)
		return err;
	point(argv, count);
	return 0;
}
