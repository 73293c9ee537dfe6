#ifndef PK_JSONL_VERBS_H
#define PK_JSONL_VERBS_H

#include <stdbool.h>

#include "common/base.h"
#include "common/events.h"
#include "output.h"
#include "plan.h"
#include "progress.h"
#include "report.h"
#include "stream.h"

/* What every verb works with. */
struct work {
	struct plan *plan;
	struct events *events;
	struct output output; /* stdout */
	struct report report;
	struct stream stream;
	struct progress progress;
	bool failed;	 /* an own failure has been told: STATUS_OWN */
	int64_t matched; /* records */
};

/* Each carries out its verb and returns the exit status; every failure has been told. */
int verb_append(struct work *work);
int verb_filter(struct work *work);
int verb_count(struct work *work);
int verb_follow(struct work *work);
int verb_validate(struct work *work);
int verb_repair(struct work *work);
int verb_rotate(struct work *work);

/* Tell an own failure: a message on stderr and the event `error`. err is a -errno. */
printf_like(3, 4) void work_fail(struct work *work, int err, const char *format, ...);

/*
 * The events destination must not be fd, which is an input or the output: the events would become
 * records. Returns false after a message.
 */
must_check bool work_accepts(struct work *work, int fd, const char *name);

/*
 * Run stream_read over the operands (none: stdin) with the stream that the verb has set up. Files
 * that cannot be read are told and passed over. Returns false when a call has ended it early.
 */
bool work_read_all(struct work *work);

/* The end of a reading verb: what is left of output, the summary, the status. */
must_check int work_end(struct work *work, int status);

#endif
