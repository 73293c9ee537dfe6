#ifndef PK_HANDLES_LIST_H
#define PK_HANDLES_LIST_H

#include "common/base.h"
#include "session.h"

/* The list of handles, and --summary. Each returns the status; failures have been told. */
must_check int list_run(struct session *session);
must_check int summary_run(struct session *session);

#endif
