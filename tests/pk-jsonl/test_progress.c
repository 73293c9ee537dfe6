/* What a long reading says of itself. */
#include "tests/check.h"

#include "common/clock.h"
#include "progress.h"

static void the_line_has_size_speed_and_time(void **state)
{
	static const struct {
		int64_t bytes, total, elapsed;
		const char *text;
	} rows[] = {
		{0, 1000, 0, "0 of 1.0K (0%), 0/s, 1s left"},
		{INT64_C(1) << 30, INT64_C(4) << 30, NS_PER_S,
		 "1.0G of 4.0G (25%), 1.0G/s, 4s left"},
		{INT64_C(300) << 20, INT64_C(600) << 20, 2 * NS_PER_S,
		 "300M of 600M (50%), 150M/s, 3s left"},
		/* The file has become shorter, or longer while it was read. */
		{2048, 1024, NS_PER_S, "2.0K of 1.0K (100%), 2.0K/s, 1s left"},
		{1, INT64_MAX, INT64_MAX / 2, "1 of 8.0E (0%), 0/s, inf left"},
	};
	char text[PROGRESS_MAX];

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		(void)progress_text(text, rows[i].bytes, rows[i].total, rows[i].elapsed);
		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_line_has_size_speed_and_time)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
