/* Malformed lines, told. */
#include "report.h"

#include "common/json.h"
#include "common/say.h"
#include "output.h"
#include "progress.h"

static void put_members(struct json *json, const struct fault *fault)
{
	json_text(json, "file", fault->file);
	json_int(json, "line", fault->line);
	json_int(json, "column", fault->column);
	json_int(json, "offset", fault->offset);
	json_int(json, "bytes", fault->bytes);
	json_text(json, "reason", fault->reason);
}

static void send(struct report *report, const struct fault *fault)
{
	struct event event;

	if (!event_begin(&event, report->events, report->event))
		return;
	put_members(&event.json, fault);
	event_send(&event, report->events);
}

static void print(struct output *output, const struct fault *fault)
{
	char line[EVENT_MAX];
	struct json json;

	json_begin(&json, line, sizeof(line));
	put_members(&json, fault);
	output_add(output, line, json_end(&json));
}

void report_fault(struct report *report, const struct fault *fault)
{
	report->faults++;
	send(report, fault);
	if (report->output) {
		print(report->output, fault);
		return;
	}
	if (report->quiet || report->faults > REPORT_LINES)
		return;
	if (report->progress)
		progress_hide(report->progress);
	say("%s:%lld:%lld: %s", fault->file, (long long)fault->line, (long long)fault->column,
	    fault->reason);
}

void report_end(const struct report *report)
{
	if (!report->output && !report->quiet && report->faults > REPORT_LINES)
		say("%lld more malformed lines", (long long)(report->faults - REPORT_LINES));
}
