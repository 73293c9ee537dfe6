/* Judging names: which ignore lists apply, in which order. */
#include "view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void add_list(struct view *view, const struct rules *rules, size_t skip)
{
	if (!rules || view->count == VIEW_LISTS_MAX)
		return;
	view->lists[view->count].rules = rules;
	view->lists[view->count++].skip = skip;
}

int view_at(struct view *view, const struct watchset *set, int dir)
{
	const struct dir *d = &set->dirs.all[dir];
	int len = dirs_path(&set->dirs, dir, "", view->path);

	if (len < 0)
		return len;
	view->set = set;
	view->len = (size_t)len;
	view->count = 0;
	for (; d->parent != DIR_NONE; d = &set->dirs.all[d->parent]) {
		add_list(view, d->rules, (size_t)len);
		len -= d->name_len + 1;
	}
	add_list(view, d->rules, (size_t)len);
	view->root = &set->roots[d->root];
	view->within = (size_t)len;
	return 0;
}

int view_name(struct view *view, const char *name)
{
	size_t len = strlen(name);

	if (view->len + len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(view->path + view->len, name, len + 1);
	return (int)(view->len + len);
}

/* The lists above the root, the nearest first: they stand in order from the top down. */
static enum rule ask_above(const struct view *view, bool is_dir)
{
	const struct above *above = view->set->above + view->root->above;
	const char *below = view->path + view->within;
	enum rule rule = RULE_NONE;

	for (size_t i = view->root->above_count; i-- > 0 && rule == RULE_NONE;) {
		char path[2 * PATH_MAX];
		size_t lead = strlen(above[i].lead), len = strlen(below);

		if (lead + len + 2 > sizeof(path))
			continue;
		memcpy(path, above[i].lead, lead);
		path[lead] = '/';
		memcpy(path + lead + 1, below, len + 1);
		rule = rules_ask(above[i].rules, path, is_dir);
	}
	return rule;
}

bool view_ignores(const struct view *view, bool is_dir)
{
	const struct watchset *set = view->set;
	enum rule rule = rules_ask(set->ignores, view->path + view->root->skip, is_dir);

	for (size_t i = 0; i < view->count && rule == RULE_NONE; i++)
		rule = rules_ask(view->lists[i].rules, view->path + view->lists[i].skip, is_dir);
	if (rule == RULE_NONE && view->root->above_count > 0)
		rule = ask_above(view, is_dir);
	if (rule == RULE_NONE)
		rule = rules_ask(set->built_in, view->path + view->within, is_dir);
	return rule == RULE_MATCH;
}

bool view_selects(const struct view *view, bool is_dir)
{
	char path[PATH_MAX];
	char *slash;

	if (!view->set->selects)
		return true;
	(void)snprintf(path, sizeof(path), "%s", view->path + view->root->skip);
	while (rules_ask(view->set->selects, path, is_dir) != RULE_MATCH) {
		slash = strrchr(path, '/');
		if (!slash)
			return false;
		*slash = '\0';
		is_dir = true;
	}
	return true;
}
