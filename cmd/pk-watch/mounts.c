/* File systems: which have no events, and what is mounted where. */
#include "mounts.h"

#include <errno.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/buf.h"

#define MOUNTINFO_MAX ((size_t)16 << 20)

bool mounts_is_remote(int fd)
{
	static const uint32_t remote[] = {
		0x6969,	    /* NFS */
		0x517b,	    /* SMB */
		0xff534d42, /* CIFS */
		0xfe534d42, /* SMB2 */
		0x01021997, /* 9p */
		0x65735546, /* FUSE */
		0x786f4256, /* VirtualBox shared folder */
		0x5346414f, /* AFS */
		0x6b414653, /* kAFS */
		0x00c36400, /* Ceph */
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < array_len(remote); i++)
		if ((uint32_t)fs.f_type == remote[i])
			return true;
	return false;
}

static int read_all(int fd, struct buf *text)
{
	for (off_t at = 0;;) {
		ssize_t n;
		int err = buf_reserve(text, 16384);

		if (err < 0)
			return err;
		n = pread(fd, text->bytes + text->len, 16383, at);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		at += n > 0 ? n : 0;
		text->len += n > 0 ? (size_t)n : 0;
	}
	text->bytes[text->len] = '\0';
	return 0;
}

/* Undo the octal escapes of proc(5) in view. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at != '\0'; to++) {
		if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] != '\0' &&
		    at[3] != '\0') {
			*to = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = '\0';
}

/* `36 35 98:0 /root /mount/point options...`: the mount point, the fifth field, and the identifier. */
static char *mount_point(char *line)
{
	char *at = line, *end;

	for (int i = 0; i < 4 && at; i++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	end = at ? strchr(at, ' ') : NULL;
	if (!end)
		return NULL;
	*end = '\0';
	unescape(at);
	return at;
}

int mounts_below(int mountinfo, const char *path, uint64_t *ret)
{
	scoped(buf_drop) struct buf text = {.cap = MOUNTINFO_MAX};
	size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);
	uint64_t sum = 0;
	int err = read_all(mountinfo, &text);

	if (err < 0)
		return err;
	for (char *line = text.bytes, *end; *line != '\0'; line = end) {
		uint64_t hash = UINT64_C(0xcbf29ce484222325);
		char *point;

		end = line + strcspn(line, "\n");
		end += *end == '\n' ? (*end = '\0', 1) : 0;
		point = mount_point(line);
		if (!point || strncmp(point, path, len) != 0 || point[len] != '/' ||
		    point[len + 1] == '\0')
			continue;
		/* Its number, in front, tells a new mount at the same point. */
		for (const char *c = line; *c != '\0' && *c != ' '; c++)
			hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
		sum += hash | 1;
	}
	*ret = sum;
	return 0;
}
