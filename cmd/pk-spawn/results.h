#ifndef PK_SPAWN_RESULTS_H
#define PK_SPAWN_RESULTS_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "common/owner.h"
#include "output.h"
#include "record.h"
#include "tell.h"

/*
 * The file of --results: one JSON object for each job, in the order in which they end, appended to by
 * one write(2) each. A file that cannot be written fails the run, unlike events.
 */
struct results {
	int fd;	 /* -1: off */
	int err; /* the first failure, -errno */
	char *line;
	size_t size;
	char *content; /* of --capture: head and tail of two streams */
	size_t capture;
};

#define RESULTS_OFF ((struct results){.fd = -1})

/* capture: how many bytes of each stream are put into a line; 0: none. path may be NULL. Returns 0 or
 * -errno. */
must_check int results_open(struct results *results, const char *path, size_t capture);
void results_drop(struct results *results);

/* A job that is over: its items are count texts ended by NULs. */
struct results_job {
	int64_t seq;
	int slot; /* from 0; -1: it never had one */
	const char *items;
	size_t len, count;
	bool is_input;			   /* the item was the job's standard input, */
	int64_t input_bytes;		   /* as long as that */
	int error;			   /* it could not be started: -errno; or 0 */
	const struct owner_result *result; /* NULL: it was not run */
	const struct output_sizes *sizes;
};

/* Write its line. The slot's files still hold its output. */
void results_add(struct results *results, const struct output *output,
		 const struct results_job *job);

/*
 * Read what --capture wants of a job's output into room, which holds twice `capture` bytes: of each
 * stream all, or the first and the last half. Nothing where the output is in no file.
 */
void results_streams(const struct output *output, int slot, const struct output_sizes *sizes,
		     size_t capture, char *room, struct tell_streams *ret);

#endif
