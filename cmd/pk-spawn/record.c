/* JSON members about a command. */
#include "record.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/signame.h"
#include "common/utf8.h"

#define HEX_MOST 4096
#define KEY_MAX 32

static int64_t timeval_ns(struct timeval time)
{
	return (int64_t)time.tv_sec * NS_PER_S + (int64_t)time.tv_usec * 1000;
}

void record_result(struct json *json, const struct owner_result *result)
{
	char name[SIGNAME_MAX];

	if (result->ending.signal)
		json_text(json, "signal", signame(result->ending.signal, name));
	else
		json_int(json, "exit_code", result->ending.code);
	json_text(json, "cause", owner_cause_name(result->cause));
	json_ms(json, "elapsed_ms", result->elapsed_ns);
	json_ms(json, "user_ms", timeval_ns(result->usage.ru_utime));
	json_ms(json, "sys_ms", timeval_ns(result->usage.ru_stime));
	json_int(json, "maxrss_bytes", (int64_t)result->usage.ru_maxrss * 1024);
	json_bool(json, "timed_out", result->timed_out);
	json_bool(json, "killed", result->killed);
	json_int(json, "orphans", result->orphans);
}

static bool is_utf8(const char *bytes, size_t len)
{
	size_t at = 0, n = 1;

	while (at < len && n > 0) {
		n = utf8_len(bytes + at, len - at);
		at += n;
	}
	return n > 0;
}

void record_item(struct json *json, const char *key, const char *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char hex[2 * HEX_MOST], name[KEY_MAX];
	const size_t most = len < HEX_MOST ? len : HEX_MOST;

	json_bytes(json, key, bytes, len);
	if (is_utf8(bytes, len))
		return;
	for (size_t i = 0; i < most; i++) {
		hex[2 * i] = digits[(unsigned char)bytes[i] >> 4];
		hex[2 * i + 1] = digits[(unsigned char)bytes[i] & 15];
	}
	(void)snprintf(name, sizeof(name), "%s_hex", key);
	json_bytes(json, name, hex, 2 * most);
}

/* How many bytes at the end are the beginning of a sequence that was cut. */
static size_t torn_end(const char *bytes, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		const unsigned char c = (unsigned char)bytes[len - back];
		const size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

		if ((c & 0xc0) != 0x80)
			return need > back ? back : 0;
	}
	return 0;
}

/* How many bytes at the beginning are the end of one. */
static size_t torn_start(const char *bytes, size_t len)
{
	size_t n = 0;

	while (n < 3 && n < len && ((unsigned char)bytes[n] & 0xc0) == 0x80)
		n++;
	return n;
}

static void put_part(struct json *json, const char *key, const char *part, const char *bytes,
		     size_t len)
{
	char name[KEY_MAX];

	(void)snprintf(name, sizeof(name), "%s_%s", key, part);
	json_bytes(json, name, bytes, len);
}

void record_stream(struct json *json, const char *key, const struct record_stream *stream)
{
	char name[KEY_MAX];
	size_t torn;

	if (stream->bytes < 0)
		return;
	(void)snprintf(name, sizeof(name), "%s_bytes", key);
	json_int(json, name, stream->bytes);
	if (!stream->head)
		return;
	if (!stream->tail) {
		json_bytes(json, key, stream->head, stream->head_len);
		return;
	}
	put_part(json, key, "head", stream->head,
		 stream->head_len - torn_end(stream->head, stream->head_len));
	torn = torn_start(stream->tail, stream->tail_len);
	put_part(json, key, "tail", stream->tail + torn, stream->tail_len - torn);
}
