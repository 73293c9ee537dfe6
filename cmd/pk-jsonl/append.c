/* append: one record from KEY=TEXT and KEY:=JSON, or those on stdin. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appender.h"
#include "common/say.h"
#include "common/status.h"

/* `KEY=TEXT` or `KEY:=JSON`, split at the first `=`. */
struct member {
	size_t key_len;
	const char *value;
	bool json;
};

static bool split(const char *text, struct member *ret)
{
	const char *equals = strchr(text, '=');

	if (!equals)
		return false;
	ret->json = equals > text && equals[-1] == ':';
	ret->key_len = (size_t)(equals - text) - ret->json;
	ret->value = equals + 1;
	return ret->key_len > 0;
}

/* NULL, or what is wrong with the operand. */
static const char *check_member(char **operands, int i)
{
	struct member member, other;
	const char *reason;
	size_t at;

	if (!split(operands[i], &member))
		return "expected KEY=TEXT or KEY:=JSON";
	if (member.json && !jsonread_check(member.value, strlen(member.value), &at, &reason))
		return "what follows ':=' is not JSON; for text say KEY=TEXT";
	if (member.json && strchr(member.value, '\n'))
		return "a record is one line; this has a newline";
	for (int k = 0; k < i; k++)
		if (split(operands[k], &other) && other.key_len == member.key_len &&
		    memcmp(operands[k], operands[i], member.key_len) == 0)
			return "this key was given before";
	return NULL;
}

static int add_member(struct buf *out, char *operand)
{
	struct member member = {0};
	int err;

	if (!split(operand, &member))
		return -EINVAL;
	err = buf_add(out, out->len > 0 ? "," : "{", 1);
	operand[member.key_len] = '\0';
	if (err >= 0)
		err = appender_add_string(out, operand);
	if (err >= 0)
		err = buf_add(out, ":", 1);
	if (err < 0)
		return err;
	return member.json ? buf_add(out, member.value, strlen(member.value))
			   : appender_add_string(out, member.value);
}

static int append_one(struct appender *a, char **operands, int count)
{
	scoped(buf_drop) struct buf line = {.cap = SIZE_MAX / 2};
	struct plan *plan = a->work->plan;
	struct record record = {.number = 1};
	const char *reason;
	size_t at;
	int err = 0;

	for (int i = 0; i < count && err >= 0; i++)
		err = add_member(&line, operands[i]);
	if (err >= 0)
		err = buf_add(&line, "}", 1);
	if (err < 0) {
		work_fail(a->work, err, "cannot make the record");
		return STREAM_STOP;
	}
	record.line = line.bytes;
	record.len = line.len;
	if ((int64_t)line.len > plan->max_line) {
		work_fail(a->work, 0, "the record is longer than --max-line");
		return STREAM_STOP;
	}
	/* The whole is checked too: it may be nested too deeply. */
	if (!fields_read(&plan->fields, line.bytes, line.len, &at, &reason)) {
		work_fail(a->work, 0, "cannot make the record: %s", reason);
		return STREAM_STOP;
	}
	a->work->stream.records++;
	err = appender_add(a, &record);
	return err == 0 ? appender_flush(a) : err;
}

static int take(void *arg, const struct record *record)
{
	return appender_add(arg, record);
}

/* A stamp needs an object. */
static bool is_object(void *arg, const char *line, size_t len, size_t *ret_at,
		      const char **ret_reason)
{
	(void)arg;
	(void)len;
	*ret_at = strspn(line, " \t");
	*ret_reason = "a record is an object";
	return line[*ret_at] == '{';
}

static void append_stdin(struct appender *a)
{
	struct work *work = a->work;
	struct stat st;

	work->stream.call = take;
	/* A file keeps nobody waiting: there batches are as large as they get. */
	if (fstat(STDIN_FILENO, &st) < 0 || !S_ISREG(st.st_mode))
		work->stream.pause = appender_flush;
	work->stream.arg = a;
	work->stream.rule = work->plan->no_stamp ? NULL : is_object;
	work->report.event = "reject";
	work->plan->operand_count = 0;
	(void)work_read_all(work);
	/* A failure has been told and is in the work. */
	(void)!appender_flush(a);
}

static int status_of(const struct appender *a)
{
	const struct work *work = a->work;

	if (work->failed && a->written > 0 && a->written < work->stream.records)
		say("'%s': %lld records were appended before", a->log.path, (long long)a->written);
	if (a->late && a->written == 0)
		return STATUS_LATER;
	if (a->unsynced)
		return STATUS_UNSYNCED;
	return STATUS_OK;
}

int verb_append(struct work *work)
{
	struct plan *plan = work->plan;
	char **members = plan->operands + 1;
	const int count = plan->operand_count - 1;
	struct appender a;
	int status;

	for (int i = 0; i < count; i++) {
		const char *wrong = check_member(members, i);

		if (wrong) {
			say_usage("invalid field '%s': %s", members[i], wrong);
			return STATUS_OWN;
		}
	}
	/* A write beyond RLIMIT_FSIZE is to fail, not to kill. */
	(void)signal(SIGXFSZ, SIG_IGN);
	if (appender_begin(&a, work, plan->operands[0]) < 0)
		work_fail(work, -ENOMEM, "cannot append");
	else if (count > 0)
		(void)append_one(&a, members, count);
	else
		append_stdin(&a);
	work->matched = a.written;
	status = status_of(&a);
	appender_drop(&a);
	if (status != STATUS_OK)
		work->failed = false; /* there is a status of its own for it */
	else if (work->report.faults > 0)
		status = STATUS_NO;
	return work_end(work, status);
}
