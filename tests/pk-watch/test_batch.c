/* The set of changed paths. */
#include "tests/check.h"

#include <stdio.h>

#include "batch.h"
#include "output.h"

static void add(struct batch *batch, const char *path, enum kind kind, unsigned flags)
{
	batch_add(batch, path, strlen(path), kind, flags);
}

static void a_path_counts_once(void **state)
{
	scoped(batch_drop) struct batch batch = BATCH_EMPTY(KIND_ALL);

	(void)state;
	for (int i = 0; i < 10; i++)
		add(&batch, "a", KIND_MODIFY, 0);
	assert_int_equal(batch.count, 1);
	assert_int_equal(batch_kind(batch_first(&batch)), KIND_MODIFY);
}

static void a_file_that_came_and_went_is_no_change(void **state)
{
	scoped(batch_drop) struct batch batch = BATCH_EMPTY(KIND_ALL);

	(void)state;
	add(&batch, "4913", KIND_CREATE, BATCH_BORN | BATCH_UNFINISHED);
	assert_int_equal(batch.count, 1);
	add(&batch, "4913", KIND_DELETE, 0);
	assert_int_equal(batch.count, 0);
	assert_int_equal(batch.unfinished, 0);
	assert_null(batch_first(&batch));
	add(&batch, "4913", KIND_CREATE, BATCH_BORN);
	assert_int_equal(batch.count, 1);
}

static void a_file_that_went_and_came_is_modified(void **state)
{
	scoped(batch_drop) struct batch batch = BATCH_EMPTY(KIND_ALL);

	(void)state;
	add(&batch, "a", KIND_DELETE, 0);
	add(&batch, "a", KIND_CREATE, BATCH_BORN);
	assert_int_equal(batch_kind(batch_first(&batch)), KIND_MODIFY);
}

static void a_replaced_file_that_is_deleted_counts(void **state)
{
	scoped(batch_drop) struct batch batch = BATCH_EMPTY(KIND_ALL);

	(void)state;
	/* Renamed into place: it may have existed before. */
	add(&batch, "a", KIND_CREATE, 0);
	add(&batch, "a", KIND_DELETE, 0);
	assert_int_equal(batch.count, 1);
	assert_int_equal(batch_kind(batch_first(&batch)), KIND_DELETE);
}

static void a_writer_holds_until_it_closes(void **state)
{
	scoped(batch_drop) struct batch batch = BATCH_EMPTY(KIND_ALL);

	(void)state;
	add(&batch, "a", KIND_MODIFY, BATCH_UNFINISHED);
	add(&batch, "b", KIND_MODIFY, 0);
	assert_int_equal(batch.unfinished, 1);
	add(&batch, "a", KIND_ATTRIB, 0);
	assert_int_equal(batch.unfinished, 1);
	add(&batch, "a", KIND_MODIFY, 0);
	assert_int_equal(batch.unfinished, 0);
}

static void kinds_that_are_not_wanted_do_not_count(void **state)
{
	scoped(batch_drop) struct batch batch = BATCH_EMPTY(KIND_DELETE);

	(void)state;
	add(&batch, "a", KIND_MODIFY, BATCH_UNFINISHED);
	assert_int_equal(batch.count + batch.unfinished, 0);
	add(&batch, "a", KIND_DELETE, 0);
	assert_int_equal(batch.count, 1);
}

static void a_guessed_kind_is_one_that_is_wanted(void **state)
{
	static const struct {
		unsigned wanted;
		enum kind kind;
	} rows[] = {{KIND_ALL, KIND_MODIFY},
		    {KIND_CREATE | KIND_DELETE, KIND_CREATE},
		    {KIND_ATTRIB, KIND_ATTRIB},
		    {KIND_DELETE, KIND_DELETE}};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		scoped(batch_drop) struct batch batch = BATCH_EMPTY(rows[i].wanted);

		add(&batch, "a", KIND_MODIFY, BATCH_GUESSED);
		assert_int_equal(batch.count, 1);
		assert_int_equal(batch_kind(batch_first(&batch)), rows[i].kind);
	}
}

static void ten_thousand_paths_are_all_kept_in_order(void **state)
{
	scoped(batch_drop) struct batch batch = BATCH_EMPTY(KIND_ALL);
	char path[32];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 10000; i++) {
			(void)snprintf(path, sizeof(path), "dir%d/file%d", i % 7, i);
			add(&batch, path, KIND_MODIFY, 0);
		}
		assert_int_equal(batch.count, 10000);
		for (int i = 0; i < 10000; i++) {
			(void)snprintf(path, sizeof(path), "dir%d/file%d", i % 7, i);
			assert_string_equal(batch_path(&batch, &batch.entries[i]), path);
		}
		batch_clear(&batch);
		assert_int_equal(batch.count, 0);
	}
}

static void the_signature_does_not_know_order(void **state)
{
	scoped(batch_drop) struct batch a = BATCH_EMPTY(KIND_ALL), b = BATCH_EMPTY(KIND_ALL);

	(void)state;
	add(&a, "x", KIND_MODIFY, 0);
	add(&a, "y", KIND_MODIFY, 0);
	add(&b, "y", KIND_CREATE, 0);
	assert_true(batch_signature(&a) != batch_signature(&b));
	add(&b, "x", KIND_MODIFY, 0);
	assert_true(batch_signature(&a) == batch_signature(&b));
}

static const char *written(const struct batch *batch, enum format format, struct buf *out)
{
	out->len = 0;
	assert_int_equal(output_batch(batch, format, out), 0);
	assert_int_equal(buf_add(out, "", 1), 0);
	return out->bytes;
}

static void records_are_lines_nul_or_json(void **state)
{
	scoped(batch_drop) struct batch batch = BATCH_EMPTY(KIND_ALL);
	scoped(buf_drop) struct buf out = {.cap = 1 << 20};

	(void)state;
	add(&batch, "a \"b\"\n", KIND_MODIFY, 0);
	add(&batch, "d", KIND_CREATE, BATCH_DIR);
	assert_string_equal(written(&batch, FORMAT_LINES, &out), "a \"b\"\n\nd\n");
	assert_memory_equal(written(&batch, FORMAT_NULL, &out), "a \"b\"\n\0d\0", 10);
	assert_string_equal(written(&batch, FORMAT_JSON, &out),
			    "{\"path\":\"a \\\"b\\\"\\n\",\"kind\":\"modify\",\"type\":\"file\"}\n"
			    "{\"path\":\"d\",\"kind\":\"create\",\"type\":\"dir\"}\n");
}

static void a_name_that_is_not_utf8_is_given_in_base64_too(void **state)
{
	scoped(batch_drop) struct batch batch = BATCH_EMPTY(KIND_ALL);
	scoped(buf_drop) struct buf out = {.cap = 1 << 20};

	(void)state;
	add(&batch, "a\xff", KIND_DELETE, 0);
	assert_string_equal(written(&batch, FORMAT_JSON, &out),
			    "{\"path\":\"a\xef\xbf\xbd\",\"kind\":\"delete\",\"type\":\"file\","
			    "\"path_b64\":\"Yf8=\"}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_counts_once),
		cmocka_unit_test(a_file_that_came_and_went_is_no_change),
		cmocka_unit_test(a_file_that_went_and_came_is_modified),
		cmocka_unit_test(a_replaced_file_that_is_deleted_counts),
		cmocka_unit_test(a_writer_holds_until_it_closes),
		cmocka_unit_test(kinds_that_are_not_wanted_do_not_count),
		cmocka_unit_test(a_guessed_kind_is_one_that_is_wanted),
		cmocka_unit_test(ten_thousand_paths_are_all_kept_in_order),
		cmocka_unit_test(the_signature_does_not_know_order),
		cmocka_unit_test(records_are_lines_nul_or_json),
		cmocka_unit_test(a_name_that_is_not_utf8_is_given_in_base64_too),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
