/* A result that is there already. */
#include "memo.h"

#include <errno.h>
#include <signal.h>

#include "common/clock.h"
#include "common/report.h"
#include "common/say.h"
#include "notice.h"
#include "share.h"

static struct ending deliver(const struct share *share, struct events *events)
{
	int err = share_deliver(share, NULL, NS_NEVER);

	if (err == 0)
		return share_ending(share);
	if (err == -EPIPE)
		return (struct ending){.signal = SIGPIPE};
	say_errno(err, "cannot write to stdout");
	report_error(events, "io", err);
	return (struct ending){.code = STATUS_OWN};
}

static void give(const struct share *share, struct events *events, struct ending *ret_ending)
{
	const struct notice notice = {.plan = share->plan, .events = events, .started = now_ns()};
	int err;

	notice_start(&notice);
	notice_share(&notice, "memo", -1, share_age(share));
	*ret_ending = deliver(share, events);
	notice_end(&notice, 0, *ret_ending,
		   ret_ending->code == STATUS_OWN && share->result.status != STATUS_OWN
			   ? REASON_ERROR
			   : REASON_SHARED);
	err = events_error(events);
	if (err < 0)
		say_errno(err, "cannot write to the events destination");
}

bool memo_give(const struct plan *plan, struct events *events, struct ending *ret_ending)
{
	struct share share = SHARE_NONE;
	bool given;

	if (!plan->share || plan->share_ttl == 0 || share_open(&share, plan) < 0)
		return false;
	given = share_look(&share) > 0;
	if (given)
		give(&share, events, ret_ending);
	share_drop(&share);
	return given;
}
