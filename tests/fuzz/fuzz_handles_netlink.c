/* Answers of sock_diag, and the addresses in them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sock_table table = {.open = true};
	char text[SOCK_TEXT_MAX];
	/* malloc aligns as the kernel's messages are, and its end is guarded. */
	void *bytes = malloc(size ? size : 1);

	if (!bytes)
		return 0;
	memcpy(bytes, data, size);
	(void)!sock_parse(&table, bytes, size);
	for (size_t i = 0; i < table.count; i++) {
		(void)sock_local(&table.socks[i], text);
		(void)sock_remote(&table.socks[i], text);
		(void)sock_state_name(&table.socks[i]);
	}
	sock_table_drop(&table);
	free(bytes);
	return 0;
}
