/* Groups of handles, before and after. */
#include "diff.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kind.h"
#include "members.h"

#define DIFF_CAP ((size_t)4 << 30)

/* The first port that Linux gives to clients (ip(7), ip_local_port_range). */
#define EPHEMERAL 32768

struct diff_entry {
	size_t text; /* of its group */
	enum diff_side side;
};

/* A field of a record that matters here; text lives in the record's scratch memory. */
struct field {
	const char *text;
	size_t len;
};

struct fields {
	struct field kind, name, local, remote, state;
	struct diff_process process;
	bool is_handle, is_end, is_ours;
};

void diff_init(struct diff *diff, uint32_t kinds)
{
	*diff = (struct diff){.kinds = kinds,
			      .entries.cap = DIFF_CAP,
			      .text.cap = DIFF_CAP,
			      .scratch.cap = DIFF_CAP,
			      .processes = {{.cap = DIFF_CAP}, {.cap = DIFF_CAP}}};
}

void diff_drop(struct diff *diff)
{
	buf_drop(&diff->entries);
	buf_drop(&diff->text);
	buf_drop(&diff->scratch);
	buf_drop(&diff->processes[DIFF_OLD]);
	buf_drop(&diff->processes[DIFF_NEW]);
}

static void take_field(struct fields *fields, const struct member *member)
{
	const struct field field = {member->value, member->len};

	if (member_is(member, "type")) {
		fields->is_handle = member_says(member, "handle");
		fields->is_end = member_says(member, "end");
		fields->is_ours = true;
	} else if (member_is(member, "pid")) {
		fields->process.pid = (pid_t)strtol(member->value, NULL, 10);
	} else if (member_is(member, "start")) {
		fields->process.start = strtoull(member->value, NULL, 10);
	} else if (member->is_text && member_is(member, "kind")) {
		fields->kind = field;
	} else if (member->is_text && member_is(member, "name")) {
		fields->name = field;
	} else if (member->is_text && member_is(member, "local")) {
		fields->local = field;
	} else if (member->is_text && member_is(member, "remote")) {
		fields->remote = field;
	} else if (member->is_text && member_is(member, "state")) {
		fields->state = field;
	}
}

/* Read a record; the texts are decoded into scratch, which is as long as the line. */
static int read_fields(const char *line, size_t len, char *scratch, struct fields *ret)
{
	struct members members;
	struct member member;
	struct fields fields = {0};
	size_t used = 0;
	int more = members_begin(&members, line, len);

	if (more < 0)
		return more;
	while ((more = members_next(&members, &member, scratch + used, len - used)) > 0) {
		take_field(&fields, &member);
		used += member.is_text ? member.len : 0;
	}
	if (more < 0 || !fields.is_ours)
		return -EINVAL;
	*ret = fields;
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* job-17.log and job-18.log are job-N.log. */
static int add_name(struct buf *text, const struct field *name)
{
	for (size_t i = 0; i < name->len; i++) {
		const bool digit = is_digit(name->text[i]);
		int err;

		if (digit && i > 0 && is_digit(name->text[i - 1]))
			continue;
		err = buf_add(text, digit ? "N" : name->text + i, 1);
		if (err < 0)
			return err;
	}
	return 0;
}

/* An address with `*` for a port that is ephemeral. */
static int add_address(struct buf *text, const struct field *address)
{
	size_t colon = address->len;
	int64_t port = 0;

	while (colon > 0 && is_digit(address->text[colon - 1]))
		colon--;
	for (size_t i = colon; i < address->len && port < EPHEMERAL; i++)
		port = port * 10 + (address->text[i] - '0');
	if (colon == 0 || address->text[colon - 1] != ':' || port < EPHEMERAL)
		return buf_add(text, address->text, address->len);
	if (buf_add(text, address->text, colon) < 0)
		return -ENOMEM;
	return buf_add(text, "*", 1);
}

static bool says(const struct field *field, const char *text)
{
	return field->text && field->len == strlen(text) &&
	       memcmp(field->text, text, field->len) == 0;
}

/* A listener's port is its service, however high; of a connection what is ephemeral is dropped. */
static int add_connection(struct buf *text, const struct fields *fields)
{
	int err;

	if (fields->remote.len == 0)
		return buf_add(text, fields->local.text, fields->local.len);
	err = add_address(text, &fields->local);
	if (err >= 0)
		err = buf_add(text, " -> ", 4);
	return err < 0 ? err : add_address(text, &fields->remote);
}

static int add_target(struct buf *text, const struct fields *fields)
{
	const bool inet = says(&fields->kind, "tcp") || says(&fields->kind, "udp");
	int err;

	if (inet)
		err = add_connection(text, fields);
	else
		err = add_name(text, fields->local.len ? &fields->local : &fields->name);
	if (err < 0 || fields->state.len == 0)
		return err;
	err = buf_add(text, " ", 1);
	return err < 0 ? err : buf_add(text, fields->state.text, fields->state.len);
}

static int add_group(struct diff *diff, enum diff_side side, const struct fields *fields)
{
	const struct diff_entry entry = {.text = diff->text.len, .side = side};
	struct buf *text = &diff->text;
	int err = buf_add(text, fields->kind.text, fields->kind.len);

	if (err >= 0)
		err = buf_add(text, "", 1);
	if (err >= 0)
		err = add_target(text, fields);
	if (err >= 0)
		err = buf_add(text, "", 1);
	return err < 0 ? err : buf_add(&diff->entries, &entry, sizeof(entry));
}

/* Records of one process follow each other. */
static int add_process(struct buf *processes, const struct diff_process *process)
{
	const struct diff_process *last =
		(const struct diff_process *)(const void *)(processes->bytes + processes->len);

	if (processes->len > 0 && last[-1].pid == process->pid && last[-1].start == process->start)
		return 0;
	return buf_add(processes, process, sizeof(*process));
}

int diff_add(struct diff *diff, enum diff_side side, const char *line, size_t len)
{
	struct fields fields;
	enum kind kind;
	int err = buf_reserve(&diff->scratch, len + 1);

	if (err >= 0)
		err = read_fields(line, len, diff->scratch.bytes, &fields);

	if (err >= 0 && fields.is_end)
		diff->complete[side] = true;
	if (err >= 0 && fields.is_handle) {
		err = kind_parse(fields.kind.text ? fields.kind.text : "", fields.kind.len, &kind);
		if (err >= 0)
			err = add_process(&diff->processes[side], &fields.process);
		if (err >= 0 && diff->kinds & UINT32_C(1) << kind)
			err = add_group(diff, side, &fields);
	}
	return err;
}

static int compare_texts(const char *a, const char *b)
{
	const int kinds = strcmp(a, b);

	return kinds ? kinds : strcmp(a + strlen(a) + 1, b + strlen(b) + 1);
}

static int by_text(const void *a, const void *b, void *text)
{
	const struct diff_entry *x = a, *y = b;

	return compare_texts((const char *)text + x->text, (const char *)text + y->text);
}

static int by_growth(const void *a, const void *b)
{
	const struct diff_group *x = a, *y = b;
	const int64_t left = x->new_count - x->old_count, right = y->new_count - y->old_count;

	if (left != right)
		return left > right ? -1 : 1;
	return compare_texts(x->kind, y->kind);
}

/* Entries of one text are one group. */
static int count_groups(const struct diff *diff, struct buf *groups)
{
	const struct diff_entry *entries = (const struct diff_entry *)(void *)diff->entries.bytes;
	const size_t count = diff->entries.len / sizeof(*entries);

	for (size_t i = 0; i < count;) {
		const char *kind = diff->text.bytes + entries[i].text;
		struct diff_group group = {.kind = kind, .target = kind + strlen(kind) + 1};
		int err;

		for (; i < count && compare_texts(kind, diff->text.bytes + entries[i].text) == 0;
		     i++)
			*(entries[i].side == DIFF_OLD ? &group.old_count : &group.new_count) += 1;
		if (group.old_count == group.new_count)
			continue;
		err = buf_add(groups, &group, sizeof(group));
		if (err < 0)
			return err;
	}
	return 0;
}

int diff_compare(struct diff *diff, diff_visit *visit, void *arg)
{
	struct buf groups = {.cap = DIFF_CAP};
	const struct diff_group *at;
	size_t count;
	int err;

	if (diff->entries.len > 0)
		qsort_r(diff->entries.bytes, diff->entries.len / sizeof(struct diff_entry),
			sizeof(struct diff_entry), by_text, diff->text.bytes);
	err = count_groups(diff, &groups);
	at = (const struct diff_group *)(const void *)groups.bytes;
	count = groups.len / sizeof(*at);
	if (err >= 0 && count > 0)
		qsort(groups.bytes, count, sizeof(*at), by_growth);
	for (size_t i = 0; err >= 0 && i < count; i++)
		visit(arg, &at[i]);
	buf_drop(&groups);
	return err;
}
