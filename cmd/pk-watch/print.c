/* Paths to stdout, and waiting without a guard. */
#include "print.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/signame.h"
#include "output.h"

int printer_open(struct printer *printer)
{
	static const int wanted[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1};
	struct sigstate caller;
	sigset_t set;
	int err;

	*printer = (struct printer){.sigs = -1, .out = {.cap = SIZE_MAX / 2}};
	(void)sigemptyset(&set);
	for (size_t i = 0; i < array_len(wanted); i++) {
		struct sigaction action;

		/* A blocked signal is queued even when it is ignored; what the caller ignores stays so. */
		if (sigaction(wanted[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			(void)sigaddset(&set, wanted[i]);
	}
	err = sigstate_take(&caller, &set);
	if (err < 0)
		return err;
	printer->sigs = sigs_open(&set);
	return printer->sigs < 0 ? printer->sigs : 0;
}

void printer_drop(struct printer *printer)
{
	fd_drop(&printer->sigs);
	buf_drop(&printer->out);
}

static void take_signals(struct printer *printer)
{
	struct signalfd_siginfo info;

	while (read(printer->sigs, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			printer->called = true;
		else if (printer->stop_signal == 0)
			printer->stop_signal = (int)info.ssi_signo;
	}
}

int printer_wait(struct printer *printer, struct pollfd *extra, nfds_t count, int64_t until)
{
	enum { SIGS, OUT, OWN };
	struct pollfd fds[OWN + PRINTER_EXTRA_MAX] = {
		[SIGS] = {.fd = printer->sigs, .events = POLLIN},
		/* Only the error that a pipe without a reader shows. */
		[OUT] = {.fd = STDOUT_FILENO, .events = 0},
	};

	for (;;) {
		struct timespec left;
		bool ready = false;

		memcpy(fds + OWN, extra, count * sizeof(*extra));
		if (ppoll(fds, OWN + count, ns_until(until, &left), NULL) < 0) {
			if (errno != EINTR)
				return -errno;
			continue;
		}
		if (fds[SIGS].revents)
			take_signals(printer);
		printer->reader_gone |= (fds[OUT].revents & POLLERR) != 0;
		if (printer->stop_signal || printer->reader_gone)
			return GUARD_STOP;
		if (printer->called) {
			printer->called = false;
			return GUARD_CALLED;
		}
		for (nfds_t i = 0; i < count; i++) {
			extra[i].revents = fds[OWN + i].revents;
			ready |= extra[i].revents != 0;
		}
		if (ready)
			return GUARD_READY;
		if (now_ns() >= until)
			return GUARD_TIME;
	}
}

/* Wait until stdout takes something or a signal comes; true for the former. */
static bool wait_writable(struct printer *printer)
{
	for (;;) {
		struct pollfd fds[] = {{.fd = STDOUT_FILENO, .events = POLLOUT},
				       {.fd = printer->sigs, .events = POLLIN}};

		if (poll(fds, array_len(fds), -1) < 0)
			continue;
		if (fds[1].revents)
			take_signals(printer);
		if (printer->stop_signal)
			return false;
		if (fds[0].revents)
			return true;
	}
}

int printer_write(struct printer *printer, const struct batch *batch, enum format format)
{
	int err;

	printer->out.len = 0;
	err = output_batch(batch, format, &printer->out);
	if (err < 0)
		return err;
	/* A pipe that is writable takes PIPE_BUF bytes without blocking (pipe(7)). */
	for (size_t at = 0; at < printer->out.len && wait_writable(printer);) {
		size_t len = printer->out.len - at;
		ssize_t n = write(STDOUT_FILENO, printer->out.bytes + at,
				  len < PIPE_BUF ? len : PIPE_BUF);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}
