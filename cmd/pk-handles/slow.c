/* stat with a time limit, by a helper process. */
#include "slow.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"

/* What the helper answers. */
struct answer {
	int err;
	struct stat st;
};

static bool may_block(const char *type, size_t len)
{
	static const char *const types[] = {"nfs",   "nfs4",   "cifs", "smb3",	 "smbfs",
					    "9p",    "ceph",   "afs",  "lustre", "glusterfs",
					    "ncpfs", "autofs", "coda", "gpfs",	 "orangefs"};

	if (len >= 4 && memcmp(type, "fuse", 4) == 0)
		return true;
	for (size_t i = 0; i < array_len(types); i++)
		if (strlen(types[i]) == len && memcmp(types[i], type, len) == 0)
			return true;
	return false;
}

int slow_parse_mounts(const char *text, struct buf *mounts)
{
	/* ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAG]... - TYPE SOURCE SUPEROPTIONS */
	for (const char *line = text; *line != '\0';) {
		const char *end = line + strcspn(line, "\n");
		const char *dash = memmem(line, (size_t)(end - line), " - ", 3);
		struct slow_mount mount = {.id = (int)strtol(line, NULL, 10)};

		mount.slow = !dash || may_block(dash + 3, strcspn(dash + 3, " \n"));
		if (buf_add(mounts, &mount, sizeof(mount)) < 0)
			return -ENOMEM;
		line = *end ? end + 1 : end;
	}
	return 0;
}

static int read_all(int proc, const char *path, struct buf *text)
{
	scoped(fd_drop) int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	do {
		int err = buf_reserve(text, 16384);

		if (err < 0)
			return err;
		len = fd_read_full(fd, text->bytes + text->len, 16383);
		text->len += len > 0 ? (size_t)len : 0;
	} while (len == 16383);
	text->bytes[text->len] = '\0';
	return len < 0 ? (int)len : 0;
}

static void read_mounts(struct slow *slow, int proc, const char *path)
{
	struct buf text = {.cap = 1 << 24};

	/* Unreadable: nothing is known of its mounts, so the helper asks. */
	if (read_all(proc, path, &text) == 0 && text.bytes)
		(void)!slow_parse_mounts(text.bytes, &slow->mounts);
	buf_drop(&text);
}

static struct slow_mount *find(struct slow *slow, int id)
{
	struct slow_mount *mounts = (struct slow_mount *)(void *)slow->mounts.bytes;
	const size_t count = slow->mounts.len / sizeof(*mounts);

	if (slow->last < count && mounts[slow->last].id == id)
		return &mounts[slow->last];
	for (slow->last = 0; slow->last < count; slow->last++)
		if (mounts[slow->last].id == id)
			return &mounts[slow->last];
	return NULL;
}

/* What is known of the mount; NULL only without memory. */
static struct slow_mount *look_up(struct slow *slow, const struct slow_file *file)
{
	const struct slow_mount unseen = {.id = file->mount, .slow = true};

	if (!slow->read)
		read_mounts(slow, file->proc, "self/mountinfo");
	slow->read = true;
	if (find(slow, file->mount))
		return find(slow, file->mount);
	/* It is in another mount namespace (a container), or in none any more. */
	read_mounts(slow, file->process, "mountinfo");
	if (!find(slow, file->mount) && buf_add(&slow->mounts, &unseen, sizeof(unseen)) < 0)
		return NULL;
	return find(slow, file->mount);
}

/* The helper has not answered: it may never die, so nobody waits for it. */
static void abandon(struct slow *slow)
{
	fd_drop(&slow->channel);
	if (slow->helper > 0) {
		(void)kill(slow->helper, SIGKILL);
		(void)waitpid(slow->helper, NULL, WNOHANG);
	}
	slow->helper = 0;
}

void slow_drop(struct slow *slow)
{
	abandon(slow);
	buf_drop(&slow->mounts);
}

static _Noreturn void answer_one(int channel, int dir, const char *name)
{
	struct answer answer = {0};
	int keep[] = {channel, dir};

	/* Asleep in the kernel it cannot be killed: whoever reads our output must not wait for it. */
	fd_close_others(keep, array_len(keep));
	if (fstatat(dir, name, &answer.st, 0) < 0)
		answer.err = -errno;
	(void)!fd_write_full(channel, &answer, sizeof(answer));
	_exit(0);
}

/* Fork a helper that asks for this one file. */
static int ask(struct slow *slow, int dir, const char *name)
{
	const pid_t parent = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	slow->helper = fork();
	if (slow->helper == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		answer_one(ends[1], dir, name);
	}
	fd_drop(&ends[1]);
	slow->channel = ends[0];
	if (slow->helper > 0)
		return 0;
	slow->helper = 0;
	fd_drop(&slow->channel);
	return -EAGAIN;
}

static int await(struct slow *slow, struct answer *answer)
{
	struct pollfd pfd = {.fd = slow->channel, .events = POLLIN};
	const int64_t until = slow->timeout > 0 ? ns_add(now_ns(), slow->timeout) : NS_NEVER;
	int ready;

	do {
		struct timespec left;

		ready = ppoll(&pfd, 1, ns_until(until, &left), NULL);
	} while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return ready < 0 ? -errno : -ETIMEDOUT;
	return fd_read_full(slow->channel, answer, sizeof(*answer)) == (ssize_t)sizeof(*answer)
		       ? 0
		       : -EIO;
}

static int ask_with_limit(struct slow *slow, struct slow_mount *mount, const struct slow_file *file,
			  struct stat *ret)
{
	struct answer answer = {0};
	int err = mount->dead ? -ETIMEDOUT : ask(slow, file->dir, file->name);

	if (err < 0)
		return err;
	err = await(slow, &answer);
	if (err == 0 && slow->helper > 0) {
		(void)waitpid(slow->helper, NULL, 0);
		slow->helper = 0;
	}
	abandon(slow);
	mount->dead = err == -ETIMEDOUT;
	if (err < 0)
		return err;
	if (answer.err == 0)
		*ret = answer.st;
	return answer.err;
}

int slow_stat(struct slow *slow, const struct slow_file *file, struct stat *ret)
{
	struct slow_mount *mount = look_up(slow, file);

	if (!mount)
		return -ENOMEM;
	if (mount->slow)
		return ask_with_limit(slow, mount, file, ret);
	return fstatat(file->dir, file->name, ret, 0) < 0 ? -errno : 0;
}
