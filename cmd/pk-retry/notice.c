/* Events. */
#include "notice.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/errname.h"
#include "common/say.h"
#include "common/signame.h"
#include "lines.h"

void notice_start(const struct notice *notice)
{
	const struct plan *plan = notice->plan;
	struct event event;

	if (!event_begin(&event, notice->events, "start"))
		return;
	json_text(&event.json, "command", plan->command[0]);
	if (plan->attempts != PLAN_ENDLESS)
		json_int(&event.json, "attempts", plan->attempts);
	if (plan->deadline > 0 && plan->deadline != NS_NEVER)
		json_ms(&event.json, "deadline_ms", plan->deadline);
	if (plan->events_argv) {
		json_open(&event.json, "argv");
		for (size_t i = 0; plan->command[i]; i++)
			json_item_text(&event.json, plan->command[i]);
		json_close(&event.json);
	}
	event_send(&event, notice->events);
}

void notice_attempt_start(const struct notice *notice, int64_t attempt, pid_t command_pid)
{
	struct event event;

	if (!event_begin(&event, notice->events, "attempt_start"))
		return;
	json_int(&event.json, "attempt", attempt);
	json_int(&event.json, "command_pid", command_pid);
	event_send(&event, notice->events);
}

static const char *const verdict_names[] = {
	[VERDICT_SUCCESS] = "success", [VERDICT_RETRY] = "retry", [VERDICT_STOP] = "stop"};

static void event_attempt_end(const struct notice *notice, const struct account *account)
{
	const struct outcome *outcome = &account->facts.outcome;
	char name[SIGNAME_MAX];
	struct event event;

	if (!event_begin(&event, notice->events, "attempt_end"))
		return;
	json_int(&event.json, "attempt", account->facts.attempt);
	json_int(&event.json, "command_pid", account->command_pid);
	json_int(&event.json, "status", outcome->status);
	if (outcome->signal)
		json_text(&event.json, "signal", signame(outcome->signal, name));
	json_bool(&event.json, "timed_out", outcome->timed_out);
	json_bool(&event.json, "killed", account->killed);
	json_ms(&event.json, "elapsed_ms", account->elapsed_ns);
	json_text(&event.json, "decision", verdict_names[account->judgement.verdict]);
	json_text(&event.json, "reason", reason_name(account->judgement.reason));
	if (account->facts.lasted)
		json_bool(&event.json, "reset", true);
	event_send(&event, notice->events);
}

static void event_hint(const struct notice *notice, const struct account *account)
{
	const struct hint *hint = &account->facts.hint;
	struct event event;

	if ((hint->kind == HINT_NONE && hint->http_status == 0) ||
	    !event_begin(&event, notice->events, "hint"))
		return;
	json_int(&event.json, "attempt", account->facts.attempt);
	if (hint->kind == HINT_DELAY && hint->delay != NS_NEVER)
		json_ms(&event.json, "hint_ms", hint->delay);
	if (hint->http_status > 0)
		json_int(&event.json, "http_status", hint->http_status);
	json_bool(&event.json, "accepted",
		  hint->kind != HINT_GARBAGE && account->judgement.reason != REASON_HINT_TOO_LONG);
	event_send(&event, notice->events);
}

void notice_attempt_end(const struct notice *notice, const struct account *account)
{
	event_attempt_end(notice, account);
	event_hint(notice, account);
	lines_attempt(notice, account);
}

void notice_delay(const struct notice *notice, const struct wait *wait)
{
	struct event event;

	if (!event_begin(&event, notice->events, "delay"))
		return;
	json_ms(&event.json, "delay_ms", wait->delay);
	json_text(&event.json, "source", wait->hinted ? "hint" : "backoff");
	event_send(&event, notice->events);
}

void notice_share(const struct notice *notice, const char *role, int64_t waited_ns, int64_t age_ns)
{
	struct event event;

	if (!event_begin(&event, notice->events, "share"))
		return;
	json_text(&event.json, "path", notice->plan->share);
	json_text(&event.json, "role", role);
	if (waited_ns >= 0)
		json_ms(&event.json, "waited_ms", waited_ns);
	if (age_ns >= 0)
		json_ms(&event.json, "age_ms", age_ns);
	event_send(&event, notice->events);
}

void notice_breaker(const struct notice *notice, const char *from, const char *to,
		    const struct breaker *breaker, int64_t open_for_ms, bool probe)
{
	struct event event;

	if (!event_begin(&event, notice->events, "breaker"))
		return;
	json_text(&event.json, "path", breaker->path);
	json_text(&event.json, "from", from);
	json_text(&event.json, "to", to);
	json_int(&event.json, "failures", breaker->record.failures);
	json_int(&event.json, "open_for_ms", open_for_ms);
	json_bool(&event.json, "probe", probe);
	event_send(&event, notice->events);
}

void notice_breaker_trouble(const struct notice *notice, struct breaker *breaker)
{
	int err = breaker_trouble(breaker);
	struct event event;

	if (err == 0)
		return;
	if (err == -EBADMSG)
		say("circuit breaker '%s' is corrupt: taken as closed", breaker->path);
	else
		say_errno(err, "circuit breaker '%s' cannot be used, and COMMAND runs without it",
			  breaker->path);
	if (!event_begin(&event, notice->events,
			 err == -EBADMSG ? "breaker_corrupt" : "breaker_failed"))
		return;
	json_text(&event.json, "path", breaker->path);
	if (err != -EBADMSG)
		json_text(&event.json, "errno", errname(-err));
	event_send(&event, notice->events);
}

void notice_end(const struct notice *notice, int64_t attempts, struct ending ending,
		enum reason reason)
{
	struct event event;

	if (!event_begin(&event, notice->events, "end"))
		return;
	json_int(&event.json, "attempts", attempts);
	json_int(&event.json, "status", ending_status(ending));
	json_text(&event.json, "reason", reason_name(reason));
	json_ms(&event.json, "elapsed_ms", now_ns() - notice->started);
	event_send(&event, notice->events);
}
