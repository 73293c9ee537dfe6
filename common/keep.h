#ifndef PK_KEEP_H
#define PK_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/base.h"

/*
 * Give a new file the owner, group, extended attributes (POSIX ACLs and security labels are such)
 * and mode of another, as far as the caller may, and never widen a right: what cannot be kept makes
 * the result narrower, not wider.
 */
#define KEEP_NAME_MAX 256 /* XATTR_NAME_MAX and a NUL */

struct keep_lost {
	bool owner, group, acl, mode;
	bool xattr;		  /* one or more: */
	char name[KEEP_NAME_MAX]; /* the first of them; empty: they could not even be listed */
};

/* True when nothing was lost. */
bool keep_all(const struct keep_lost *lost);

/*
 * Copy from the open file `from` to the open file `to`. Set-id bits and security.capability are
 * dropped, because the content is new; security.ima and security.evm are hashes of the old one.
 * Returns 0 with *ret_lost set, or -errno when one of the files cannot be looked at.
 */
must_check int keep_metadata(int to, int from, struct keep_lost *ret_lost);

/*
 * The mode that results from `mode` when *lost was lost; pure. acl is the value of the attribute
 * system.posix_acl_access of the old file, len 0 when there is none: with it the group bits of mode
 * are its mask (acl(5)). Everybody who loses an entry of their own falls into a class that must not
 * allow more than the entry did.
 */
mode_t keep_mode(mode_t mode, const struct keep_lost *lost, const void *acl, size_t len);

#endif
