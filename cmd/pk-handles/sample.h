#ifndef PK_HANDLES_SAMPLE_H
#define PK_HANDLES_SAMPLE_H

#include "common/base.h"
#include "session.h"

/* --trend. Returns the status; failures have been told. A TERM, INT or HUP ends the program. */
must_check int sample_run(struct session *session);

#endif
