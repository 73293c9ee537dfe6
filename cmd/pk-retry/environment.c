/* PK_RETRY_* in the command's environment. */
#include "environment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/num.h"

static int put(char *assignment)
{
	return putenv(assignment) == 0 ? 0 : -errno;
}

/* A random UUID (RFC 9562, version 4). */
static int put_key(struct environment *environment)
{
	unsigned char b[16];
	int err = num_random(b, sizeof(b));

	if (err < 0)
		return err;
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	(void)snprintf(
		environment->key, sizeof(environment->key),
		"PK_RETRY_KEY=%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		b[13], b[14], b[15]);
	return put(environment->key);
}

int environment_open(struct environment *environment, int64_t attempts, int64_t hint_fd)
{
	static const char *const outer[] = {"PK_RETRY_LAST_STATUS", "PK_RETRY_REMAINING_MS",
					    "PK_RETRY_HINT"};
	int err = put_key(environment);

	for (size_t i = 0; i < array_len(outer); i++)
		(void)unsetenv(outer[i]); /* fails only for a malformed name */
	if (attempts == INT64_MAX)
		(void)snprintf(environment->attempts, sizeof(environment->attempts),
			       "PK_RETRY_ATTEMPTS=inf");
	else
		(void)snprintf(environment->attempts, sizeof(environment->attempts),
			       "PK_RETRY_ATTEMPTS=%" PRId64, attempts);
	if (err >= 0)
		err = put(environment->attempts);
	if (err < 0 || hint_fd == 0)
		return err;
	(void)snprintf(environment->hint, sizeof(environment->hint),
		       "PK_RETRY_HINT=/dev/fd/%" PRId64, hint_fd);
	return put(environment->hint);
}

int environment_set(struct environment *environment, int64_t attempt, int last_status,
		    int64_t remaining_ns)
{
	int err;

	(void)snprintf(environment->attempt, sizeof(environment->attempt),
		       "PK_RETRY_ATTEMPT=%" PRId64, attempt);
	err = put(environment->attempt);
	if (err >= 0 && last_status >= 0) {
		(void)snprintf(environment->last, sizeof(environment->last),
			       "PK_RETRY_LAST_STATUS=%d", last_status);
		err = put(environment->last);
	}
	if (err >= 0 && remaining_ns >= 0) {
		(void)snprintf(environment->remaining, sizeof(environment->remaining),
			       "PK_RETRY_REMAINING_MS=%" PRId64, remaining_ns / NS_PER_MS);
		err = put(environment->remaining);
	}
	return err;
}
