#ifndef PK_RETRY_RESULT_H
#define PK_RETRY_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/boot.h"
#include "common/sha256.h"

/*
 * A result that callers share: a file that is the command's stdout and, behind it, one line of JSON of
 * a fixed size that says of what. The whole file is put in place at once (replace.h) and never changed,
 * so whoever has it open has one result.
 *
 * Its age is measured on the boot's own clock: a wall clock that is set does nothing to it, and after a
 * power cut, which may have left half of it, it is of another boot and counts for nothing.
 */
#define RESULT_SIZE 512
#define RESULT_ID 16

struct shared_result {
	char id[RESULT_ID + 1]; /* of this result, random */
	char key[SHA256_TEXT];	/* of the command line and the directory it is run in */
	char boot[BOOT_ID + 1];
	int64_t at_ms; /* CLOCK_BOOTTIME, when it was put in place */
	int64_t bytes; /* of stdout, before the record */
	int status;    /* 0 to 255 */
	int signal;    /* that the command died of, or 0 */
	bool failed;   /* for those who ask for failures, too (--share-failures) */
};

/*
 * Read the record at the end of a file of `size` bytes. Returns 0, or -EBADMSG with *ret untouched: it
 * is no such file.
 */
must_check int result_parse(const char bytes[static RESULT_SIZE], int64_t size,
			    struct shared_result *ret);

void result_format(const struct shared_result *result, char bytes[static RESULT_SIZE]);

/* Is it of this boot and not older than ttl (ns; 0: nothing is)? */
bool result_is_fresh(const struct shared_result *result, int64_t ttl, const char *boot,
		     int64_t now_ms);

#endif
