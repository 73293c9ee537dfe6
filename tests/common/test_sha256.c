/* sha256: the vectors of FIPS 180-4 and NIST, in one piece and byte by byte, and the text form. */
#include "tests/check.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/sha256.h"

static const struct {
	const char *text;
	const char *hash;
} vectors[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	{"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
	 "ijklmnopjklmnopqklmnopqrlmnopqrs"
	 "mnopqrstnopqrstu",
	 "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

static void assert_hash(struct sha256 *hash, const char *wanted)
{
	uint8_t got[SHA256_SIZE];
	char text[SHA256_TEXT];

	sha256_end(hash, got);
	sha256_format(text, got);
	assert_string_equal(text, wanted);
}

static void the_standard_s_vectors_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct sha256 hash;

		sha256_begin(&hash);
		sha256_add(&hash, vectors[i].text, strlen(vectors[i].text));
		assert_hash(&hash, vectors[i].hash);
		sha256_begin(&hash);
		for (const char *c = vectors[i].text; *c; c++)
			sha256_add(&hash, c, 1);
		assert_hash(&hash, vectors[i].hash);
	}
}

static void a_million_letters_in_pieces_of_every_size(void **state)
{
	static char letters[1000];
	struct sha256 hash;
	size_t left = 1000000;

	(void)state;
	memset(letters, 'a', sizeof(letters));
	sha256_begin(&hash);
	for (size_t piece = 1; left > 0; piece = piece % 999 + 1) {
		size_t take = piece < left ? piece : left;

		sha256_add(&hash, letters, take);
		left -= take;
	}
	assert_hash(&hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void every_length_around_a_block_agrees_with_sha256sum(void **state)
{
	/* sha256sum of the hashes, as text and newline, of 0 to 129 letters x. */
	char text[SHA256_TEXT], letters[130];
	uint8_t got[SHA256_SIZE];
	struct sha256 all, one;

	(void)state;
	memset(letters, 'x', sizeof(letters));
	sha256_begin(&all);
	for (size_t len = 0; len < sizeof(letters); len++) {
		sha256_begin(&one);
		sha256_add(&one, letters, len);
		sha256_end(&one, got);
		sha256_format(text, got);
		text[SHA256_TEXT - 1] = '\n';
		sha256_add(&all, text, SHA256_TEXT);
	}
	assert_hash(&all, "54e636193da61eccb0a481761cc00c6271ddc587c6348626d767d7a6af984080");
}

static void a_file_is_hashed_from_its_beginning(void **state)
{
	char path[] = "/tmp/pk-sha256.XXXXXX", text[SHA256_TEXT];
	int fd = mkstemp(path);
	uint8_t got[SHA256_SIZE];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(fd, "abc", 3), 3);
	assert_int_equal(sha256_file(fd, got), 0);
	sha256_format(text, got);
	assert_string_equal(text, vectors[1].hash);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 3);
	assert_int_equal(close(fd), 0);
	assert_int_equal(sha256_file(-1, got), -EBADF);
}

static void text_is_64_digits_or_refused(void **state)
{
	static const char *const bad[] = {
		"", "0", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8550",
		"g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};
	uint8_t hash[SHA256_SIZE] = {7}, untouched[SHA256_SIZE] = {7};
	char text[SHA256_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sha256_parse(bad[i], hash), -EINVAL);
	assert_memory_equal(hash, untouched, sizeof(hash));
	assert_int_equal(
		sha256_parse("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
			     hash),
		0);
	sha256_format(text, hash);
	assert_string_equal(text, vectors[0].hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standard_s_vectors_hold),
		cmocka_unit_test(a_million_letters_in_pieces_of_every_size),
		cmocka_unit_test(every_length_around_a_block_agrees_with_sha256sum),
		cmocka_unit_test(a_file_is_hashed_from_its_beginning),
		cmocka_unit_test(text_is_64_digits_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
