/* sha256: the hash does not depend on the pieces that the bytes come in, and its text is read back as it was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/sha256.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *bytes, size_t size)
{
	uint8_t hash[SHA256_SIZE];
	char text[SHA256_TEXT + 8] = "", back[SHA256_TEXT];

	memcpy(text, bytes, size < SHA256_TEXT + 7 ? size : SHA256_TEXT + 7);
	if (sha256_parse(text, hash) < 0)
		return;
	sha256_format(back, hash);
	for (size_t i = 0; i < SHA256_TEXT - 1; i++)
		if (back[i] != text[i] && back[i] != text[i] + 'a' - 'A')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t once[SHA256_SIZE], pieces[SHA256_SIZE];
	struct sha256 hash;
	size_t cut = size > 0 ? data[0] % size : 0;

	sha256_begin(&hash);
	sha256_add(&hash, data, size);
	sha256_end(&hash, once);
	sha256_begin(&hash);
	sha256_add(&hash, data, cut);
	sha256_add(&hash, data + cut, size - cut);
	sha256_end(&hash, pieces);
	if (memcmp(once, pieces, sizeof(once)) != 0)
		abort();
	check_text((const char *)data, size);
	return 0;
}
