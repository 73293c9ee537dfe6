/* One line for each job. */
#include "results.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/errname.h"
#include "common/fd.h"
#include "common/json.h"

#define LINE_LEAST ((size_t)64 * 1024)
/* JSON takes up to 6 bytes for one, and a text at most a quarter of the line (json.h). */
#define LINE_PER_BYTE 24

int results_open(struct results *results, const char *path, size_t capture)
{
	*results = (struct results){
		.fd = -1, .capture = capture, .size = LINE_LEAST + LINE_PER_BYTE * capture};
	if (!path)
		return 0;
	results->line = malloc(results->size);
	results->content = malloc(PRINT_STREAMS * capture + 1);
	if (!results->line || !results->content)
		return -ENOMEM;
	results->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	return results->fd < 0 ? -errno : 0;
}

void results_drop(struct results *results)
{
	fd_drop(&results->fd);
	free(results->line);
	free(results->content);
	*results = RESULTS_OFF;
}

static struct record_stream read_stream(const struct output *output, int slot, int stream,
					off_t len, size_t capture, char *room)
{
	struct record_stream content = {.bytes = len};
	const size_t half = capture / 2;

	if (capture == 0)
		return content;
	content.head = room;
	if ((size_t)len <= capture) {
		content.head_len = output_peek(output, slot, stream, 0, room, (size_t)len);
		return content;
	}
	content.head_len = output_peek(output, slot, stream, 0, room, half);
	content.tail = room + half;
	content.tail_len = output_peek(output, slot, stream, len - (off_t)half, room + half, half);
	return content;
}

void results_streams(const struct output *output, int slot, const struct output_sizes *sizes,
		     size_t capture, char *room, struct tell_streams *ret)
{
	*ret = (struct tell_streams){.keys = {"stdout", "stderr"}};
	if (output->mode == OUTPUT_RAW || output->mode == OUTPUT_LINE)
		return;
	ret->count = output->streams;
	if (ret->count == 1)
		ret->keys[0] = "output";
	for (int s = 0; s < ret->count; s++)
		ret->streams[s] = read_stream(output, slot, s, sizes->len[s], capture,
					      room + (size_t)s * capture);
}

static void put_items(struct json *json, const struct results_job *job)
{
	if (job->is_input) {
		json_int(json, "item_bytes", job->input_bytes);
		return;
	}
	if (job->count == 1) {
		record_item(json, "item", job->items, job->len - 1);
		return;
	}
	json_open(json, "items");
	for (const char *item = job->items; item < job->items + job->len; item += strlen(item) + 1)
		json_item_text(json, item);
	json_close(json);
}

static void put_output(struct results *results, struct json *json, const struct output *output,
		       const struct results_job *job)
{
	struct tell_streams streams;

	results_streams(output, job->slot, job->sizes, results->capture, results->content,
			&streams);
	for (int s = 0; s < streams.count; s++)
		record_stream(json, streams.keys[s], &streams.streams[s]);
}

void results_add(struct results *results, const struct output *output,
		 const struct results_job *job)
{
	struct json json;
	size_t len;
	int err;

	if (results->fd < 0 || results->err < 0)
		return;
	json_begin(&json, results->line, results->size);
	json_int(&json, "seq", job->seq);
	put_items(&json, job);
	if (job->slot >= 0)
		json_int(&json, "slot", job->slot + 1);
	if (job->error) {
		json_text(&json, "error", errname(-job->error));
	} else if (!job->result) {
		json_bool(&json, "not_run", true);
	} else {
		record_result(&json, job->result);
		put_output(results, &json, output, job);
	}
	len = json_end(&json);
	err = fd_write_full(results->fd, results->line, len);
	if (err < 0)
		results->err = err;
}
