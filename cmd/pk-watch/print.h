#ifndef PK_WATCH_PRINT_H
#define PK_WATCH_PRINT_H

#include <poll.h>
#include <stdint.h>

#include "batch.h"
#include "common/base.h"
#include "common/buf.h"
#include "common/guard.h"
#include "plan.h"

/*
 * Print mode: there is no command and so no guard. Signals are read here, and a reader that has gone
 * ends us at once, not at the next change.
 */
struct printer {
	int sigs;
	int stop_signal; /* the signal that asks us to end, or 0 */
	bool reader_gone;
	bool called; /* SIGUSR1 */
	struct buf out;
};

must_check int printer_open(struct printer *printer);
void printer_drop(struct printer *printer);

/* As guard_wait: GUARD_STOP, GUARD_READY, GUARD_TIME, GUARD_CALLED, or -errno. */
#define PRINTER_EXTRA_MAX 8
must_check int printer_wait(struct printer *printer, struct pollfd *extra, nfds_t count,
			    int64_t until);

/* Write the batch to stdout. A signal may cut the waiting for a slow reader short. Returns 0 or
 * -errno. */
must_check int printer_write(struct printer *printer, const struct batch *batch,
			     enum format format);

#endif
