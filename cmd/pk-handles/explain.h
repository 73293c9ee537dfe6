#ifndef PK_HANDLES_EXPLAIN_H
#define PK_HANDLES_EXPLAIN_H

#include "common/base.h"
#include "session.h"

/* --why. Returns the status; failures have been told. */
must_check int explain_run(struct session *session);

#endif
