/*
 * The completions in the real shells, at a terminal. Stubs take the place of the tools and print their arguments, so
 * that "type, TAB, Enter" shows what the TAB made of the line, and nothing is waited for but text.
 */
#include "tests/check.h"
#include "tests/lib/pty.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BASH, ZSH, FISH, SHELLS };

#define STUBS                                                                                      \
	"pk-spawn() { printf 'got '; printf '<%s>' \"$@\"; echo; }\n"                              \
	"pk-retry() { pk-spawn \"$@\"; }\n"

/* What the user's start file would hold; it ends with the prompt "@@ ". */
static const struct shell {
	const char *name, *argv[6], *start_file, *start;
} shells[SHELLS] = {
	[BASH] = {"bash",
		  {"bash", "--noprofile", "--rcfile", ".bashrc", "-i"},
		  ".bashrc",
		  ". /usr/share/bash-completion/bash_completion\n" STUBS
		  "complete -W 'alpha --beta' pk_wrapped\n"
		  "PATH=$HOME/bin:$PATH PS1='@@ '\n"},
	[ZSH] = {"zsh",
		 {"zsh", "-o", "NO_GLOBAL_RCS", "-i"},
		 ".zshrc",
		 "fpath=($PK_TOP/completions/zsh $fpath)\n"
		 "autoload -U compinit && compinit -u -D\n" STUBS
		 "compdef '_arguments \"--beta\" \"1:letter:(alpha)\"' pk_wrapped\n"
		 "unsetopt PROMPT_CR PROMPT_SP\n"
		 "PATH=$HOME/bin:$PATH PS1='@@ '\n"},
	[FISH] = {"fish",
		  {"fish", "-i"},
		  ".config/fish/config.fish",
		  "set fish_complete_path $PK_TOP/completions/fish $fish_complete_path\n"
		  "set -p PATH $HOME/bin\n"
		  "set fish_greeting\n"
		  "function pk-spawn; printf 'got '; printf '<%s>' $argv; echo; end\n"
		  "function pk-retry; pk-spawn $argv; end\n"
		  "complete -c pk_wrapped -f -a alpha\n"
		  "complete -c pk_wrapped -l beta\n"
		  "function fish_prompt; printf '@@ '; end\n"},
};

static const struct row {
	const char *title, *typed, *becomes;
} rows[] = {
	{"a long option is completed", "pk-spawn --time\t 1\r", "<--timeout><1>"},
	{"a long option behind another option and its value is completed",
	 "pk-spawn -t 5s --kill\t 1\r", "<-t><5s><--kill-after><1>"},
	{"a long option behind a value joined by = is completed",
	 "pk-spawn --timeout=5s --pres\t\r", "<--timeout=5s><--preserve-status>"},
	{"the signal's name is completed", "pk-spawn -s TER\t\r", "<-s><TERM>"},
	{"the signal's name behind = is completed", "pk-spawn --signal=WIN\t\r",
	 "<--signal=WINCH>"},
	{"the target of the signal is completed", "pk-spawn --signal-to m\t\r",
	 "<--signal-to><main>"},
	{"the fate of orphans is completed", "pk-spawn --orphans le\t\r", "<--orphans><leave>"},
	{"the source of stdin is completed", "pk-spawn -i nul\t\r", "<-i><null>"},
	{"a file is completed for stdin", "pk-spawn -i some-f\t\r", "<-i><some-file>"},
	{"a file is completed for events", "pk-spawn --events some-f\t\r", "<--events><some-file>"},
	{"a file is completed for events behind =", "pk-spawn --events=some-f\t\r",
	 "<--events=some-file>"},
	{"the name of a limit is completed, without a blank", "pk-spawn -L nof\t64\r",
	 "<-L><nofile=64>"},
	{"a second limit is completed", "pk-spawn -L core=0 -L sta\t1M\r",
	 "<-L><core=0><-L><stack=1M>"},
	{"the command's name is completed", "pk-spawn pk_wrap\t\r", "<pk_wrapped>"},
	{"the command's name behind options is completed", "pk-spawn -qt 5s -L core=0 pk_wrap\t\r",
	 "<-qt><5s><-L><core=0><pk_wrapped>"},
	{"the command's name behind -- is completed", "pk-spawn -t 5s -- pk_wrap\t\r",
	 "<-t><5s><--><pk_wrapped>"},
	{"the command's operand is completed as its own completion says",
	 "pk-spawn -t 5s pk_wrapped al\t\r", "<-t><5s><pk_wrapped><alpha>"},
	{"the same behind --", "pk-spawn -t 5s -- pk_wrapped al\t\r",
	 "<-t><5s><--><pk_wrapped><alpha>"},
	{"the same behind values joined by =",
	 "pk-spawn --limit=core=0 --timeout=5s pk_wrapped al\t\r",
	 "<--limit=core=0><--timeout=5s><pk_wrapped><alpha>"},
	{"the command's option is completed as its own completion says",
	 "pk-spawn pk_wrapped --be\t\r", "<pk_wrapped><--beta>"},
	{"git's verb is completed", "pk-spawn -t 5s git lo\t\r", "<-t><5s><git><log>"},
	{"no option of ours behind the command", "pk-spawn pk_wrapped --time\t\r",
	 "<pk_wrapped><--time>"},
	{"no option of ours behind --", "pk-spawn -- --time\t\r", "<--><--time>"},
	{"a nested pk-spawn is completed", "pk-spawn -t 5s -- pk-spawn --orph\t leave\r",
	 "<-t><5s><--><pk-spawn><--orphans><leave>"},
	{"pk-retry: a long option is completed", "pk-retry --att\t 3\r", "<--attempts><3>"},
	{"pk-retry: a kind of jitter is completed", "pk-retry -j dec\t\r", "<-j><decorrelated>"},
	{"pk-retry: a mode behind = is completed", "pk-retry --stdout=com\t\r",
	 "<--stdout=commit>"},
	{"pk-retry: the fate of stdin is completed", "pk-retry -i rep\t\r", "<-i><replay>"},
	{"pk-retry: a file is completed for the breaker", "pk-retry -b some-f\t\r",
	 "<-b><some-file>"},
	{"pk-retry: a file is completed for the lock behind =", "pk-retry --lock=some-f\t\r",
	 "<--lock=some-file>"},
	{"pk-retry: an outcome is completed", "pk-retry -r tim\t true\r", "<-r><timeout><true>"},
	{"pk-retry: the command behind every kind of option",
	 "pk-retry -qn 3 -H 9 --breaker-threshold 2 --until x pk_wrapped al\t\r",
	 "<-qn><3><-H><9><--breaker-threshold><2><--until><x><pk_wrapped><alpha>"},
	{"pk-spawn in pk-retry is completed", "pk-retry -n 3 -- pk-spawn --orph\t leave\r",
	 "<-n><3><--><pk-spawn><--orphans><leave>"},
};

static void run_in_home(const char *commands)
{
	assert_int_equal(system(test_text("cd '%s' && %s", test_now()->dir, commands)), 0);
}

static int empty_home(void *arg)
{
	(void)arg;
	return system(test_text("cd '%s' && rm -rf -- bin share some-file fish.* .[a-z]*",
				test_now()->dir));
}

static bool is_there(const struct shell *shell)
{
	return system(test_text("command -v %s >/dev/null", shell->name)) == 0 &&
	       (strcmp(shell->name, "bash") != 0 ||
		access("/usr/share/bash-completion/bash_completion", R_OK) == 0);
}

static struct pty *open_shell(const struct shell *shell)
{
	const char *home = test_now()->dir;
	const struct how how = {
		.env = {"TERM=dumb", "INPUTRC=/dev/null", test_text("HOME=%s", home),
			test_text("ZDOTDIR=%s", home), test_text("XDG_DATA_HOME=%s/share", home),
			test_text("XDG_CONFIG_HOME=%s/.config", home), "LC_ALL=C.UTF-8"},
	};

	test_at_end(empty_home, NULL);
	/* Bash loads a completion by its name from there. */
	run_in_home("mkdir -p bin share/bash-completion share/fish/generated_completions "
		    ".config/fish && : >some-file &&"
		    "ln -s \"$PK_TOP/completions/bash\" share/bash-completion/completions &&"
		    "printf '#!/bin/sh\n' >bin/pk_wrapped && chmod +x bin/pk_wrapped");
	(void)test_file("start", shell->start, 0600);
	run_in_home(test_text("cp start %s", shell->start_file));
	return pty_start(shell->argv, &how);
}

static void check_row(struct pty *pty, const struct row *row)
{
	size_t begin;

	pty_expect(pty, "@@ ");
	pty_keys(pty, row->typed);
	pty_expect(pty, "got ");
	begin = pty->seen;
	pty_expect(pty, "\n");
	if (strncmp(pty->text + begin, row->becomes, strlen(row->becomes)) == 0 &&
	    strchr("\r\n", pty->text[begin + strlen(row->becomes)]) != NULL)
		return;
	fail_msg("%s: wanted %s, got %.*s", row->title, row->becomes, (int)(pty->seen - begin),
		 pty->text + begin);
}

static void each_row_is_completed(void **state)
{
	const struct shell *shell = test_now()->row;
	struct pty *pty;

	(void)state;
	if (!is_there(shell))
		skip();
	pty = open_shell(shell);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(pty, &rows[i]);
	pty_expect(pty, "@@ ");
	pty_keys(pty, "exit\r");
	pty_finish(pty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tidy_row("bash completes options, values and the command's own words",
			 each_row_is_completed, &shells[BASH]),
		tidy_row("zsh completes options, values and the command's own words",
			 each_row_is_completed, &shells[ZSH]),
		tidy_row("fish completes options, values and the command's own words",
			 each_row_is_completed, &shells[FISH]),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
