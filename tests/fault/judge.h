/* Part of campaign: the rules by which a run is right or a violation. */
#ifndef PK_FAULT_JUDGE_H
#define PK_FAULT_JUDGE_H

#include "faults.h"
#include "launch.h"
#include "scenario.h"

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_kill(const struct point *p)
{
	return strcmp(p->fault, "KILL") == 0;
}

/* The statuses that a run may end with when its fault came, and why no other. */
static bool status_allowed(const struct campaign *c, const struct point *p,
			   const struct result *res)
{
	char status[16];
	(void)snprintf(status, sizeof(status), "%d", res->status);
	bool front = strcmp(p->role, "front") == 0;
	if (res->hit && is_kill(p) && front)
		return res->status == 128 + SIGKILL;
	if (has_word(c->statuses, status))
		return true;
	if (!res->hit)
		return false;
	if (strcmp(p->fault, "TERM") == 0)
		return res->status == 128 + SIGTERM || res->status == 128 + SIGKILL;
	if (strcmp(p->fault, "CHLD") == 0)
		return false;
	if (strcmp(p->fault, "EINTR") == 0 && has_word(calls_restarted, p->call))
		return false;
	if (strcmp(p->role, "child") == 0) {
		if (is_kill(p) && res->status == 128 + SIGKILL)
			return true;
		if (strncmp(p->call, "execve", 6) == 0 &&
		    (res->status == 126 || res->status == 127))
			return true;
	}
	return res->status == 125;
}

/* The tool's own lines on stderr; raw control bytes anywhere are told by a negative number. */
static int own_lines(const struct campaign *c, const char *err)
{
	const char *slash = strrchr(c->tool[0], '/');
	char prefix[64];
	(void)snprintf(prefix, sizeof(prefix), "%s: ", slash != NULL ? slash + 1 : c->tool[0]);
	int lines = 0;
	for (const char *at = err; *at != '\0';) {
		size_t length = strcspn(at, "\n");
		for (size_t i = 0; i < length; i++) {
			if ((unsigned char)at[i] < ' ' || at[i] == 0x7f)
				return -1;
		}
		lines += strncmp(at, prefix, strlen(prefix)) == 0;
		at += length + (at[length] == '\n');
	}
	return lines;
}

static const char *judge_lines(const struct campaign *c, const struct point *p,
			       const struct result *res)
{
	int lines = own_lines(c, res->err);
	if (lines < 0)
		return "raw control bytes on stderr";
	bool to_stderr = strncmp(p->call, "write", 5) == 0 && res->fd == 2;
	if (res->status != 125 || to_stderr)
		return NULL;
	if (lines == 0)
		return "status 125 without a line that says why";
	return lines > c->lines ? "status 125 with more lines than one" : NULL;
}

static const char *judge_files(const struct campaign *c, const struct slot *slot,
			       const struct result *res, char why[300])
{
	char path[300];
	(void)snprintf(path, sizeof(path), "%s/run", slot->dir);
	DIR *dir = opendir(path);
	bool proven = c->proof == NULL;
	const char *verdict = NULL;
	for (struct dirent *e = dir != NULL ? readdir(dir) : NULL; e != NULL; e = readdir(dir)) {
		if (c->proof != NULL && strcmp(e->d_name, c->proof) == 0) {
			proven = true;
		} else if (*e->d_name != '.' && !has_word(c->files, e->d_name) &&
			   strncmp(slot->point.call, "unlink", 6) != 0) {
			(void)snprintf(why, 300, "left the file %s", e->d_name);
			verdict = why;
		}
	}
	if (dir != NULL)
		(void)closedir(dir); /* was only read */
	return !proven && res->status == 0 ? "status 0, but the command's job is not done"
					   : verdict;
}

static const char *judge_check(const struct campaign *c, const struct slot *slot,
			       const struct result *res)
{
	if (c->check == NULL)
		return NULL;
	pid_t pid = fork_patiently();
	if (pid == 0) {
		char text[300];
		(void)snprintf(text, sizeof(text), "%s/run", slot->dir);
		if (chdir(text) != 0)
			_exit(98);
		(void)snprintf(text, sizeof(text), "%d", res->status);
		(void)setenv("PK_FAULT_STATUS", text, 1);
		(void)setenv("PK_FAULT", slot->point.fault, 1);
		(void)execl("/bin/sh", "sh", "-c", c->check, (char *)NULL);
		_exit(98);
	}
	int status;
	(void)waitpid(pid, &status, 0);
	return status == 0 ? NULL : "the scenario's own check failed";
}

/* NULL: nothing is wrong. */
static const char *judge(const struct campaign *c, const struct slot *slot,
			 const struct result *res, char why[300])
{
	const struct point *p = &slot->point;
	if (res->status == 98)
		return "the fault injector itself failed";
	if (res->hang)
		return "hang";
	if (*res->left != '\0')
		return "survivor";
	if (res->crash != 0) {
		(void)snprintf(why, 300, "crash by signal %d", res->crash);
		return why;
	}
	if (!status_allowed(c, p, res)) {
		(void)snprintf(why, 300, "status %d, not %s%s", res->status, c->statuses,
			       res->hit ? "" : " (and the fault did not come)");
		return why;
	}
	const char *verdict = judge_lines(c, p, res);
	if (verdict == NULL)
		verdict = judge_files(c, slot, res, why);
	return verdict != NULL ? verdict : judge_check(c, slot, res);
}

#endif
