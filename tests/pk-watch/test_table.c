/* The hash table, against a plain array. */
#include "tests/check.h"

#include "table.h"

enum { ITEMS = 500 };

/* Few hashes, so that runs are long and wrap around the end. */
static uint32_t hash_of(int item)
{
	return UINT32_MAX - (uint32_t)item % 37;
}

static bool has(const struct table *table, int item)
{
	size_t at;
	int found = table_first(table, hash_of(item), &at);

	while (found >= 0 && found != item) {
		assert_int_equal(hash_of(found), hash_of(item));
		found = table_next(table, hash_of(item), &at);
	}
	return found == item;
}

static void an_empty_table_has_nothing(void **state)
{
	struct table table = {0};
	size_t at;

	(void)state;
	assert_int_equal(table_first(&table, 7, &at), -1);
	table_take(&table, 7, 7);
	table_clear(&table);
	assert_int_equal(table.used, 0);
	table_drop(&table);
}

static void what_goes_in_and_out_is_what_is_there(void **state)
{
	struct table table = {0};
	bool there[ITEMS] = {false};
	uint32_t seed = 1;
	size_t used = 0;

	(void)state;
	for (int step = 0; step < 20000; step++) {
		int item = (int)((seed = seed * 1664525 + 1013904223) >> 16) % ITEMS;

		if (there[item])
			table_take(&table, hash_of(item), item);
		else
			assert_int_equal(table_add(&table, hash_of(item), item), 0);
		there[item] = !there[item];
		used += there[item] ? 1 : (size_t)-1;
		assert_int_equal(table.used, used);
		if (step % 500 == 0)
			for (int i = 0; i < ITEMS; i++)
				assert_int_equal(has(&table, i), there[i]);
	}
	table_clear(&table);
	for (int i = 0; i < ITEMS; i++)
		assert_false(has(&table, i));
	table_drop(&table);
}

static void hashes_depend_on_the_seed_and_every_byte(void **state)
{
	(void)state;
	assert_int_equal(table_hash(3, "abc", 3), table_hash(3, "abcd", 3));
	assert_int_not_equal(table_hash(3, "abc", 3), table_hash(4, "abc", 3));
	assert_int_not_equal(table_hash(3, "abc", 3), table_hash(3, "abd", 3));
	assert_int_not_equal(table_hash(3, "abc", 3), table_hash(3, "abc", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_table_has_nothing),
		cmocka_unit_test(what_goes_in_and_out_is_what_is_there),
		cmocka_unit_test(hashes_depend_on_the_seed_and_every_byte),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
