/* Durations, sizes, numbers and signal names: refused or within their range, and never half set. */
#include <assert.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/clock.h"
#include "common/num.h"
#include "common/signame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_duration(const char *text)
{
	char again[NS_TEXT_MAX];
	int64_t ns = -7, back = -7;

	if (ns_parse(text, &ns) < 0) {
		assert(ns == -7);
		return;
	}
	assert(ns >= 0);
	ns_format(again, ns);
	/* The text form is whole milliseconds, rounded up: near the end of time that overflows. */
	if (ns_parse(again, &back) == 0 && ns != NS_NEVER)
		assert(back >= ns && back - ns < NS_PER_MS);
}

static void try_numbers(const char *text)
{
	int64_t n = -7;

	if (num_parse(text, 3, 1000, &n) < 0)
		assert(n == -7);
	else
		assert(n >= 3 && n <= 1000);
	n = -7;
	if (num_parse_size(text, &n) < 0)
		assert(n == -7);
	else
		assert(n >= 0);
}

static void try_signal(const char *text)
{
	char name[SIGNAME_MAX];
	int got = -7, back = -7;

	if (signame_parse(text, &got) < 0) {
		assert(got == -7);
		return;
	}
	assert(got >= 1 && got <= SIGRTMAX);
	assert(signame_parse(signame(got, name), &back) == 0 && back == got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[64];

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	try_duration(text);
	try_numbers(text);
	try_signal(text);
	return 0;
}
