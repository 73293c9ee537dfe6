/* Part of campaign: which faults are tried at the calls that a role makes, and which of them now. */
#ifndef PK_FAULT_PLAN_H
#define PK_FAULT_PLAN_H

#include "faults.h"
#include "scenario.h"

/* The same points for the same seed, whatever else is in the plan. */
static bool sampled(const struct campaign *c, const struct point *p)
{
	char key[256];
	int length = snprintf(key, sizeof(key), "%s %s %s %lu %s", c->name, p->role, p->call,
			      p->nth, p->fault);
	uint64_t hash = UINT64_C(14695981039346656037) ^ c->seed * UINT64_C(0x9e3779b97f4a7c15);
	for (int i = 0; i < length && i < (int)sizeof(key) - 1; i++)
		hash = (hash ^ (unsigned char)key[i]) * UINT64_C(1099511628211);
	hash ^= hash >> 31;
	hash *= UINT64_C(0xbf58476d1ce4e5b9);
	hash ^= hash >> 29;
	return (double)(hash % 1000000) < c->percent * 10000;
}

static void add_point(struct campaign *c, const char *role, const char *call, unsigned long nth,
		      const char *fault)
{
	struct point p = {.role = role, .nth = nth};
	(void)snprintf(p.call, sizeof(p.call), "%s", call);
	(void)snprintf(p.fault, sizeof(p.fault), "%s", fault);
	if (sampled(c, &p) && c->point_count < MAX_POINTS)
		c->points[c->point_count++] = p;
}

static const char *errors_of(const char *call)
{
	const struct call_faults *row = fault_table;
	while (row->calls != NULL && !has_word(row->calls, call))
		row++;
	return row->errors;
}

static void add_call(struct campaign *c, const char *role, const char *call, unsigned long count)
{
	if (has_word(calls_never, call) || (*c->calls != '\0' && !has_word(c->calls, call)) ||
	    has_word(c->skip, call))
		return;
	for (unsigned long nth = 1; nth <= count; nth++) {
		add_point(c, role, call, nth, "KILL");
		add_point(c, role, call, nth, "CHLD");
		if (strcmp(role, "front") == 0)
			add_point(c, role, call, nth, "TERM");
	}
	char errors[256];
	(void)snprintf(errors, sizeof(errors), "%s", errors_of(call));
	char *rest;
	for (char *e = strtok_r(errors, " ", &rest); e != NULL; e = strtok_r(NULL, " ", &rest)) {
		bool each = strchr(e, '!') == NULL;
		for (unsigned long nth = 1; nth <= (each ? count : 1); nth++)
			add_point(c, role, call, each ? nth : 0, e);
	}
}

#endif
