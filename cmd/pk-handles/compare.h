#ifndef PK_HANDLES_COMPARE_H
#define PK_HANDLES_COMPARE_H

#include "common/base.h"
#include "session.h"

/* --diff. Returns the status; failures have been told. */
must_check int compare_run(struct session *session);

#endif
