/* Placeholders and MAKEFLAGS: any text gives words of the right number and length, or a refusal. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "jobserver.h"
#include "template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_makeflags(const char *text)
{
	struct jobserver_auth auth;

	jobserver_parse(text, &auth);
	if (auth.kind == JOBSERVER_PIPE)
		assert(auth.in >= 0 && auth.out >= 0);
	if (auth.kind == JOBSERVER_FIFO)
		assert(auth.path >= text && auth.path_len > 0 &&
		       auth.path + auth.path_len <= text + strlen(text));
}

/* One word and one item: the item's text may hold placeholders, which stay. */
static void look_at_word(char *word, char *item, bool items)
{
	char *words[] = {(char[]){"c"}, word, NULL};
	struct template template;
	struct template_argv argv = {.pointers = {.cap = 1024}, .text = {.cap = 65536}};
	const struct template_job job = {
		.seq = 7, .slot = 2, .items = item, .len = strlen(item) + 1, .count = 1};
	int err;

	template_read(&template, words, items);
	err = template_fill(&template, &job, &argv);
	assert(err == 0 || err == -7 /* E2BIG */);
	if (err == 0) {
		char **made = template_argv(&argv);
		const bool appended = items && !template.has_item;

		assert(strcmp(made[0], "c") == 0 && made[1] && !made[2] == !appended);
		assert(!appended || (strcmp(made[2], item) == 0 && !made[3]));
		if (!strchr(word, '{'))
			assert(strcmp(made[1], word) == 0);
		if (strcmp(word, "{}") == 0)
			assert(strcmp(made[1], items ? item : word) == 0);
	}
	buf_drop(&argv.pointers);
	buf_drop(&argv.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[512], *item;

	if (size >= sizeof(text) - 1)
		return 0;
	memcpy(text, data, size);
	text[size] = text[size + 1] = '\0';
	look_at_makeflags(text);
	item = text + strlen(text) + 1;
	if (item > text + size)
		item = text + size;
	look_at_word(text, item, true);
	look_at_word(text, item, false);
	return 0;
}
