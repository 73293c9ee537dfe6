#ifndef PK_SPAWN_SPEC_H
#define PK_SPAWN_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base.h"

/* How it is known that something is ready, as --ready and --wait-for say it. Pure. */
enum spec_kind {
	SPEC_TCP,    /* tcp:[HOST:]PORT */
	SPEC_UNIX,   /* unix:PATH */
	SPEC_HTTP,   /* http://HOST[:PORT][/PATH] */
	SPEC_LINE,   /* line:ERE */
	SPEC_FD,     /* fd:N */
	SPEC_NOTIFY, /* notify */
	SPEC_FILE,   /* file:PATH */
	SPEC_EXEC,   /* exec:CMD */
};

#define SPEC_HOST_MAX 254 /* a name of DNS is shorter */

struct spec {
	enum spec_kind kind;
	const char *text;	  /* all of it, for messages */
	const char *rest;	  /* PATH, ERE, CMD; http: what follows the port, maybe "" */
	char host[SPEC_HOST_MAX]; /* without the brackets of an IPv6 address; "" is any */
	uint16_t port;
	int fd;
};

/*
 * Read a SPEC; text must outlive it. With `foreign` it is about something that is not ours: only tcp, unix,
 * http, file and exec can be asked from outside, and HOST may be any name. Otherwise HOST is
 * localhost or an address. Returns NULL with *ret set, or what was expected instead.
 */
must_check const char *spec_parse(struct spec *ret, const char *text, bool foreign);

/* "tcp", "http" ... */
const char *spec_kind_name(enum spec_kind kind);

#endif
