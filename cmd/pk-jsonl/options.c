/* The option tables: one for each verb. */
#include <stddef.h>
#include <string.h>

#include "common/clock.h"
#include "common/num.h"
#include "plan.h"

static const char *const formats[] = {
	[FORMAT_JSONL] = "jsonl", [FORMAT_RAW] = "raw", [FORMAT_TSV] = "tsv", NULL};
static const char *const syncs[] = {
	[SYNC_NONE] = "none", [SYNC_BATCH] = "batch", [SYNC_RECORD] = "record", NULL};
static const char *const count_formats[] = {"auto", "bars", "tsv", NULL};

static const char *set_where(void *plan, const char *value)
{
	struct plan *p = plan;

	return pred_add(&p->where, &p->fields, value);
}

static const char *set_until(void *plan, const char *value)
{
	struct plan *p = plan;

	return pred_add(&p->until, &p->fields, value);
}

/* One path, all of value. */
static const char *set_path(struct plan *plan, const char *value, int *ret_field)
{
	struct path path;
	int field;

	if (path_parse(&path, &value, "") < 0)
		return "a path such as a.b.0 or [\"k.x\"]";
	field = fields_add(&plan->fields, &path);
	if (field < 0) {
		path_drop(&path);
		return "at most 64 different paths";
	}
	*ret_field = field;
	return NULL;
}

static const char *set_by(void *plan, const char *value)
{
	struct plan *p = plan;

	return set_path(p, value, &p->by);
}

static const char *set_stats(void *plan, const char *value)
{
	struct plan *p = plan;

	return set_path(p, value, &p->stats);
}

static const char *set_select(void *plan, const char *value)
{
	struct plan *p = plan;

	for (;; value++) {
		struct path path;
		int field;

		if (p->select_count == FIELDS_MAX || path_parse(&path, &value, ",") < 0)
			return "paths separated by commas, such as ts,http.status";
		field = fields_add(&p->fields, &path);
		if (field < 0) {
			path_drop(&path);
			return "at most 64 different paths";
		}
		p->select[p->select_count++] = field;
		if (*value == '\0')
			return NULL;
	}
}

static const char *set_tail(void *plan, const char *value)
{
	struct plan *p = plan;

	p->from_line = *value == '+';
	return num_parse(value + p->from_line, 0, INT64_MAX, &p->tail) < 0
		       ? "a number of lines, or +N"
		       : NULL;
}

static const char *set_mode(void *plan, const char *value)
{
	int mode = 0;

	for (const char *p = value; *p != '\0'; p++) {
		if (*p < '0' || *p > '7' || p - value > 4)
			return "an octal mode such as 0640";
		mode = mode * 8 + (*p - '0');
	}
	((struct plan *)plan)->mode = mode & 07777;
	return *value == '\0' ? "an octal mode such as 0640" : NULL;
}

static const char *set_key(const char **target, const char *value)
{
	*target = value;
	return *value == '\0' ? "a key" : NULL;
}

static const char *set_ts_key(void *plan, const char *value)
{
	return set_key(&((struct plan *)plan)->ts_key, value);
}

static const char *set_id_key(void *plan, const char *value)
{
	return set_key(&((struct plan *)plan)->id_key, value);
}

static const char *set_max_line(void *plan, const char *value)
{
	int64_t size;

	if (num_parse_size(value, &size) < 0 || size == 0 || size > (INT64_C(1) << 40))
		return NUM_SIZE_FORMS;
	((struct plan *)plan)->max_line = size;
	return NULL;
}

#define AT(member) offsetof(struct plan, member)

/* clang-format off */
#define WHERE \
	{.kind = OPT_GROUP, .help = "Which records"}, \
	{.kind = OPT_CALL, .letter = 'w', .name = "where", .arg = "PRED", .set = set_where, \
	 .help = "records for which PRED holds: PATH, !PATH or PATH OP VALUE; repeat: all must hold"}, \
	{.kind = OPT_FLAG, .name = "any", .at = AT(where.any), \
	 .help = "one --where that holds is enough"}, \
	{.kind = OPT_FLAG, .letter = 'v', .name = "invert-match", .at = AT(where.invert), \
	 .help = "valid records that do not match"}, \
	{.kind = OPT_COUNT, .letter = 'm', .name = "max-count", .arg = "N", .least = 0, .most = INT64_MAX, \
	 .at = AT(max_count), .help = "stop after N matches"}
#define SHOW \
	{.kind = OPT_GROUP, .help = "What is shown of them"}, \
	{.kind = OPT_CALL, .letter = 's', .name = "select", .arg = "PATH,...", .set = set_select, \
	 .help = "only these values, byte for byte; absent ones are left out"}, \
	{.kind = OPT_CHOICE, .letter = 'o', .name = "output", .arg = "FMT", .choices = formats, .at = AT(output), \
	 .help = "jsonl, raw (the first -s value, decoded) or tsv (default: jsonl)"}
#define MALFORMED \
	{.kind = OPT_GROUP, .help = "Malformed lines and statuses"}, \
	{.kind = OPT_FLAG, .name = "strict", .at = AT(strict), \
	 .help = "exit 1 if a line was malformed"}
#define MAX_LINE_ROW \
	{.kind = OPT_CALL, .name = "max-line", .arg = "SIZE", .set = set_max_line, \
	 .help = "a longer line is malformed (default: 64M)"}
#define EXIT_STATUS \
	{.kind = OPT_FLAG, .letter = 'e', .name = "exit-status", .at = AT(exit_status), \
	 .help = "exit 1 when nothing matched"}
#define MISSING_OK \
	{.kind = OPT_FLAG, .name = "missing-ok", .at = AT(missing_ok), \
	 .help = "a FILE that does not exist is an empty one"}
#define COMMON(quiet_help) \
	{.kind = OPT_TEXT, .name = "events", .arg = "DEST", .at = AT(events), \
	 .help = "append lifecycle events as JSON Lines to a file or fd:N (default: $PK_EVENTS)"}, \
	{.kind = OPT_FLAG, .letter = 'q', .name = "quiet", .at = AT(quiet), .help = (quiet_help)}, \
	OPT_COMMON
#define NO_INHERIT \
	{.kind = OPT_FLAG, .name = "no-inherit", .at = AT(no_inherit), .help = "do not obey $PK_DEADLINE"}
#define WAIT \
	{.kind = OPT_DURATION, .name = "wait", .arg = "DUR", .at = AT(wait), \
	 .help = "give up after DUR when another process holds the lock; 0: at once, inf: never (default: 10s)"}
#define KEEP(short_letter) \
	{.kind = OPT_COUNT, .letter = (short_letter), .name = "keep", .arg = "N", .least = 1, .most = 1000, .at = AT(keep), \
	 .help = "rotated files to keep, FILE.1 (newest) to FILE.N (default: 5)"}

static const struct opt append_options[] = {
	{.kind = OPT_GROUP, .help = "The record"},
	{.kind = OPT_FLAG, .name = "no-stamp", .at = AT(no_stamp),
	 .help = "add no time and no id; from stdin any JSON value will do"},
	{.kind = OPT_CALL, .name = "ts-key", .arg = "KEY", .set = set_ts_key,
	 .help = "key of the time (default: ts)"},
	{.kind = OPT_CALL, .name = "id-key", .arg = "KEY", .set = set_id_key,
	 .help = "key of the id, a UUIDv7 (default: id)"},
	{.kind = OPT_FLAG, .letter = 'p', .name = "print-id", .at = AT(print_id),
	 .help = "print the id of each record once it is written"},
	MAX_LINE_ROW,
	{.kind = OPT_GROUP, .help = "The file"},
	{.kind = OPT_CHOICE, .name = "sync", .arg = "WHEN", .choices = syncs, .at = AT(sync),
	 .help = "fdatasync: none, batch (what one read gave) or record (default: none)"},
	{.kind = OPT_SIZE, .name = "max-size", .arg = "SIZE", .at = AT(max_size),
	 .help = "rotate before FILE would grow beyond SIZE (default: 0, never)"},
	KEEP(0),
	WAIT,
	NO_INHERIT,
	{.kind = OPT_CALL, .name = "mode", .arg = "OCTAL", .set = set_mode,
	 .help = "mode of a new FILE (default: 0666 less the umask)"},
	{.kind = OPT_GROUP, .help = "Reports"},
	COMMON("do not tell which input lines were refused"),
};

static const struct opt filter_options[] = {
	WHERE,
	SHOW,
	{.kind = OPT_FLAG, .letter = 'n', .name = "line-number", .at = AT(number),
	 .help = "put the line number in front"},
	{.kind = OPT_FLAG, .letter = 'H', .name = "with-filename", .at = AT(filename),
	 .help = "put the name of the file in front"},
	MALFORMED,
	EXIT_STATUS,
	{.kind = OPT_FLAG, .name = "unchecked", .at = AT(unchecked),
	 .help = "validate only records that match: the same output, faster"},
	MISSING_OK,
	MAX_LINE_ROW,
	COMMON("no diagnostics and no output; stop at the first match"),
};

static const struct opt count_options[] = {
	WHERE,
	{.kind = OPT_GROUP, .help = "What is counted"},
	{.kind = OPT_CALL, .letter = 'b', .name = "by", .arg = "PATH", .set = set_by,
	 .help = "records for each value of PATH: VALUE, tab, N, by N descending"},
	{.kind = OPT_CALL, .name = "stats", .arg = "PATH", .set = set_stats,
	 .help = "n, min, p50, p90, p99, max and sum of the numbers at PATH; with --by for each value"},
	{.kind = OPT_FLAG, .name = "lines", .at = AT(lines_only),
	 .help = "newlines only, nothing is parsed"},
	{.kind = OPT_CHOICE, .letter = 'o', .name = "output", .arg = "FMT", .choices = count_formats, .at = AT(output),
	 .help = "of --by: auto, bars or tsv (default: auto, bars on a terminal)"},
	{.kind = OPT_COUNT, .name = "max-groups", .arg = "N", .least = 1, .most = INT64_C(1) << 32, .at = AT(max_groups),
	 .help = "fail when --by finds more values (default: 1000000)"},
	MALFORMED,
	EXIT_STATUS,
	MISSING_OK,
	MAX_LINE_ROW,
	COMMON("no diagnostics and no output; stop at the first match"),
};

static const struct opt follow_options[] = {
	WHERE,
	{.kind = OPT_CALL, .name = "until", .arg = "PRED", .set = set_until,
	 .help = "exit 0 behind the first record for which PRED holds; repeat: all must hold"},
	SHOW,
	{.kind = OPT_GROUP, .help = "Where to begin and when to end"},
	{.kind = OPT_CALL, .letter = 'n', .name = "lines", .arg = "N", .set = set_tail,
	 .help = "begin with the last N lines, or +N: at line N (default: 10)"},
	{.kind = OPT_TEXT, .name = "cursor", .arg = "FILE", .at = AT(cursor),
	 .help = "begin where FILE says, keep it up to date"},
	{.kind = OPT_DURATION, .letter = 't', .name = "timeout", .arg = "DUR", .at = AT(timeout),
	 .help = "exit 124 after DUR (default: 0, none)"},
	NO_INHERIT,
	MALFORMED,
	MAX_LINE_ROW,
	COMMON("no diagnostics"),
};

static const struct opt validate_options[] = {
	{.kind = OPT_GROUP, .help = "Rules"},
	{.kind = OPT_FLAG, .name = "unique-keys", .at = AT(unique_keys),
	 .help = "a key twice in one object is an error (RFC 7493)"},
	{.kind = OPT_FLAG, .name = "document", .at = AT(document),
	 .help = "each FILE is one JSON value, over many lines"},
	MAX_LINE_ROW,
	MISSING_OK,
	{.kind = OPT_GROUP, .help = "Reports"},
	{.kind = OPT_FLAG, .name = "report", .at = AT(report),
	 .help = "print each malformed line as JSON: file, line, column, offset, bytes, reason"},
	COMMON("no diagnostics"),
};

static const struct opt repair_options[] = {
	{.kind = OPT_GROUP, .help = "Options"},
	{.kind = OPT_FLAG, .letter = 'n', .name = "dry-run", .at = AT(dry_run),
	 .help = "only say what would change; exit 1 if something would"},
	{.kind = OPT_TEXT, .name = "rejects", .arg = "FILE", .at = AT(rejects),
	 .help = "append what is no record to FILE (default: FILE.rej)"},
	WAIT,
	NO_INHERIT,
	MAX_LINE_ROW,
	COMMON("do not say what was done"),
};

static const struct opt rotate_options[] = {
	{.kind = OPT_GROUP, .help = "Options"},
	KEEP('k'),
	{.kind = OPT_SIZE, .name = "max-size", .arg = "SIZE", .at = AT(max_size),
	 .help = "only when FILE is at least SIZE (default: 0, always)"},
	WAIT,
	NO_INHERIT,
	MISSING_OK,
	COMMON("no diagnostics"),
};

static const struct opt top_options[] = {
	{.kind = OPT_GROUP, .help = "Options"},
	OPT_COMMON,
};
/* clang-format on */

#define STATUSES_READ                                                                              \
	"Exit status:\n"                                                                           \
	"  0    done; malformed lines were passed over and reported\n"                             \
	"  1    -e: nothing matched; --strict: a line was malformed\n"                             \
	"  125  usage, a file that cannot be read, output that cannot be written\n"

const struct opt_program plan_top = {
	.name = "pk-jsonl",
	.usage = "pk-jsonl VERB [OPTION]... [FILE]...\n",
	.purpose = "Append to, search and follow JSON Lines: one record, one line.\n"
		   "\n"
		   "Verbs:\n"
		   "  append    add records whole, from any number of writers\n"
		   "  filter    print the records that match\n"
		   "  count     count records, by value, or statistics of numbers\n"
		   "  follow    print records as they are appended\n"
		   "  validate  tell which lines are malformed, and why\n"
		   "  repair    move what is no record to a side file\n"
		   "  rotate    begin a new file, losing nothing\n",
	.options = top_options,
	.count = array_len(top_options),
	.tail = "Each verb has its own help: pk-jsonl filter --help\n"
		"\n"
		"Exit status: 0 done, 1 the answer is no, 75 locked, 122 not synced, 124 time,\n"
		"  125 pk-jsonl itself failed\n"
		"\n"
		"Examples:\n"
		"  pk-jsonl append events.jsonl type=start pid:=$$\n"
		"  pk-jsonl filter -w type=start events.jsonl\n"
		"  pk-jsonl count --by type events.jsonl\n",
};

#define VERB(verb_name, usage_text, purpose_text, tail_text)                                       \
	{                                                                                          \
		.name = "pk-jsonl", .usage = "pk-jsonl " #verb_name " " usage_text "\n",           \
		.purpose = (purpose_text), .options = verb_name##_options,                         \
		.count = array_len(verb_name##_options), .tail = (tail_text)                       \
	}

const struct opt_program plan_programs[VERBS] = {
	[VERB_APPEND] =
		VERB(append, "[OPTION]... FILE [KEY=TEXT | KEY:=JSON]...",
		     "Append one record, or those on stdin, each whole and on a line of its own.\n",
		     "Exit status:\n"
		     "  0    every record is in FILE\n"
		     "  1    lines of stdin were refused; the valid ones are in FILE\n"
		     "  75   the lock was not obtained in time; nothing was written\n"
		     "  122  written, but the sync failed\n"
		     "  125  usage, or the record could not be written\n"
		     "\n"
		     "Examples:\n"
		     "  pk-jsonl append log.jsonl type=deploy version:=42\n"
		     "  pk-jsonl append --sync batch log.jsonl < records.jsonl\n"
		     "  id=$(pk-jsonl append -p log.jsonl job=nightly)\n"),
	[VERB_FILTER] = VERB(
		filter, "[OPTION]... [FILE]...", "Print the records that match, byte for byte.\n",
		STATUSES_READ
		"\n"
		"Examples:\n"
		"  pk-jsonl filter -w 'http.status>=500' access.jsonl\n"
		"  pk-jsonl filter -w type=exit -w exit_code:ne:0 -s ts,command e.jsonl\n"
		"  pk-jsonl filter -w 'msg~time(d )?out' -s msg -o raw < log.jsonl\n"),
	[VERB_COUNT] =
		VERB(count, "[OPTION]... [FILE]...", "Count the records that match.\n",
		     STATUSES_READ "\n"
				   "Examples:\n"
				   "  pk-jsonl count -w level=error log.jsonl\n"
				   "  pk-jsonl count --by http.status access.jsonl\n"
				   "  pk-jsonl count --stats elapsed_ms --by command e.jsonl\n"),
	[VERB_FOLLOW] =
		VERB(follow, "[OPTION]... FILE",
		     "Print records as they are appended, over rotation and truncation.\n",
		     "Exit status:\n"
		     "  0    --until has matched, or --max-count is reached\n"
		     "  1    --strict: a line was malformed\n"
		     "  124  --timeout, or the inherited deadline\n"
		     "  125  usage, a file that cannot be read, output that cannot be written\n"
		     "\n"
		     "Examples:\n"
		     "  pk-jsonl follow -w level=error -m 1 log.jsonl\n"
		     "  pk-jsonl follow -n +1 -t 30s --until event=ready e.jsonl\n"
		     "  pk-jsonl follow --cursor log.pos -m 3 log.jsonl | ./ship\n"),
	[VERB_VALIDATE] = VERB(validate, "[OPTION]... [FILE]...",
			       "Tell which lines are malformed, and why.\n",
			       "Exit status:\n"
			       "  0    every line is JSON (RFC 8259)\n"
			       "  1    a line is malformed\n"
			       "  125  usage, or a file that cannot be read\n"
			       "\n"
			       "Examples:\n"
			       "  pk-jsonl validate log.jsonl\n"
			       "  pk-jsonl validate --report log.jsonl\n"
			       "  pk-jsonl validate --document package.json\n"),
	[VERB_REPAIR] = VERB(repair, "[OPTION]... FILE",
			     "Keep every valid record of FILE and move the rest to FILE.rej.\n",
			     "Exit status:\n"
			     "  0    FILE is valid\n"
			     "  1    --dry-run: something would change\n"
			     "  75   the lock was not obtained in time; nothing was done\n"
			     "  125  usage, or FILE could not be repaired; it is as it was\n"
			     "\n"
			     "Examples:\n"
			     "  pk-jsonl repair --dry-run log.jsonl\n"
			     "  pk-jsonl repair log.jsonl\n"
			     "  pk-jsonl repair --rejects bad.txt log.jsonl\n"),
	[VERB_ROTATE] = VERB(rotate, "[OPTION]... FILE",
			     "Rename FILE to FILE.1, the older ones one up, and begin anew.\n",
			     "Exit status:\n"
			     "  0    rotated, or FILE is smaller than --max-size\n"
			     "  75   the lock was not obtained in time; nothing was done\n"
			     "  125  usage, or a file could not be renamed\n"
			     "\n"
			     "Examples:\n"
			     "  pk-jsonl rotate log.jsonl\n"
			     "  pk-jsonl rotate --keep 10 --max-size 64M log.jsonl\n"
			     "  pk-jsonl rotate --missing-ok log.jsonl\n"),
};
