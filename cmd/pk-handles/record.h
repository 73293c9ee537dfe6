#ifndef PK_HANDLES_RECORD_H
#define PK_HANDLES_RECORD_H

#include <stdbool.h>
#include <stdio.h>

#include "common/json.h"
#include "handle.h"
#include "peer.h"
#include "process.h"

/*
 * Records of --json: one JSON object a line, each with a `type`. A snapshot is a `snapshot` record, any
 * number of `handle` records, and an `end` record, without which it is not complete.
 */
#define RECORD_VERSION 1

/* Counted over a run, for the end record and the status. */
struct tally {
	int64_t processes, handles, unreadable, vanished, timeouts, findings;
	bool unknown; /* a process that was named could not be answered for */
};

void record_snapshot(FILE *out, const char *boot_id);
/* The same with `inherited`, for run mode. */
size_t record_of_leftover(const char **ret_line, const struct process *process,
			  const struct table *table, const struct handle *handle, bool inherited);

/* peer may be NULL. */
void record_handle(FILE *out, const struct process *process, const struct table *table,
		   const struct handle *handle, const struct peer *peer);
/* The same line in memory, until the next call. Returns its length. */
size_t record_of_handle(const char **ret_line, const struct process *process,
			const struct table *table, const struct handle *handle,
			const struct peer *peer);

void record_end(FILE *out, const struct tally *tally);
void record_summary(FILE *out, const struct process *process);

/* A record of another type: begin, members by json.h, send. */
struct record {
	struct json json;
	char line[4096];
};
void record_begin(struct record *record, const char *type);
void record_send(struct record *record, FILE *out);

/* A member of bytes from outside; where they are not UTF-8, also KEY_hex. */
void record_name(struct json *json, const char *key, const char *bytes, size_t len);

/* The facts of one handle, as members of a record that has been begun. */
void record_facts(struct json *json, const struct table *table, const struct handle *handle);

#endif
