/* Metadata from the old file to the new one. */
#include "common/keep.h"

#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define ACL_ACCESS "system.posix_acl_access"

/* The tags of struct posix_acl_xattr_entry (linux/posix_acl_xattr.h), little endian. */
enum { ACL_USER = 0x02, ACL_GROUP_OBJ = 0x04, ACL_GROUP = 0x08, ACL_MASK = 0x10 };
#define ACL_HEADER 4
#define ACL_ENTRY 8

bool keep_all(const struct keep_lost *lost)
{
	return !lost->owner && !lost->group && !lost->acl && !lost->mode && !lost->xattr;
}

/* The rights that the owning group has by the ACL, and what all named entries have in common. */
static void read_acl(const uint8_t *acl, size_t len, mode_t *group, mode_t *named)
{
	mode_t mask = 7;

	*group = *named = 7;
	for (size_t at = ACL_HEADER; at + ACL_ENTRY <= len; at += ACL_ENTRY) {
		const mode_t perm = acl[at + 2] & 7U;

		switch (acl[at] | acl[at + 1] << 8) {
		case ACL_GROUP_OBJ:
			*group = perm;
			break;
		case ACL_MASK:
			mask = perm;
			break;
		case ACL_USER:
		case ACL_GROUP:
			*named &= perm;
			break;
		default:
			break;
		}
	}
	*group &= mask;
}

mode_t keep_mode(mode_t mode, const struct keep_lost *lost, const void *acl, size_t len)
{
	mode_t owner = mode >> 6 & 7, group = mode >> 3 & 7, other = mode & 7;

	if (lost->acl && len > 0) {
		mode_t own, named;

		read_acl(acl, len, &own, &named);
		/* A named user may be a member of the group: no class may allow more than its entry. */
		group &= own & named;
		other &= named;
	}
	/* The old owner and the members of the old group are others from now on. */
	if (lost->group)
		group = other = group & other;
	if (lost->owner) {
		group &= owner;
		other &= owner;
	}
	return (mode & 01000) | owner << 6 | group << 3 | other;
}

static void keep_owner(int to, const struct stat *old, const struct stat *new,
		       struct keep_lost *lost)
{
	if (old->st_uid == new->st_uid && old->st_gid == new->st_gid)
		return;
	if (fchown(to, old->st_uid, old->st_gid) == 0)
		return;
	lost->owner = old->st_uid != new->st_uid;
	/* Without privilege the group alone may do: any that the caller is a member of. */
	lost->group = old->st_gid != new->st_gid &&fchown(to, (uid_t)-1, old->st_gid) < 0;
}

/* Attributes that say something about the old content, or that the file system keeps for itself. */
static bool is_of_content(const char *name)
{
	static const char *const names[] = {"security.capability", "security.ima", "security.evm"};

	for (size_t i = 0; i < array_len(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strncmp(name, "trusted.overlay.", 16) == 0;
}

/* Copy one attribute unless it is the same already: a label often may not be set, but need not be. */
static bool copy_xattr(int to, int from, const char *name)
{
	unzeroed char value[XATTR_SIZE_MAX], there[XATTR_SIZE_MAX];
	ssize_t len = fgetxattr(from, name, value, sizeof(value));

	if (len < 0)
		return errno == ENODATA;
	if (fgetxattr(to, name, there, sizeof(there)) == len &&
	    memcmp(value, there, (size_t)len) == 0)
		return true;
	return fsetxattr(to, name, value, (size_t)len, 0) == 0;
}

static void note_xattr(struct keep_lost *lost, const char *name)
{
	if (strcmp(name, ACL_ACCESS) == 0) {
		lost->acl = true;
	} else if (!lost->xattr) {
		lost->xattr = true;
		memcpy(lost->name, name, strnlen(name, sizeof(lost->name) - 1));
	}
}

static __attribute__((noinline)) void keep_listed(int to, int from, struct keep_lost *lost)
{
	unzeroed char names[XATTR_LIST_MAX];
	ssize_t len = flistxattr(from, names, sizeof(names));

	if (len < 0)
		lost->xattr = true;
	for (const char *name = names; len > 0 && name < names + len; name += strlen(name) + 1)
		if (!is_of_content(name) && !copy_xattr(to, from, name))
			note_xattr(lost, name);
}

/* Attributes are rare: the big buffers are touched only when there are any. */
static void keep_xattrs(int to, int from, struct keep_lost *lost)
{
	ssize_t len = flistxattr(from, NULL, 0);

	if (len > 0)
		keep_listed(to, from, lost);
	else if (len < 0 && errno != ENOTSUP && errno != ENOSYS)
		lost->xattr = true;
}

/* A default ACL of the directory has given the new file entries that the old one has not. */
static void drop_inherited(int to, int from, struct keep_lost *lost)
{
	if (fgetxattr(to, ACL_ACCESS, NULL, 0) <= 0 || fgetxattr(from, ACL_ACCESS, NULL, 0) > 0)
		return;
	if (fremovexattr(to, ACL_ACCESS) < 0)
		lost->acl = true;
}

/* The mode after a loss; not inlined, so that only a loss pays for the buffer. */
static __attribute__((noinline)) mode_t narrowed(int to, int from, mode_t mode,
						 const struct keep_lost *lost)
{
	unzeroed char acl[XATTR_SIZE_MAX];
	ssize_t len = fgetxattr(from, ACL_ACCESS, acl, sizeof(acl));
	struct keep_lost all = *lost;

	/* An ACL speaks of the old group: without that the mode must say it all. */
	if (lost->group && len > 0)
		all.acl = fremovexattr(to, ACL_ACCESS) == 0 || errno == ENODATA;
	return keep_mode(mode, &all, acl, len > 0 ? (size_t)len : 0);
}

int keep_metadata(int to, int from, struct keep_lost *ret_lost)
{
	struct keep_lost lost = {0};
	struct stat old, new;
	mode_t mode;

	if (fstat(from, &old) < 0 || fstat(to, &new) < 0)
		return -errno;
	keep_owner(to, &old, &new, &lost);
	keep_xattrs(to, from, &lost);
	drop_inherited(to, from, &lost);
	mode = old.st_mode & 01777;
	if (lost.owner || lost.group || lost.acl)
		mode = narrowed(to, from, mode, &lost);
	/* Last: until now nobody else could open the file. */
	lost.mode = fchmod(to, mode) < 0;
	*ret_lost = lost;
	return 0;
}
