#ifndef PK_WATCH_OUTPUT_H
#define PK_WATCH_OUTPUT_H

#include "batch.h"
#include "common/base.h"
#include "common/buf.h"
#include "plan.h"

/*
 * Append the paths of a batch to out, one record each: the path and a newline or NUL, or a JSON object
 * {"path","kind","type"}, with "path_b64" when the path is not UTF-8. Returns 0, -ENOMEM or -EFBIG.
 */
must_check int output_batch(const struct batch *batch, enum format format, struct buf *out);

/* The kind as it is called everywhere. */
const char *output_kind(enum kind kind);

#endif
