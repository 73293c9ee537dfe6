/* Netlink: requests to sock_diag, and the datagrams that come back. */
#include "common/sockdiag.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/fd.h"

int sockdiag_parse(const char *at, size_t len, sockdiag_take *take, void *arg)
{
	while (len >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)at;
		size_t step;

		if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > len)
			return -EINVAL;
		if (header->nlmsg_type == NLMSG_DONE)
			return 1;
		if (header->nlmsg_type == NLMSG_ERROR) {
			const struct nlmsgerr *error = (const void *)(at + NLMSG_HDRLEN);

			return header->nlmsg_len < NLMSG_LENGTH(sizeof(*error)) || !error->error
				       ? -EINVAL
				       : -abs(error->error);
		}
		take(arg, at + NLMSG_HDRLEN, header->nlmsg_len - NLMSG_HDRLEN);
		step = NLMSG_ALIGN(header->nlmsg_len);
		if (step >= len)
			return 0;
		at += step;
		len -= step;
	}
	return 0;
}

static int receive(int fd, bool dump, sockdiag_take *take, void *arg)
{
	/* As much as the kernel fills at a time; not on a guard's stack. */
	static _Alignas(struct nlmsghdr) char answer[32768];

	for (;;) {
		ssize_t len = recv(fd, answer, sizeof(answer), 0);
		int result;

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return len < 0 ? -errno : -EIO;
		result = sockdiag_parse(answer, (size_t)len, take, arg);
		if (result != 0 || !dump)
			return result < 0 ? result : 0;
	}
}

int sockdiag_ask(struct sockdiag_request *request, size_t len, bool dump, sockdiag_take *take,
		 void *arg)
{
	scoped(fd_drop) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return -errno;
	request->header = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)NLMSG_LENGTH(len),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = dump ? NLM_F_REQUEST | NLM_F_DUMP : NLM_F_REQUEST,
	};
	if (send(fd, request, request->header.nlmsg_len, 0) < 0)
		return -errno;
	return receive(fd, dump, take, arg);
}
