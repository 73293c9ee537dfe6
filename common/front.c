/* The front of one guard: whatever comes is passed on. */
#include "common/front.h"

#include "common/clock.h"

static int wait_for_guard(struct crew *crew, struct crew_event *event)
{
	int kind;

	do {
		kind = crew_wait(crew, NULL, 0, NS_NEVER, event);
		if (kind == CREW_ORDER)
			(void)crew_order(crew, CREW_ALL, &event->order);
	} while (kind >= 0 && kind != CREW_GONE);
	return kind;
}

static int judge(const struct crew_event *event, struct ending *ret_ending)
{
	switch (event->end) {
	case CREW_DONE:
		*ret_ending = event->ending;
		return FRONT_DONE;
	case CREW_UNMADE:
		return event->error;
	case CREW_BEREFT:
		return FRONT_BEREFT;
	case CREW_LOST:
		break;
	}
	return FRONT_LOST;
}

int front_run(const struct front_config *config, front_body *body, void *arg,
	      struct ending *ret_ending)
{
	struct crew_event event;
	struct crew crew;
	int err = crew_open(&crew, config->events, 1, false);

	if (err < 0)
		return err;
	err = crew_hire(&crew, body, arg);
	if (err >= 0) {
		if (config->lets_go)
			crew_let_go(&crew, NULL, 0);
		err = wait_for_guard(&crew, &event);
	}
	if (err >= 0)
		err = judge(&event, ret_ending);
	(void)crew_close(&crew); /* nobody is left, or waiting itself has failed */
	return err;
}
