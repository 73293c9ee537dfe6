/* Batches of records on their way into the file. */
#include "appender.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/num.h"
#include "common/utf8.h"
#include "show.h"

#define BATCH_MOST ((size_t)1024 * 1024) /* written at once, unless one record is longer */
/* TERM, INT and HUP wait until the write is over: a fatal signal can cut it short. */
static void hold_signals(struct appender *a)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, &a->caller);
}

static void give_up_lock(struct appender *a)
{
	logfile_release(&a->log);
	(void)sigprocmask(SIG_SETMASK, &a->caller, NULL);
}

static int fail(struct appender *a, int err)
{
	const struct plan *plan = a->work->plan;
	char limit[NS_TEXT_MAX];

	if (err == -ETIMEDOUT) {
		a->late = true;
		ns_format(limit, plan->wait);
		work_fail(a->work, 0, "cannot lock '%s' within %s", a->log.path, limit);
	} else {
		work_fail(a->work, err, "cannot append to '%s'", a->log.path);
	}
	return STREAM_STOP;
}

static void event_heal(struct appender *a)
{
	struct event event;

	if (!a->log.torn || !event_begin(&event, a->work->events, "heal"))
		return;
	json_int(&event.json, "offset", a->log.size);
	event_send(&event, a->work->events);
}

static int begin(struct appender *a)
{
	const int64_t wait = a->work->plan->wait;
	int err = logfile_take(&a->log, true, ns_add(now_ns(), wait));

	if (err < 0)
		return fail(a, err);
	if (!work_accepts(a->work, a->log.fd, a->log.path)) {
		logfile_release(&a->log);
		return STREAM_STOP;
	}
	hold_signals(a);
	a->batch.len = 1; /* room for a newline in front */
	a->records = 0;
	return 0;
}

static void event_append(struct appender *a, int64_t records, size_t bytes)
{
	struct event event;

	if (!event_begin(&event, a->work->events, "append"))
		return;
	json_int(&event.json, "count", records);
	json_int(&event.json, "bytes", (int64_t)bytes);
	if (records == 1 && a->id >= 0)
		json_text(&event.json, "id", a->stamp.id);
	event_send(&event, a->work->events);
}

static int64_t count_lines(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	int64_t lines = 0;

	for (; (bytes = memchr(bytes, '\n', (size_t)(end - bytes))); bytes++)
		lines++;
	return lines;
}

static void sync_file(struct appender *a)
{
	int err = a->work->plan->sync == SYNC_NONE ? 0 : logfile_sync(&a->log);

	if (err == 0)
		return;
	work_fail(a->work, err, "appended to '%s', but it may not be durable", a->log.path);
	a->unsynced = true;
}

int appender_flush(void *arg)
{
	struct appender *a = arg;
	const size_t len = a->batch.len - 1;
	size_t written;
	int64_t records = a->records;
	int err;

	if (!a->log.held && a->records == 0)
		return 0;
	event_heal(a);
	err = records > 0 ? logfile_append(&a->log, a->batch.bytes + 1, len, &written) : 0;
	give_up_lock(a);
	a->records = 0;
	if (err < 0)
		records = count_lines(a->batch.bytes + 1, written);
	a->written += records;
	if (err < 0) {
		(void)fail(a, err);
		return STREAM_STOP;
	}
	if (records > 0)
		event_append(a, records, len);
	sync_file(a);
	return output_flush(&a->work->output) < 0 || a->unsynced ? STREAM_STOP : 0;
}

static int rotate(struct appender *a)
{
	char name[4096];
	struct event event;
	int err = appender_flush(a);

	if (err == 0)
		err = begin(a);
	if (err != 0)
		return err;
	/* Somebody else may have done it while the lock was free. */
	if (a->log.regular && a->log.size > 0) {
		err = logfile_rotate(&a->log, a->work->plan->keep);
		if (err < 0) {
			give_up_lock(a);
			return fail(a, err);
		}
		(void)sigprocmask(SIG_SETMASK, &a->caller, NULL);
		if (logfile_name(name, a->log.path, 1) == 0 &&
		    event_begin(&event, a->work->events, "rotate")) {
			json_text(&event.json, "from", a->log.path);
			json_text(&event.json, "to", name);
			event_send(&event, a->work->events);
		}
		return begin(a);
	}
	return 0;
}

static uint64_t noise(struct appender *a)
{
	if (a->noise_left == 0) {
		/* Without randomness ids differ by time only. */
		if (num_random(a->noise, sizeof(a->noise)) < 0)
			memset(a->noise, 0, sizeof(a->noise));
		a->noise_left = APPENDER_NOISE;
	}
	return a->noise[--a->noise_left];
}

static void put(struct appender *a, const char *bytes, size_t len)
{
	memcpy(a->batch.bytes + a->batch.len, bytes, len);
	a->batch.len += len;
}

/* "key":" with the escapes of JSON, for put_stamp. */
static int quote_key(struct buf *out, const char *key)
{
	int err = appender_add_string(out, key);

	return err < 0 ? err : buf_add(out, ":\"", 3);
}

static void put_stamp(struct appender *a, const struct buf *key, const char *value, char *separator)
{
	put(a, separator, 1);
	put(a, key->bytes, key->len - 1);
	put(a, value, strlen(value));
	put(a, "\"", 1);
	*separator = ',';
}

/* The record with its stamp in front of its own members; members that are there stay. */
static void put_stamped(struct appender *a, const struct record *record)
{
	const struct value *values = a->work->plan->fields.values;
	const char *line = record->line, *end = line + record->len;
	char separator = '{';
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	stamp_next(&a->stamp, now, noise(a));
	if (values[a->ts].token == JSONREAD_END)
		put_stamp(a, &a->ts_key, a->stamp.ts, &separator);
	if (values[a->id].token == JSONREAD_END)
		put_stamp(a, &a->id_key, a->stamp.id, &separator);
	if (separator == ',') {
		line = (const char *)memchr(line, '{', record->len) + 1;
		while (line < end && (*line == ' ' || *line == '\t' || *line == '\r'))
			line++;
		if (*line != '}')
			put(a, &separator, 1);
	}
	put(a, line, (size_t)(end - line));
}

static void print_id(struct appender *a)
{
	struct output *output = &a->work->output;
	const struct value *own = a->id < 0 ? NULL : &a->work->plan->fields.values[a->id];

	if (!own)
		return;
	if (own->token != JSONREAD_END)
		show_decoded(output, own);
	else
		output_text(output, a->stamp.id);
	output_char(output, '\n');
}

/* Is there room for need bytes more, or must the batch go, or the file? */
static int make_room(struct appender *a, size_t need)
{
	const struct plan *plan = a->work->plan;
	int err = 0;

	if (a->records > 0 && a->batch.len + need > BATCH_MOST)
		err = appender_flush(a);
	if (err == 0 && a->records == 0)
		err = begin(a);
	if (err == 0 && plan->max_size > 0 && a->log.regular &&
	    a->log.size + (int64_t)a->batch.len > 1 &&
	    a->log.size + (int64_t)(a->batch.len - 1 + need) > plan->max_size)
		err = rotate(a);
	if (err == 0 && buf_reserve(&a->batch, need) < 0) {
		give_up_lock(a);
		err = fail(a, -ENOMEM);
	}
	return err;
}

int appender_add(struct appender *a, const struct record *record)
{
	const size_t stamp =
		a->ts < 0 ? 0 : a->ts_key.len + a->id_key.len + STAMP_TS_LEN + STAMP_ID_LEN + 8;
	int err = make_room(a, record->len + 1 + stamp);

	if (err != 0)
		return err;
	if (a->ts >= 0)
		put_stamped(a, record);
	else
		put(a, record->line, record->len);
	put(a, "\n", 1);
	a->records++;
	if (a->work->plan->print_id)
		print_id(a);
	return a->work->plan->sync == SYNC_RECORD ? appender_flush(a) : 0;
}

int appender_add_string(struct buf *out, const char *text)
{
	size_t len = strlen(text);
	int err = buf_add(out, "\"", 1);

	for (size_t i = 0; i < len && err >= 0;) {
		const size_t n = utf8_len(text + i, len - i);
		const unsigned char c = (unsigned char)text[i];
		char code[8];

		if (n == 0)
			err = buf_add(out, "\xef\xbf\xbd", 3);
		else if (c == '"' || c == '\\')
			err = buf_add(out, (const char[]){'\\', text[i]}, 2);
		else if (c < 0x20 || c == 0x7f)
			err = buf_add(out, code,
				      (size_t)snprintf(code, sizeof(code), "\\u%04x", c));
		else
			err = buf_add(out, text + i, n);
		i += n ? n : 1;
	}
	return err < 0 ? err : buf_add(out, "\"", 1);
}

static int add_field(struct fields *fields, const char *key)
{
	struct path path;
	int err = path_literal(&path, key);

	return err < 0 ? err : fields_add(fields, &path);
}

int appender_begin(struct appender *a, struct work *work, const char *path)
{
	struct plan *plan = work->plan;

	*a = (struct appender){.work = work, .log = LOGFILE_NONE, .ts = -1, .id = -1};
	a->batch.cap = a->ts_key.cap = a->id_key.cap = SIZE_MAX / 2;
	a->log.path = path;
	a->log.mode = plan->mode;
	if (buf_add(&a->batch, "\n", 1) < 0)
		return -ENOMEM;
	if (plan->no_stamp)
		return 0;
	a->ts = add_field(&plan->fields, plan->ts_key);
	a->id = add_field(&plan->fields, plan->id_key);
	if (a->ts < 0 || a->id < 0 || quote_key(&a->ts_key, plan->ts_key) < 0 ||
	    quote_key(&a->id_key, plan->id_key) < 0)
		return -ENOMEM;
	return 0;
}

void appender_drop(struct appender *a)
{
	logfile_drop(&a->log);
	buf_drop(&a->batch);
	buf_drop(&a->ts_key);
	buf_drop(&a->id_key);
}
