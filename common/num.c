/* Numbers and sizes from text, and random bytes. */
#include "common/num.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/fd.h"

/* The digits at *text, which moves behind them. */
static int parse_digits(const char **text, int64_t *ret)
{
	const char *p = *text;
	int64_t value = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *p - '0', &value))
			return -ERANGE;
	*text = p;
	*ret = value;
	return 0;
}

const char *num_text(char text[static NUM_TEXT_MAX], int64_t value)
{
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	char *at = text + NUM_TEXT_MAX - 1;

	*at = '\0';
	do
		*--at = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (value < 0)
		*--at = '-';
	return at;
}

int num_parse(const char *text, int64_t least, int64_t most, int64_t *ret)
{
	int64_t value = 0;
	int err = parse_digits(&text, &value);

	if (err < 0)
		return err;
	if (*text != '\0')
		return -EINVAL;
	if (value < least || value > most)
		return -ERANGE;
	*ret = value;
	return 0;
}

int num_parse_size(const char *text, int64_t *ret)
{
	static const char units[] = "KMGT";
	int64_t value = 0;
	int err = parse_digits(&text, &value);

	if (err < 0)
		return err;
	if (*text != '\0') {
		const char upper = (char)(*text & ~0x20);
		const char *unit = strchr(units, upper);

		if (!unit || upper == '\0' || text[1] != '\0')
			return -EINVAL;
		if (__builtin_mul_overflow(value, INT64_C(1) << (10 * (unit - units + 1)), &value))
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

static int read_urandom(void *bytes, size_t len)
{
	scoped(fd_drop) int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = fd_read_full(fd, bytes, len);
	if (got < 0)
		return (int)got;
	return (size_t)got == len ? 0 : -EIO;
}

int num_random(void *bytes, size_t len)
{
	/* Up to 256 bytes come whole once the kernel's generator is ready (random(4)). */
	if (len <= 256 && getrandom(bytes, len, 0) == (ssize_t)len)
		return 0;
	return read_urandom(bytes, len);
}
