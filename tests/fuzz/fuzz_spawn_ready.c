/* What readiness reads: SPECs, HTTP answers, notifications, lines of the socket tables. */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "listener.h"
#include "notify.h"
#include "spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_spec(const char *text, bool foreign)
{
	struct spec spec = {.port = 1};
	char request[ANSWER_REQUEST_MAX];

	if (spec_parse(&spec, text, foreign))
		return;
	assert(spec.text == text);
	assert(spec.kind != SPEC_TCP || spec.port > 0);
	assert(strlen(spec.host) < sizeof(spec.host));
	if (spec.kind != SPEC_HTTP)
		return;
	/* One line, and a head that nothing of the SPEC can add to. */
	if (answer_request(&spec, request) > 0)
		assert(strstr(request, "\r\nHost: ") == strchr(request, '\r'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct listener listener;
	char *text = strndup((const char *)data, size);
	int status;

	if (!text)
		return 0;
	try_spec(text, false);
	try_spec(text, true);
	status = answer_status((const char *)data, size);
	assert(status == 0 || status == -EINVAL || (status >= 100 && status <= 999));
	assert(size < ANSWER_ENOUGH || status != 0);
	(void)notify_has((const char *)data, size, "READY=1");
	if (listener_parse(text, AF_INET, &listener) == 0 ||
	    listener_parse(text, AF_INET6, &listener) == 0)
		(void)listener_is_for(&listener, "localhost");
	free(text);
	return 0;
}
