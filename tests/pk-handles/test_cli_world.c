/*
 * pk-handles in a world that does not help: dead mounts, hidden processes, other namespaces, private tables, churn;
 * real interpreters; a terminal.
 */
#include "tests/check.h"
#include "tests/lib/pty.h"
#include "tests/lib/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HANDLES(...) ARGV("pk-handles", __VA_ARGS__)

static const char *pid_of(const struct run *r)
{
	return test_text("%d", (int)r->pid);
}

/* Start something that lives until the end of its stdin. */
static struct run *host(const char *const argv[])
{
	return start(argv, HOW(.keep_input = true));
}

static void end_host(struct run *r)
{
	run_close_input(r);
	finish(r);
	assert_status(r, 0);
}

static bool can_unshare(const char *what)
{
	struct run *r = run(ARGV("unshare", what, "true"), NULL);

	return r->status == 0;
}

/* --- mounts that do not answer -------------------------------------------------------------------- */

static void a_dead_mount_costs_one_timeout(void **state)
{
	const char *detach = test_now()->row ? "detach" : NULL;
	struct run *d = host(ARGV("@deadfuse", test_path("mount"), detach)), *r;

	(void)state;
	run_wait_out(d, "\n");
	if (strstr(d->out, "no fuse")) {
		end_host(d);
		skip();
	}
	r = run(HANDLES("-j", "-t", "300ms", pid_of(d)), NULL);
	assert_status(r, 0);
	assert_has(r->out, "\"timeouts\":2}");
	assert_has(r->out, "\"fd\":10,\"kind\":\"file\",\"mode\":\"rw\"");
	assert_has(r->out, "\"fd\":12,\"kind\":\"file\",\"mode\":\"rw\"");
	assert_has(r->out, "\"name\":\"/etc/passwd\",\"deleted\":false,\"size\":");
	/* 300 ms are asked for; one timeout for each file would be no more either, a hang is. */
	assert_true(run_is_slow() || r->elapsed_ms < 5000);
	r = run(HANDLES("-t", "10ms", "--all"), NULL);
	assert_status(r, 0);
	assert_has(r->out, "(stat timed out)");
	end_host(d);
	/* Those that were left asleep wake with the end of the mount. */
	assert_int_equal(test_wait_gone(5000), 0);
}

/* --- processes that are hidden or closed to us ------------------------------------------------------ */

/* As nobody, where pk-handles can be executed by nobody: exit status 77 otherwise. */
static struct run *as_nobody(const char *before, const char *args)
{
	static const char script[] =
		"%s setpriv --reuid=65534 --regid=65534 --clear-groups test -x '%s' || exit 77\n"
		"exec setpriv --reuid=65534 --regid=65534 --clear-groups '%s' %s";
	const char *tool = tool_path("pk-handles");

	return run(ARGV("unshare", "-m", "sh", "-c", test_text(script, before, tool, tool, args)),
		   NULL);
}

static void a_closed_process_is_counted_or_3(void **state)
{
	struct run *d = host(ARGV("@zoo", test_now()->dir)), *r;

	(void)state;
	run_wait_out(d, "ready");
	r = geteuid() == 0 ? as_nobody("", test_text("-j %s", pid_of(d))) : NULL;
	if (r && r->status != 77 && can_unshare("-m")) {
		assert_status(r, 3);
		assert_has(r->err,
			   test_text("cannot look into %s (zoo): Permission denied", pid_of(d)));
		assert_has(r->out, "\"handles\":0,\"unreadable\":1,");
		r = as_nobody("", "-s --all");
		assert_status(r, 0);
		assert_has(r->err, " not readable\n");
		r = as_nobody("", test_text("-w %s", pid_of(d)));
		assert_status(r, 3);
		assert_has(r->out, "its descriptors may not be read: reasons may be missing");
	}
	end_host(d);
}

static void a_hidden_process_is_3_and_why_is_said(void **state)
{
	static const char hide[] = "mount -t proc -o hidepid=2 proc /proc || exit 77\n";
	struct run *d = host(ARGV("@zoo", test_now()->dir)), *r;

	(void)state;
	run_wait_out(d, "ready");
	r = geteuid() == 0 ? as_nobody(hide, test_text("-s %s", pid_of(d))) : NULL;
	if (r && r->status != 77 && can_unshare("-m")) {
		assert_status(r, 3);
		assert_has(r->err, test_text("there is no process %s\n", pid_of(d)));
		assert_has(r->err, "/proc is mounted with hidepid");
		r = as_nobody(hide, "--all -j");
		assert_status(r, 0);
		assert_has(r->out, "\"comm\":\"pk-handles\"");
		assert_lacks(r->out, "\"comm\":\"zoo\"");
		assert_has(r->err, "/proc is mounted with hidepid");
	}
	end_host(d);
}

/* --- other tables, other namespaces, churn --------------------------------------------------------- */

static void a_private_table_is_told_with_its_thread(void **state)
{
	struct run *d = host(ARGV("@ownfds")), *r;
	const char *row;

	(void)state;
	run_wait_out(d, "ready");
	r = run(HANDLES("-j", pid_of(d)), NULL);
	assert_status(r, 0);
	row = strstr(r->out, "\"fd\":9,");
	assert_non_null(row);
	row = test_text("%.*s", (int)strcspn(row, "\n"), row);
	assert_has(row, "\"name\":\"/etc/passwd\"");
	assert_has(row, "\"tid\":");
	r = run(HANDLES(pid_of(d)), NULL);
	assert_has(r->out, "  9/");
	end_host(d);
}

static void sockets_of_another_network_namespace_are_known(void **state)
{
	struct run *d, *r;

	(void)state;
	if (!can_unshare("-n"))
		skip();
	d = host(ARGV("unshare", "-n", helper_path("zoo"), test_now()->dir));
	run_wait_out(d, "ready");
	r = run(HANDLES("-jk", "tcp", pid_of(d)), NULL);
	assert_status(r, 0);
	assert_has(r->out, "\"state\":\"LISTEN\",\"recvq\":0,\"backlog\":7,\"netns\":");
	end_host(d);
}

static void churn_is_no_error(void **state)
{
	struct run *d = host(
		ARGV("sh", "-c", "echo ready; (while :; do /bin/true; done) & read x; kill $!"));
	struct run *r;

	(void)state;
	run_wait_out(d, "ready");
	for (int i = 0; i < 3; i++) {
		r = run(HANDLES("-j", "--all"), NULL);
		assert_status(r, 0);
		assert_has(r->out, "{\"type\":\"end\",");
		r = run(HANDLES("-jT", pid_of(d)), NULL);
		assert_true(r->status == 0 || r->status == 3);
		assert_has(r->out, "{\"type\":\"end\",");
	}
	run_close_input(d);
	finish(d);
}

/* --- interpreters ----------------------------------------------------------------------------------- */

static const struct real {
	const char *title, *program, *suffix, *text;
	const char *parts[6];
} reals[] = {
	{"why explains node",
	 "node",
	 "js",
	 "const net = require('net'), kept = [];\n"
	 "setInterval(() => {}, 5000);\n"
	 "require('child_process').spawn('sleep', ['100'], {stdio: ['pipe', 'ignore', "
	 "'ignore']});\n"
	 "const server = net.createServer({allowHalfOpen: true}, s => {\n"
	 "  kept.push(s); s.on('end', () => console.log('ready')); s.resume(); });\n"
	 "server.listen(0, '127.0.0.1', () => net.connect(server.address().port, "
	 "'127.0.0.1').end());\n",
	 {"the main thread waits in epoll_wait on descriptor ", "; wakes within ",
	  "listens: ", "living child: ", "likely leak: CLOSE_WAIT and in no epoll set: ",
	  "cannot be seen from outside"}},
	{"why explains python",
	 "python3",
	 "py",
	 "import socket, threading, time\n"
	 "server = socket.socket()\n"
	 "server.bind(('127.0.0.1', 0))\n"
	 "server.listen(5)\n"
	 "client = socket.create_connection(server.getsockname())\n"
	 "leaked, _ = server.accept()\n"
	 "client.close()\n"
	 "threading.Thread(target=time.sleep, args=(100,), daemon=True).start()\n"
	 "print('ready', flush=True)\n"
	 "server.accept()\n",
	 {"the main thread waits in accept", ", tcp 127.0.0.1:", "listens: ", "other threads: 1 x ",
	  "possible leak: CLOSE_WAIT: "}},
	{"why explains java",
	 "java",
	 "java",
	 "import java.net.*; import java.util.*;\n"
	 "public class T { public static void main(String[] a) throws Exception {\n"
	 "  ServerSocket s = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());\n"
	 "  new Timer(\"my-timer\").schedule(new TimerTask() { public void run() {} }, 50000, "
	 "50000);\n"
	 "  Socket c = new Socket(s.getInetAddress(), s.getLocalPort()); Socket d = s.accept();\n"
	 "  c.close(); System.out.println(\"ready\"); s.accept(); } }\n",
	 {"the main thread waits in futex", "listens: ", "in accept", "x my-timer in futex",
	  "possible leak: CLOSE_WAIT: "}},
};

/* It may still be on its way into its wait when it has said its word. */
static struct run *look_until(const char *pid, const char *part)
{
	struct run *r;

	do
		r = run(HANDLES("--why", pid), NULL);
	while (r->status == 0 && strstr(r->out, part) == NULL);
	return r;
}

static void why_explains_a_real_program(void **state)
{
	const struct real *real = test_now()->row;
	const char *script = test_file(test_text("T.%s", real->suffix), real->text, 0600);
	struct run *p = run(ARGV("sh", "-c", test_text("command -v %s", real->program)), NULL), *r;
	const char *at;

	(void)state;
	if (p->status != 0)
		skip();
	p = start(ARGV(real->program, script), NULL);
	run_wait_out(p, "ready");
	(void)look_until(pid_of(p), real->parts[0]);
	r = look_until(pid_of(p), "CLOSE_WAIT");
	at = r->out;
	for (size_t i = 0; i < 6 && real->parts[i] != NULL; i++) {
		assert_has(at, real->parts[i]);
		at = strstr(at, real->parts[i]);
	}
	/* Node's child would outlive it. */
	(void)run(ARGV("sh", "-c", test_text("kill -9 $(pgrep -P %s) %s", pid_of(p), pid_of(p))),
		  NULL);
	finish(p);
}

/* --- a terminal -------------------------------------------------------------------------------------- */

static void on_a_terminal_processes_are_titles(void **state)
{
	struct run *d = host(ARGV("@zoo", test_now()->dir));
	struct pty *p;

	(void)state;
	run_wait_out(d, "ready");
	p = pty_start(HANDLES(pid_of(d)), NULL);
	pty_expect(p, "FD    KIND     MODE FLAGS NAME\r\n");
	pty_expect(p, test_text("%s zoo: ", pid_of(d)));
	pty_expect(p, "\r\n0     pipe     r    ---   pipe:[");
	pty_expect(p, "gone\\x1b[31m\\xff (deleted");
	pty_finish(p);
	assert_null(strchr(p->text, 033));
	end_host(d);
}

static void on_a_terminal_a_trend_is_drawn(void **state)
{
	struct run *d = host(ARGV("@zoo", test_now()->dir));
	struct pty *p;

	(void)state;
	run_wait_out(d, "ready");
	p = pty_start(HANDLES("--trend", "-n", "15", "-i", "10ms", pid_of(d)),
		      HOW(.env = {"TERM=xterm"}));
	pty_expect(p, test_text("\r\033[K%s fds ", pid_of(d)));
	pty_expect(p, "▁▁▁");
	pty_expect(p, "15/15  steady");
	pty_expect(p, "\r\033[K");
	pty_expect(p, "zoo fds: ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁ steady (");
	pty_finish(p);
	assert_status(p->run, 0);
	end_host(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_test(a_dead_mount_costs_one_timeout),
		tidy_row("a detached dead mount costs one timeout", a_dead_mount_costs_one_timeout,
			 "detach"),
		tidy_test(a_closed_process_is_counted_or_3),
		tidy_test(a_hidden_process_is_3_and_why_is_said),
		tidy_test(a_private_table_is_told_with_its_thread),
		tidy_test(sockets_of_another_network_namespace_are_known),
		tidy_test(churn_is_no_error),
		tidy_row(reals[0].title, why_explains_a_real_program, &reals[0]),
		tidy_row(reals[1].title, why_explains_a_real_program, &reals[1]),
		tidy_row(reals[2].title, why_explains_a_real_program, &reals[2]),
		tidy_test(on_a_terminal_processes_are_titles),
		tidy_test(on_a_terminal_a_trend_is_drawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
