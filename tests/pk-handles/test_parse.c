/* Parsers of what the kernel says: links, fdinfo, status, system calls, mounts, netlink. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call.h"
#include "common/clock.h"
#include "fdinfo.h"
#include "kind.h"
#include "process.h"
#include "scan.h"
#include "slow.h"
#include "sock.h"
#include "tests/check.h"

static void links_tell_the_kind(void **state)
{
	static const struct {
		const char *text;
		enum kind kind;
		bool path, socket;
		uint64_t ino;
	} rows[] = {
		{"pipe:[42]", KIND_PIPE, false, false, 42},
		{"socket:[18446744073709551615]", KIND_OTHER, false, true, UINT64_MAX},
		{"anon_inode:[eventpoll]", KIND_EPOLL, false, false, 0},
		{"anon_inode:[timerfd]", KIND_TIMERFD, false, false, 0},
		{"anon_inode:[eventfd]", KIND_EVENTFD, false, false, 0},
		{"anon_inode:[signalfd]", KIND_SIGNALFD, false, false, 0},
		{"anon_inode:inotify", KIND_INOTIFY, false, false, 0},
		{"anon_inode:[pidfd]", KIND_PIDFD, false, false, 0},
		{"pidfd:[7]", KIND_PIDFD, false, false, 7},
		{"anon_inode:[io_uring]", KIND_IO_URING, false, false, 0},
		{"anon_inode:bpf-map", KIND_OTHER, false, false, 0},
		{"net:[4026531833]", KIND_NS, false, false, 4026531833},
		{"/memfd:x (deleted)", KIND_MEMFD, true, false, 0},
		{"/pipe:[1]", KIND_FILE, true, false, 0},
		{"", KIND_OTHER, false, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kind_link link = kind_of_link(rows[i].text);

		assert_int_equal(link.kind, rows[i].kind);
		assert_int_equal(link.path, rows[i].path);
		assert_int_equal(link.socket, rows[i].socket);
		assert_true(link.ino == rows[i].ino);
	}
}

static void every_kind_has_a_name_that_is_read_back(void **state)
{
	uint32_t set = 0;

	(void)state;
	for (int i = 0; i < KIND_COUNT; i++) {
		enum kind kind;

		assert_int_equal(
			kind_parse(kind_name((enum kind)i), strlen(kind_name((enum kind)i)), &kind),
			0);
		assert_int_equal(kind, i);
	}
	assert_int_equal(kind_parse_set("tcp,udp", &set), 0);
	assert_int_equal(set, 1U << KIND_TCP | 1U << KIND_UDP);
	assert_int_equal(kind_parse_set("tcp,", &set), -EINVAL);
	assert_int_equal(kind_parse_set("", &set), -EINVAL);
}

struct seen {
	size_t count;
	struct fdinfo_watch watches[4];
};

static int see(void *arg, const struct fdinfo_watch *watch)
{
	struct seen *seen = arg;

	if (seen->count < 4)
		seen->watches[seen->count] = *watch;
	seen->count++;
	return 0;
}

static void fdinfo_gives_its_facts(void **state)
{
	struct fdinfo info = FDINFO_NONE;
	struct seen seen = {0};

	(void)state;
	assert_int_equal(fdinfo_parse("pos:\t10\nflags:\t02100002\nmnt_id:\t17\nino:\t1038\n"
				      "eventfd-count:               ff\n"
				      "clockid: 7\nticks: 3\nit_value: (1, 500000000)\n"
				      "it_interval: (0, 5)\nPid:\t-1\nsigmask:\t0000000000000002\n"
				      "UserFiles:\t4\ninotify wd:1 ino:3\ninotify wd:2 ino:4\n",
				      &info, NULL, NULL),
			 0);
	assert_int_equal(info.pos, 10);
	assert_int_equal(info.flags, 02100002);
	assert_int_equal(info.mnt, 17);
	assert_int_equal(info.ino, 1038);
	assert_int_equal(info.count, 255); /* hexadecimal */
	assert_int_equal(info.clock, 7);
	assert_int_equal(info.ticks, 3);
	assert_true(info.next_ns == 1500 * NS_PER_MS);
	assert_true(info.interval_ns == 5);
	assert_int_equal(info.target, -1);
	assert_int_equal(info.signals, 2);
	assert_int_equal(info.user_files, 4);
	assert_int_equal(info.watches, 2);
	assert_int_equal(
		fdinfo_parse("tfd:        4 events:       1f data:                4  pos:0 "
			     "ino:1fd93b sdev:9\ntfd:        5 events:80000001 data: 0",
			     &info, see, &seen),
		0);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.watches[0].fd, 4);
	assert_int_equal(seen.watches[0].events, 0x1f);
	assert_int_equal(seen.watches[0].ino, 0x1fd93b);
	assert_int_equal(seen.watches[1].fd, 5);
	assert_int_equal(seen.watches[1].ino, 0);
}

static void a_system_call_is_decoded(void **state)
{
	char text[128];
	struct call call;

	(void)state;
	(void)snprintf(text, sizeof(text), "%d 0xe 0x7f 0x400 0x3e8 0x0 0x8 0x7ffc 0x7f\n",
		       SYS_epoll_pwait);
	call = call_parse(text);
	assert_true(call.known);
	assert_string_equal(call.name, "epoll_wait");
	assert_int_equal(call.fd, 14);
	assert_true(call.timeout == NS_PER_S);
	(void)snprintf(text, sizeof(text), "%d 0xe 0x7f 0x400 0xffffffff 0x0 0x8 0x7ffc 0x7f\n",
		       SYS_epoll_pwait);
	assert_true(call_parse(text).timeout == NS_NEVER);
	assert_false(call_parse("running\n").known);
	assert_false(call_parse("-1 0x7ffc 0x7f\n").known);
	assert_false(call_parse("").known);
	assert_false(call_parse("0 0x1 0x2").known);
	call = call_parse("99999 0x0 0x0 0x0 0x0 0x0 0x0 0x7ffc 0x7f\n");
	assert_true(call.known && call.name == NULL && call.fd == -1);
}

static void status_and_limits_are_read(void **state)
{
	struct process process = {.soft = -5};

	(void)state;
	process_parse_status("Name:\tx\nVmRSS:\t    1234 kB\nSigBlk:\t0000000000000001\n"
			     "SigIgn:\t0000000000000002\nSigCgt:\t0000000000004007\n",
			     &process);
	assert_int_equal(process.rss_kb, 1234);
	assert_int_equal(process_handling(&process, SIGHUP), HANDLING_BLOCKED);
	assert_int_equal(process_handling(&process, SIGINT), HANDLING_IGNORED);
	assert_int_equal(process_handling(&process, SIGTERM), HANDLING_CAUGHT);
	assert_int_equal(process_handling(&process, SIGUSR1), HANDLING_DEFAULT);
	process_parse_limits("Max open files            1024                 unlimited   files\n",
			     &process);
	assert_int_equal(process.soft, 1024);
	assert_int_equal(process.hard, -1);
	process.fds = 512;
	assert_int_equal(process_percent(&process), 50);
	process.soft = -1;
	assert_int_equal(process_percent(&process), -1);
}

static void mounts_that_may_block_are_known_by_type(void **state)
{
	struct buf mounts = {.cap = 4096};
	const struct slow_mount *mount;

	(void)state;
	assert_int_equal(slow_parse_mounts("24 1 0:22 / /proc rw - proc proc rw\n"
					   "25 1 0:23 / /a rw shared:1 - fuse.sshfs h: rw\n"
					   "26 1 0:24 / /b rw - nfs4 h:/ rw\n"
					   "27 1 0:25 / /nfs rw - ext4 /dev/nfs rw",
					   &mounts),
			 0);
	mount = (const struct slow_mount *)(const void *)mounts.bytes;
	assert_int_equal(mounts.len, 4 * sizeof(*mount));
	for (int i = 0; i < 4; i++) {
		assert_int_equal(mount[i].id, 24 + i);
		assert_int_equal(mount[i].slow, i == 1 || i == 2);
	}
	buf_drop(&mounts);
}

/* A child that lives until hold is closed or it is killed. */
static pid_t forked(const int hold[2])
{
	pid_t pid = fork();
	char c;

	if (pid == 0) {
		(void)close(hold[1]);
		(void)!read(hold[0], &c, 1);
		_exit(0);
	}
	return pid;
}

static void sockets_read_as_people_write_them(void **state)
{
	struct sock sock = {.kind = KIND_TCP,
			    .family = AF_INET,
			    .state = TCP_LISTEN,
			    .local_port = 80,
			    .local = {127, 0, 0, 1}};
	char text[SOCK_TEXT_MAX] = "";
	size_t len = sock_local(&sock, text);

	(void)state;
	assert_int_equal(len, 12);
	assert_memory_equal(text, "127.0.0.1:80", 12);
	assert_int_equal(sock_remote(&sock, text), 0);
	assert_string_equal(sock_state_name(&sock), "LISTEN");
	sock.state = TCP_CLOSE;
	assert_string_equal(sock_state_name(&sock), "BOUND");
	memset(sock.local, 0, 16);
	len = sock_local(&sock, text);
	assert_memory_equal(text, "*:80", len);
	sock.family = AF_INET6;
	sock.local[15] = 1;
	len = sock_local(&sock, text);
	assert_memory_equal(text, "[::1]:80", len);
	sock = (struct sock){.family = AF_UNIX, .name = "\0ab", .name_len = 3};
	len = sock_local(&sock, text);
	assert_int_equal(len, 3);
	assert_memory_equal(text, "@ab", 3);
	sock = (struct sock){.family = AF_UNIX, .name = "@ab", .name_len = 4};
	len = sock_local(&sock, text);
	assert_memory_equal(text, "./@ab", len);
}

/* The directory that was opened is that of the dead process, whoever has its number now. */
static void a_number_used_again_is_not_the_same_process(void **state)
{
	struct process process;
	struct scan scan;
	struct table table;
	int proc = proc_open(), hold[2], last;
	pid_t first, second;

	(void)state;
	assert_int_equal(pipe(hold), 0);
	first = forked(hold);
	assert_int_equal(process_open(&process, proc, first), 0);
	assert_int_equal(kill(first, SIGKILL), 0);
	assert_int_equal(waitpid(first, NULL, 0), first);
	/* Ask for the same number again; without the right to, the process is only gone. */
	last = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
	(void)!dprintf(last, "%d", (int)first - 1);
	(void)close(last);
	second = forked(hold);
	assert_true(process_refresh(&process) < 0);
	scan_init(&scan, proc, 0);
	table_init(&table);
	assert_int_equal(scan_process(&scan, &process, &table), -ESRCH);
	assert_int_equal(table_count(&table), 0);
	table_drop(&table);
	scan_drop(&scan);
	process_close(&process);
	(void)kill(second, SIGKILL);
	(void)waitpid(second, NULL, 0);
	(void)close(hold[0]);
	(void)close(hold[1]);
	(void)close(proc);
}

static void a_table_keeps_what_was_asked_for(void **state)
{
	struct sock_table table = {0};

	(void)state;
	assert_null(sock_find(&table, 1));
	for (uint64_t i = 1; i <= 5000; i++)
		assert_int_equal(sock_want(&table, i * 3), i - 1);
	for (uint64_t i = 1; i <= 5000; i++)
		assert_true(sock_find(&table, i * 3)->ino == i * 3);
	assert_null(sock_find(&table, 4));
	assert_int_equal(table.count, 5000);
	sock_table_clear(&table);
	assert_null(sock_find(&table, 3));
	sock_table_drop(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_tell_the_kind),
		cmocka_unit_test(every_kind_has_a_name_that_is_read_back),
		cmocka_unit_test(fdinfo_gives_its_facts),
		cmocka_unit_test(a_system_call_is_decoded),
		cmocka_unit_test(status_and_limits_are_read),
		cmocka_unit_test(mounts_that_may_block_are_known_by_type),
		cmocka_unit_test(sockets_read_as_people_write_them),
		cmocka_unit_test(a_number_used_again_is_not_the_same_process),
		cmocka_unit_test(a_table_keeps_what_was_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
