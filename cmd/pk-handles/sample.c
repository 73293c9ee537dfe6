/* --trend: samples at absolute times, then a verdict for each metric. */
#include "sample.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/program.h"
#include "common/report.h"
#include "common/say.h"
#include "common/signame.h"
#include "common/status.h"
#include "line.h"
#include "trend.h"

#define SAMPLES_CAP ((size_t)1 << 30)
#define SPARK_WIDTH 40

/* rss is compared in MiB by --min-growth: memory moves by pages, descriptors one by one. */
enum metric { METRIC_FDS, METRIC_RSS, METRIC_THREADS, METRIC_CHILDREN, METRIC_COUNT };

static const struct {
	const char *name;
	int64_t unit; /* of --min-growth */
} metrics[METRIC_COUNT] = {
	[METRIC_FDS] = {"fds", 1},
	[METRIC_RSS] = {"rss_kb", 1024},
	[METRIC_THREADS] = {"threads", 1},
	[METRIC_CHILDREN] = {"children", 1},
};

/* A process that is watched, and its samples. */
struct subject {
	struct process process;
	bool gone;
	struct buf values[METRIC_COUNT]; /* of int64_t */
};

struct trend {
	struct session *session;
	struct buf targets; /* of struct subject */
	int sigs;
	bool shows; /* a live line on stderr */
};

static struct subject *target_at(const struct trend *trend, size_t i)
{
	return (struct subject *)(void *)trend->targets.bytes + i;
}

static size_t target_count(const struct trend *trend)
{
	return trend->targets.len / sizeof(struct subject);
}

static const int64_t *values_of(const struct subject *target, enum metric metric)
{
	return (const int64_t *)(const void *)target->values[metric].bytes;
}

static size_t count_of(const struct subject *target)
{
	return target->values[METRIC_FDS].len / sizeof(int64_t);
}

static int64_t value_of(const struct process *process, enum metric metric)
{
	switch (metric) {
	case METRIC_FDS:
		return process->fds;
	case METRIC_RSS:
		return process->rss_kb;
	case METRIC_THREADS:
		return process->stat.threads;
	case METRIC_CHILDREN:
		return process->children;
	case METRIC_COUNT:
		break;
	}
	return -1;
}

static void add_values(struct json *json, const struct process *process)
{
	for (int i = 0; i < METRIC_COUNT; i++) {
		const int64_t value = value_of(process, (enum metric)i);

		if (value >= 0)
			json_int(json, metrics[i].name, value);
	}
}

static void tell_sample(struct session *session, const struct subject *target)
{
	struct record record;
	struct event event;

	if (session->plan->json) {
		record_begin(&record, "sample");
		json_int(&record.json, "pid", target->process.pid);
		json_int(&record.json, "n", (int64_t)count_of(target));
		add_values(&record.json, &target->process);
		record_send(&record, stdout);
		(void)fflush(stdout);
	}
	if (!session_event(session, &event, "sample", &target->process))
		return;
	add_values(&event.json, &target->process);
	event_send(&event, session->events);
}

static enum verdict verdict_of(const struct trend *trend, const struct subject *target,
			       enum metric metric)
{
	const int64_t given = trend->session->plan->min_growth, growth = given > 0 ? given : 5;
	const size_t count = count_of(target);

	/* What was not readable at the start has no trend. */
	if (count > 0 && values_of(target, metric)[0] < 0)
		return VERDICT_UNKNOWN;
	return trend_judge(values_of(target, metric), count, growth * metrics[metric].unit);
}

/* A live picture of the first process's descriptors, and the verdict so far. */
static void show(const struct trend *trend)
{
	const struct subject *target = target_at(trend, 0);
	const size_t count = count_of(target);
	char spark[3 * SPARK_WIDTH + 1], text[512];
	int len;

	if (!trend->shows || count == 0)
		return;
	trend_draw(values_of(target, METRIC_FDS), count, SPARK_WIDTH, spark);
	len = snprintf(text, sizeof(text), "\r\033[K%d fds %s %lld  %zu/%lld  %s",
		       (int)target->process.pid, spark, (long long)target->process.fds, count,
		       (long long)trend->session->plan->samples,
		       trend_name(verdict_of(trend, target, METRIC_FDS)));
	(void)!fd_write_full(STDERR_FILENO, text, (size_t)len);
}

static void erase(const struct trend *trend)
{
	if (trend->shows)
		(void)!fd_write_full(STDERR_FILENO, "\r\033[K", 4);
}

static int take_sample(const struct trend *trend, struct subject *target)
{
	const int refreshed = target->gone ? -ESRCH : process_refresh(&target->process);

	/* A zombie has nothing left to lose. */
	target->gone |= refreshed < 0 || target->process.stat.state == 'Z';
	if (target->gone)
		return 0;
	for (int i = 0; i < METRIC_COUNT; i++) {
		const int64_t value = value_of(&target->process, (enum metric)i);
		int err = buf_add(&target->values[i], &value, sizeof(value));

		if (err < 0)
			return err;
	}
	tell_sample(trend->session, target);
	return 0;
}

/* Returns how many processes are left, or -errno. */
static int take_samples(const struct trend *trend)
{
	int left = 0;

	for (size_t i = 0; i < target_count(trend); i++) {
		int err = take_sample(trend, target_at(trend, i));

		if (err < 0)
			return err;
		left += !target_at(trend, i)->gone;
	}
	show(trend);
	return left;
}

/* Sleep until that time. Returns 0, a signal that asks us to end, or -errno. */
static int sleep_until(const struct trend *trend, int64_t until)
{
	struct pollfd pfd = {.fd = trend->sigs, .events = POLLIN};
	struct signalfd_siginfo info;

	while (now_ns() < until) {
		struct timespec left;

		if (ppoll(&pfd, 1, ns_until(until, &left), NULL) < 0 && errno != EINTR)
			return -errno;
		if (pfd.revents && read(trend->sigs, &info, sizeof(info)) == (ssize_t)sizeof(info))
			return (int)info.ssi_signo;
	}
	return 0;
}

static int watch(const struct trend *trend)
{
	const struct plan *plan = trend->session->plan;
	const int64_t start = now_ns();

	for (int64_t n = 0;; n++) {
		int left = take_samples(trend), result;

		if (left <= 0 || n + 1 >= plan->samples)
			return left < 0 ? left : 0;
		/* From the start, not from the last sample: delays do not add up. */
		result = sleep_until(trend, plan->interval > (NS_NEVER - start) / (n + 1)
						    ? NS_NEVER
						    : start + (n + 1) * plan->interval);
		if (result > 0)
			erase(trend);
		if (result > 0 && program_finish(STATUS_OK) == STATUS_OK)
			ending_die((struct ending){.signal = result});
		if (result != 0)
			return result < 0 ? result : -EIO;
	}
}

/* --- verdicts ------------------------------------------------------------------------------------- */

static void record_verdict(const struct subject *target, enum metric metric, enum verdict verdict)
{
	const size_t count = count_of(target);
	struct record record;

	record_begin(&record, "verdict");
	json_int(&record.json, "pid", target->process.pid);
	json_text(&record.json, "metric", metrics[metric].name);
	json_text(&record.json, "verdict", trend_name(verdict));
	json_int(&record.json, "samples", (int64_t)count);
	if (count > 0) {
		json_int(&record.json, "first", values_of(target, metric)[0]);
		json_int(&record.json, "last", values_of(target, metric)[count - 1]);
	}
	record_send(&record, stdout);
}

static void print_verdict(const struct session *session, const struct subject *target,
			  enum metric metric, enum verdict verdict)
{
	const size_t count = count_of(target);
	const char *comm = target->process.stat.comm;
	char spark[3 * SPARK_WIDTH + 1];
	static struct line line;

	line_number(&line, target->process.pid);
	line_text(&line, " ");
	line_name(&line, comm, strlen(comm));
	line_text(&line, " ");
	line_text(&line, metrics[metric].name);
	line_text(&line, ": ");
	if (session->grouped) {
		trend_draw(values_of(target, metric), count, SPARK_WIDTH, spark);
		line_text(&line, spark);
		line_text(&line, " ");
	}
	line_text(&line, verdict == VERDICT_LEAK ? "leak suspected" : trend_name(verdict));
	if (count > 0) {
		line_text(&line, " (");
		line_number(&line, values_of(target, metric)[0]);
		line_text(&line, " -> ");
		line_number(&line, values_of(target, metric)[count - 1]);
		line_text(&line, " in ");
		line_number(&line, (int64_t)count);
		line_text(&line, " samples)");
	}
	line_print(&line);
}

static void event_leak(struct session *session, const struct subject *target, enum metric metric)
{
	const size_t count = count_of(target);
	struct event event;

	session->tally.findings++;
	if (!session_event(session, &event, "finding", &target->process))
		return;
	json_text(&event.json, "check", "trend");
	json_text(&event.json, "kind", metrics[metric].name);
	json_int(&event.json, "value", values_of(target, metric)[count - 1]);
	json_int(&event.json, "limit", values_of(target, metric)[0]);
	event_send(&event, session->events);
}

static void judge(const struct trend *trend, const struct subject *target)
{
	struct session *session = trend->session;

	for (int i = 0; i < METRIC_COUNT; i++) {
		const enum metric metric = (enum metric)i;
		const enum verdict verdict = verdict_of(trend, target, metric);

		if (session->plan->json)
			record_verdict(target, metric, verdict);
		else
			print_verdict(session, target, metric, verdict);
		session->tally.unknown |= verdict == VERDICT_UNKNOWN;
		if (verdict == VERDICT_LEAK)
			event_leak(session, target, metric);
	}
}

static int add_target(struct session *session, const struct process *process, void *arg)
{
	struct trend *trend = arg;
	struct subject target = {.process = *process};
	int err;

	for (int i = 0; i < METRIC_COUNT; i++)
		target.values[i].cap = SAMPLES_CAP;
	if (process->fds < 0)
		session_unreadable(session, process->pid, process->stat.comm, -EACCES);
	/* The walk closes its own. */
	target.process.dir = fcntl(process->dir, F_DUPFD_CLOEXEC, 3);
	if (target.process.dir < 0)
		return -errno;
	err = buf_add(&trend->targets, &target, sizeof(target));
	if (err < 0)
		process_close(&target.process);
	return err;
}

static void drop_targets(struct trend *trend)
{
	for (size_t i = 0; i < target_count(trend); i++) {
		process_close(&target_at(trend, i)->process);
		for (int k = 0; k < METRIC_COUNT; k++)
			buf_drop(&target_at(trend, i)->values[k]);
	}
	buf_drop(&trend->targets);
}

/* Signals that end us are read, so that process 1 obeys them too and the live line is erased. */
static int open_signals(void)
{
	struct sigstate old;
	struct sigaction action;
	sigset_t set;
	int err;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	/* nohup(1) */
	if (sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
		(void)sigaddset(&set, SIGHUP);
	err = sigstate_take(&old, &set);
	return err < 0 ? err : sigs_open(&set);
}

static bool is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) == 1 && term && strcmp(term, "dumb") != 0;
}

static int run(struct trend *trend)
{
	struct session *session = trend->session;
	char boot_id[40];
	int err;

	process_boot_id(session->proc, boot_id);
	if (session->plan->json)
		record_snapshot(stdout, boot_id);
	err = session_each(session, add_target, trend);
	if (err < 0)
		return err;
	err = target_count(trend) > 0 ? watch(trend) : 0;
	erase(trend);
	if (err < 0)
		say_errno(err, "cannot take samples");
	for (size_t i = 0; i < target_count(trend) && err >= 0; i++)
		judge(trend, target_at(trend, i));
	if (err >= 0 && session->plan->json)
		record_end(stdout, &session->tally);
	return err;
}

int sample_run(struct session *session)
{
	struct trend trend = {
		.session = session, .targets.cap = SAMPLES_CAP, .shows = is_terminal()};
	int err;

	trend.sigs = open_signals();
	err = trend.sigs;
	if (err < 0)
		say_errno(err, "cannot take signals");
	else
		err = run(&trend);
	drop_targets(&trend);
	fd_drop(&trend.sigs);
	if (err >= 0)
		return session_end(session);
	report_error(session->events, "resource", err);
	return STATUS_OWN;
}
