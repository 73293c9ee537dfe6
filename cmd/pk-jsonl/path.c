/* Paths from text. */
#include "path.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/num.h"

/* Where the text is and where the decoded keys go. */
struct reading {
	const char *at;
	char *out;
	struct path *path;
};

/* Of a short key all bytes and the quote before it; of a long one its last. */
static void set_tail(struct path_step *step)
{
	char *tail = (char *)&step->tail, *mask = (char *)&step->tail_mask;
	const size_t size = sizeof(step->tail), n = step->len < size ? step->len : size;

	memcpy(tail + size - n, step->key + step->len - n, n);
	memset(mask + size - n, 0xff, n);
	if (n < size) {
		tail[size - n - 1] = '"';
		mask[size - n - 1] = (char)0xff;
	}
}

static int add_step(struct reading *r, const char *key)
{
	struct path_step *step;

	if (r->path->count == PATH_STEPS)
		return -EINVAL;
	*r->out++ = '\0';
	step = &r->path->steps[r->path->count++];
	*step = (struct path_step){.key = key, .len = (size_t)(r->out - 1 - key), .index = -1};
	set_tail(step);
	if (num_parse(key, 0, INT32_MAX, &step->index) < 0)
		step->index = -1;
	return 0;
}

/* A plain step: up to a dot, a bracket or a stop. */
static int read_name(struct reading *r, const char *stops)
{
	const char *key = r->out;

	while (*r->at != '\0' && !strchr(".[", *r->at) && !strchr(stops, *r->at)) {
		if (*r->at == '\\' && r->at[1] != '\0')
			r->at++;
		*r->out++ = *r->at++;
	}
	return r->out == key ? -EINVAL : add_step(r, key);
}

/* [0] or ["key"]. */
static int read_bracket(struct reading *r)
{
	const char *key = r->out;
	const bool quoted = *++r->at == '"';

	for (r->at += quoted; *r->at != '\0' && *r->at != (quoted ? '"' : ']'); r->at++) {
		if (quoted && *r->at == '\\' && r->at[1] != '\0')
			r->at++;
		*r->out++ = *r->at;
	}
	if (*r->at == '\0' || (quoted && *++r->at != ']') || (!quoted && r->out == key))
		return -EINVAL;
	r->at++;
	if (!quoted && strspn(key, "0123456789") < (size_t)(r->out - key))
		return -EINVAL;
	return add_step(r, key);
}

static int read_steps(struct reading *r, const char *stops)
{
	bool first = true;

	r->at += *r->at == '.';
	for (; *r->at != '\0' && !strchr(stops, *r->at); first = false) {
		int err;

		if (*r->at == '[') {
			err = read_bracket(r);
		} else {
			if (!first && *r->at++ != '.')
				return -EINVAL;
			err = read_name(r, stops);
		}
		if (err < 0)
			return err;
	}
	return first || r->at[-1] == '.' ? -EINVAL : 0;
}

int path_parse(struct path *ret, const char **text, const char *stops)
{
	char *memory = calloc(2, strlen(*text) + 2);
	struct path path = {.text = *text, .memory = memory};
	struct reading r = {.at = *text, .out = memory, .path = &path};
	int err;

	if (!memory)
		return -ENOMEM;
	err = read_steps(&r, stops);
	if (err < 0) {
		free(memory);
		return err;
	}
	path.memory = memory;
	path.text_len = (size_t)(r.at - *text);
	*text = r.at;
	*ret = path;
	return 0;
}

int path_literal(struct path *ret, const char *key)
{
	char *memory = strdup(key);

	if (!memory)
		return -ENOMEM;
	*ret = (struct path){.text = key, .text_len = strlen(key), .memory = memory, .count = 1};
	ret->steps[0] = (struct path_step){.key = memory, .len = strlen(key), .index = -1};
	set_tail(&ret->steps[0]);
	return 0;
}

void path_drop(struct path *path)
{
	free(path->memory);
	*path = (struct path){0};
}
