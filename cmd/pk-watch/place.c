/* Judging names: which ignore lists apply, in which order. */
#include "place.h"

#include <errno.h>
#include <string.h>

static void add_list(struct place *place, const struct rules *rules, size_t skip)
{
	if (!rules || place->count == PLACE_LISTS_MAX)
		return;
	place->lists[place->count].rules = rules;
	place->lists[place->count++].skip = skip;
}

int place_at(struct place *place, const struct watchset *set, int dir)
{
	const struct dir *d = &set->dirs.all[dir];
	int len = dirs_path(&set->dirs, dir, "", place->path);

	if (len < 0)
		return len;
	place->set = set;
	place->len = (size_t)len;
	place->count = 0;
	for (; d->parent != DIR_NONE; d = &set->dirs.all[d->parent]) {
		add_list(place, d->rules, (size_t)len);
		len -= d->name_len + 1;
	}
	add_list(place, d->rules, (size_t)len);
	place->root = &set->roots[d->root];
	place->within = (size_t)len;
	return 0;
}

int place_name(struct place *place, const char *name)
{
	size_t len = strlen(name);

	if (place->len + len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(place->path + place->len, name, len + 1);
	return (int)(place->len + len);
}

/* The lists above the root, the nearest first: they stand in order from the top down. */
static enum rule ask_above(const struct place *place, bool is_dir)
{
	const struct above *above = place->set->above + place->root->above;
	const char *below = place->path + place->within;
	enum rule rule = RULE_NONE;

	for (size_t i = place->root->above_count; i-- > 0 && rule == RULE_NONE;) {
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

bool place_ignores(const struct place *place, bool is_dir)
{
	const struct watchset *set = place->set;
	enum rule rule = rules_ask(set->ignores, place->path + place->root->skip, is_dir);

	for (size_t i = 0; i < place->count && rule == RULE_NONE; i++)
		rule = rules_ask(place->lists[i].rules, place->path + place->lists[i].skip, is_dir);
	if (rule == RULE_NONE && place->root->above_count > 0)
		rule = ask_above(place, is_dir);
	if (rule == RULE_NONE)
		rule = rules_ask(set->built_in, place->path + place->within, is_dir);
	return rule == RULE_MATCH;
}

bool place_selects(const struct place *place, bool is_dir)
{
	char path[PATH_MAX];
	char *slash;

	if (!place->set->selects)
		return true;
	(void)strcpy(path, place->path + place->root->skip);
	while (rules_ask(place->set->selects, path, is_dir) != RULE_MATCH) {
		slash = strrchr(path, '/');
		if (!slash)
			return false;
		*slash = '\0';
		is_dir = true;
	}
	return true;
}
