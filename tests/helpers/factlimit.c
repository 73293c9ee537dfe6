/*
 * factlimit PID: the least that a full list costs: getdents, readlink and fdinfo of every descriptor, statx of those
 * with a path, one dump of each socket table. It parses nothing and prints the links. For the bench.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct request {
	struct nlmsghdr header;
	union {
		struct inet_diag_req_v2 inet;
		struct unix_diag_req local;
	} body;
};

static void dump(struct request *request)
{
	static _Alignas(struct nlmsghdr) char answer[131072];
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);
	const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)answer;

	request->header = (struct nlmsghdr){.nlmsg_len = sizeof(*request),
					    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
					    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP};
	(void)send(fd, request, sizeof(*request), 0);
	while (recv(fd, answer, sizeof(answer), 0) > 0)
		if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
			break;
	(void)close(fd);
}

static void dump_all(void)
{
	static const unsigned char families[] = {AF_INET, AF_INET6};
	static const unsigned char protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
	struct request request = {.body.local = {.sdiag_family = AF_UNIX, .udiag_states = ~0U}};

	dump(&request);
	for (int i = 0; i < 4; i++) {
		request.body.inet = (struct inet_diag_req_v2){.sdiag_family = families[i / 2],
							      .sdiag_protocol = protocols[i % 2],
							      .idiag_states = ~0U};
		dump(&request);
	}
}

static void look(int fds, int infos, const char *name)
{
	char link[4097], info[4096];
	ssize_t len = readlinkat(fds, name, link, sizeof(link) - 1);
	struct statx facts;
	int fd = openat(infos, name, O_RDONLY);

	(void)!read(fd, info, sizeof(info));
	(void)close(fd);
	if (len > 0 && link[0] == '/')
		(void)statx(fds, name, AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &facts);
	link[len > 0 ? len : 0] = '\n';
	(void)fwrite(link, 1, (size_t)(len + 1), stdout);
}

int main(int argc, char **argv)
{
	char path[64];
	const struct dirent *entry;
	DIR *dir;
	int infos;

	(void)snprintf(path, sizeof(path), "/proc/%s/fdinfo", argc > 1 ? argv[1] : "self");
	infos = open(path, O_RDONLY | O_DIRECTORY);
	(void)snprintf(path, sizeof(path), "/proc/%s/fd", argc > 1 ? argv[1] : "self");
	dir = opendir(path);
	if (!dir || infos < 0)
		return 1;
	dump_all();
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			look(dirfd(dir), infos, entry->d_name);
	return fflush(stdout) == 0 ? 0 : 1;
}
