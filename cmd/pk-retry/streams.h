#ifndef PK_RETRY_STREAMS_H
#define PK_RETRY_STREAMS_H

#include <stddef.h>

#include "common/base.h"
#include "common/child.h"
#include "common/guard.h"
#include "common/match.h"
#include "feed.h"
#include "hint.h"
#include "output.h"
#include "plan.h"
#include "relay.h"

/* All that an attempt's descriptors are connected to, from one attempt to the next. */
struct streams {
	const struct plan *plan;
	struct feed feed;		   /* 0 */
	struct output output;		   /* 1 */
	struct relay relay;		   /* 2, with --retry-match */
	int hint;			   /* --hint-fd, -1: none */
	struct match err_lines, out_lines; /* with --until or --retry-match */
	struct child_fd fds[4];
	size_t fd_count;
};

/* Prepare what the plan asks for. Returns 0, or -errno with *ret_what naming what failed. */
must_check int streams_open(struct streams *streams, const struct plan *plan,
			    const char **ret_what);
void streams_drop(struct streams *streams);

/* Before an attempt: fds are set for it. After its start: our copies of its ends are closed. */
must_check int streams_begin(struct streams *streams, const char **ret_what);
void streams_started(struct streams *streams);

/*
 * Wait for the command's end and serve its streams meanwhile. Returns 0 or -errno: stdin could not be
 * kept, and the command has been stopped.
 */
must_check int streams_serve(struct streams *streams, struct guard *guard, const char **ret_what);

/* After its end: what is left in the pipes, written until that instant at most. Returns 0 or -errno. */
must_check int streams_end(struct streams *streams, struct guard *guard, int64_t until,
			   const char **ret_what);

/* Has a line of stdout matched --until? (--retry-match, of stdout or stderr?) -errno, 0 or 1. */
must_check int streams_match_until(struct streams *streams);
must_check int streams_match_retry(struct streams *streams);

/* What the command has said on --hint-fd. */
struct hint streams_hint(const struct streams *streams);

#endif
