/* Numbers, sizes, signal names, errno names, endings and UTF-8: the small readers of text. */
#include <errno.h>
#include <signal.h>

#include "common/base.h"
#include "common/errname.h"
#include "common/num.h"
#include "common/signame.h"
#include "common/status.h"
#include "common/utf8.h"
#include "tests/check.h"

static void numbers_are_digits_within_their_bounds(void **state)
{
	int64_t n = 7;

	(void)state;
	assert_int_equal(num_parse("0", 0, 10, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(num_parse("9223372036854775807", 0, INT64_MAX, &n), 0);
	assert_int_equal(n, INT64_MAX);
	n = 7;
	assert_int_equal(num_parse("11", 0, 10, &n), -ERANGE);
	assert_int_equal(num_parse("0", 1, 10, &n), -ERANGE);
	assert_int_equal(num_parse("9223372036854775808", 0, INT64_MAX, &n), -ERANGE);
	for (const char *const *bad =
		     (const char *const[]){"", "-1", "+1", " 1", "1 ", "1x", "0x1", NULL};
	     *bad; bad++)
		assert_int_equal(num_parse(*bad, 0, 100, &n), -EINVAL);
	assert_int_equal(n, 7);
}

static void sizes_are_powers_of_1024(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} rows[] = {{"0", 0},
		    {"4096", 4096},
		    {"4K", 4096},
		    {"4k", 4096},
		    {"1M", 1 << 20},
		    {"2G", INT64_C(2) << 30},
		    {"1T", INT64_C(1) << 40}};
	int64_t n = 7;

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++) {
		assert_int_equal(num_parse_size(rows[i].text, &n), 0);
		assert_int_equal(n, rows[i].bytes);
	}
	n = 7;
	for (const char *const *bad =
		     (const char *const[]){"", "K", "4KB", "4 K", "1.5M", "-1", "4P", "1\v", NULL};
	     *bad; bad++)
		assert_int_equal(num_parse_size(*bad, &n), -EINVAL);
	assert_int_equal(num_parse_size("9000000000G", &n), -ERANGE);
	assert_int_equal(n, 7);
}

static void random_bytes_differ(void **state)
{
	uint64_t a = 0, b = 0;

	(void)state;
	assert_int_equal(num_random(&a, sizeof(a)), 0);
	assert_int_equal(num_random(&b, sizeof(b)), 0);
	assert_true(a != b);
}

static void every_signal_has_a_name_that_reads_back(void **state)
{
	(void)state;
	for (int i = 1; i < SIGRTMAX; i++) {
		char text[SIGNAME_MAX];
		int got = 0;

		assert_int_equal(signame_parse(signame(i, text), &got), 0);
		assert_int_equal(got, i);
	}
}

static void signals_are_read_by_name_or_number(void **state)
{
	int got = 7;

	(void)state;
	for (const char *const *term =
		     (const char *const[]){"TERM", "SIGTERM", "term", "sigterm", "15", NULL};
	     *term; term++) {
		assert_int_equal(signame_parse(*term, &got), 0);
		assert_int_equal(got, SIGTERM);
	}
	got = 7;
	for (const char *const *bad =
		     (const char *const[]){"", "0", "-1", "SIG", "TERMX", "999", "15 ", NULL};
	     *bad; bad++)
		assert_int_equal(signame_parse(*bad, &got), -EINVAL);
	assert_int_equal(got, 7);
}

static void errno_values_have_their_symbols(void **state)
{
	(void)state;
	assert_string_equal(errname(ENOENT), "ENOENT");
	assert_string_equal(errname(ENOSPC), "ENOSPC");
	assert_string_equal(errname(EAGAIN), "EAGAIN");
	assert_string_equal(errname(0), "EUNKNOWN");
	assert_string_equal(errname(-5), "EUNKNOWN");
	assert_string_equal(errname(100000), "EUNKNOWN");
}

static void an_ending_is_a_code_or_a_signal(void **state)
{
	(void)state;
	assert_int_equal(ending_status(ending_of(7 << 8)), 7);
	assert_int_equal(ending_of(SIGKILL).signal, SIGKILL);
	assert_int_equal(ending_status(ending_of(SIGKILL)), 137);
	/* With a core: the flag is not part of the signal. */
	assert_int_equal(ending_status(ending_of(SIGSEGV | 0x80)), 139);
	assert_int_equal(status_of_exec(ENOENT), 127);
	assert_int_equal(status_of_exec(EACCES), 126);
	assert_int_equal(status_of_exec(E2BIG), 126);
}

static void only_well_formed_utf8_has_a_length(void **state)
{
	static const struct {
		const char *bytes;
		size_t len, want;
	} rows[] = {
		{"a", 1, 1},
		{"\0", 1, 1},
		{"\xc3\xa9", 2, 2},
		{"\xe2\x82\xac", 3, 3},
		{"\xf0\x9f\x98\x80", 4, 4},
		{"\xf4\x8f\xbf\xbf", 4, 4},
		{"", 0, 0},
		{"\x80", 1, 0},
		{"\xc3", 1, 0},
		{"\xc0\xaf", 2, 0},	    /* overlong */
		{"\xe0\x80\xaf", 3, 0},	    /* overlong */
		{"\xf0\x80\x80\xaf", 4, 0}, /* overlong */
		{"\xed\xa0\x80", 3, 0},	    /* surrogate */
		{"\xf4\x90\x80\x80", 4, 0}, /* beyond U+10FFFF */
		{"\xf5\x80\x80\x80", 4, 0},
		{"\xe2\x82", 2, 0},
		{"\xe2\x28\xa1", 3, 0},
	};

	(void)state;
	for (size_t i = 0; i < array_len(rows); i++)
		assert_int_equal(utf8_len(rows[i].bytes, rows[i].len), rows[i].want);
}

static void num_text_writes_every_value(void **state)
{
	char text[NUM_TEXT_MAX];

	(void)state;
	assert_string_equal(num_text(text, 0), "0");
	assert_string_equal(num_text(text, 10), "10");
	assert_string_equal(num_text(text, -7), "-7");
	assert_string_equal(num_text(text, INT64_MAX), "9223372036854775807");
	assert_string_equal(num_text(text, INT64_MIN), "-9223372036854775808");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(num_text_writes_every_value),
		cmocka_unit_test(numbers_are_digits_within_their_bounds),
		cmocka_unit_test(sizes_are_powers_of_1024),
		cmocka_unit_test(random_bytes_differ),
		cmocka_unit_test(every_signal_has_a_name_that_reads_back),
		cmocka_unit_test(signals_are_read_by_name_or_number),
		cmocka_unit_test(errno_values_have_their_symbols),
		cmocka_unit_test(an_ending_is_a_code_or_a_signal),
		cmocka_unit_test(only_well_formed_utf8_has_a_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
