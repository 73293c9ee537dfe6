#ifndef PK_HELPER_H
#define PK_HELPER_H

/*
 * What the adversaries share. Each process of theirs calls live_shortly: a timer of its own that
 * sends SIGKILL, which neither an ignored signal, a blocked one nor a stop survives. Timers are not
 * inherited by fork and end at exec, so every new process calls it again.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LIFE_S = 30 };

static inline void live_shortly(time_t seconds)
{
	struct sigevent kill_me = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
	struct itimerspec life = {.it_value.tv_sec = seconds > 0 ? seconds : 1};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &kill_me, &timer) < 0 ||
	    timer_settime(timer, 0, &life, NULL) < 0)
		_exit(99);
}

static inline void say(const char *line)
{
	(void)!write(1, line, strlen(line)); /* stdout may be closed: then nobody asked */
}

static inline void ignore_all(void)
{
	for (int s = 1; s < 65; s++)
		(void)signal(s, SIG_IGN); /* KILL and STOP refuse */
}

static inline void wait_for_death(void)
{
	for (;;)
		(void)pause();
}

/* Fork; the child lives shortly too. */
static inline pid_t breed(void)
{
	pid_t pid = fork();

	if (pid == 0)
		live_shortly(LIFE_S);
	return pid;
}

static inline int signal_named(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} known[] = {{"HUP", SIGHUP},	{"INT", SIGINT},   {"QUIT", SIGQUIT}, {"TERM", SIGTERM},
		     {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"CHLD", SIGCHLD}, {"PIPE", SIGPIPE},
		     {"ALRM", SIGALRM}, {"CONT", SIGCONT}, {"TSTP", SIGTSTP}, {"WINCH", SIGWINCH}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].number;
	return atoi(name);
}

#endif
