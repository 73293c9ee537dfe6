#ifndef PK_SHA256_H
#define PK_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/* SHA-256 (FIPS 180-4), for files that are compared with a known hash. */
#define SHA256_SIZE 32
#define SHA256_TEXT (2 * SHA256_SIZE + 1)

struct sha256 {
	uint32_t state[8];
	uint64_t len;
	uint8_t block[64];
};

void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t len);
void sha256_end(struct sha256 *hash, uint8_t ret[static SHA256_SIZE]);

/* The hash of a file from its beginning; the file offset is not moved. Returns 0 or -errno. */
must_check int sha256_file(int fd, uint8_t ret[static SHA256_SIZE]);

/* From and to 64 hexadecimal digits. Returns 0, or -EINVAL with *ret untouched. */
must_check int sha256_parse(const char *text, uint8_t ret[static SHA256_SIZE]);
void sha256_format(char text[static SHA256_TEXT], const uint8_t hash[static SHA256_SIZE]);

#endif
