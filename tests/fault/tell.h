/* Part of campaign: a violation, with the command line that shows it again. */
#ifndef PK_FAULT_TELL_H
#define PK_FAULT_TELL_H

#include "launch.h"
#include "scenario.h"

static void print_quoted(const char *arg)
{
	if (*arg != '\0' && arg[strspn(arg, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					    "0123456789_-+=./,:@%")] == '\0') {
		(void)printf(" %s", arg);
		return;
	}
	(void)printf(" '");
	for (; *arg != '\0'; arg++)
		(void)(*arg == '\'' ? printf("'\\''") : putchar(*arg));
	(void)putchar('\'');
}

static void print_point(const struct campaign *c, const struct point *p)
{
	(void)printf("%s: %s", c->name, p->role);
	if (*p->call == '\0')
		(void)printf(", no fault");
	else if (p->nth == 0)
		(void)printf(", each %s %s", p->call, p->fault);
	else
		(void)printf(", %s %lu %s", p->call, p->nth, p->fault);
}

static void print_again(const struct campaign *c, const struct slot *slot)
{
	const char *argv[2 * MAX_ARGS];
	char spare[2][300];
	build_argv(c, slot, argv, spare);
	(void)printf("    again: (cd \"$(mktemp -d)\" && PATH=%s && %s%s", path_used,
		     c->setup != NULL ? c->setup : "", c->setup != NULL ? " && " : "");
	(void)printf("%s", argv[0]);
	for (size_t i = 1; argv[i] != NULL; i++) {
		if (strcmp(argv[i], "-o") == 0 && argv[i + 1] == spare[0]) {
			i++;
			continue;
		}
		char word[300];
		(void)snprintf(word, sizeof(word), "%s", argv[i]);
		if (i > 0 && argv[i] == slot->point.fault)
			word[strcspn(word, "!")] = '\0';
		print_quoted(argv[i] == slot->point.fault ? word : argv[i]);
	}
	(void)printf("; echo $?)\n");
}

static void tell(const struct campaign *c, const struct slot *slot, const struct result *res,
		 const char *verdict)
{
	(void)printf("violation: ");
	print_point(c, &slot->point);
	(void)printf(": %s", verdict);
	if (*res->left != '\0')
		(void)printf(" %s", res->left);
	(void)printf(" (status %d)\n", res->status);
	char err[TEXT];
	size_t length = strlen(res->err);
	for (size_t i = 0; i <= length; i++)
		err[i] = ((unsigned char)res->err[i] < ' ' && res->err[i] != '\n' &&
			  res->err[i] != '\0')
				 ? '?'
				 : res->err[i];
	char *rest;
	for (char *line = strtok_r(err, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		(void)printf("    stderr: %s\n", line);
	print_again(c, slot);
}

#endif
