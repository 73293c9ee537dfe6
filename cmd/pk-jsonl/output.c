/* Bytes on their way to stdout. */
#include "output.h"

#include <stdio.h>
#include <string.h>

#include "common/fd.h"

void output_begin(struct output *output, int fd)
{
	output->fd = fd;
	output->error = 0;
	output->len = 0;
}

int output_flush(struct output *output)
{
	if (output->error == 0 && output->len > 0)
		output->error = fd_write_full(output->fd, output->bytes, output->len);
	output->len = 0;
	return output->error;
}

/* memcpy, for pieces that are mostly short: a call costs more than their copying. */
static void copy(char *to, const char *from, size_t len)
{
	if (len > 64) {
		memcpy(to, from, len);
		return;
	}
	for (; len >= 8; to += 8, from += 8, len -= 8)
		memcpy(to, from, 8);
	for (; len > 0; len--)
		*to++ = *from++;
}

void output_add(struct output *output, const void *bytes, size_t len)
{
	if (len > OUTPUT_BUFFER - output->len)
		(void)output_flush(output);
	if (len > OUTPUT_BUFFER) {
		if (output->error == 0)
			output->error = fd_write_full(output->fd, bytes, len);
		return;
	}
	copy(output->bytes + output->len, bytes, len);
	output->len += len;
}

void output_char(struct output *output, char c)
{
	output_add(output, &c, 1);
}

void output_text(struct output *output, const char *text)
{
	output_add(output, text, strlen(text));
}

void output_int(struct output *output, int64_t number)
{
	char text[24];

	output_add(output, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)number));
}
