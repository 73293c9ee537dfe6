/* Part of faultrun: the registers of a stopped process, per architecture. */
#ifndef PK_FAULT_REGISTERS_H
#define PK_FAULT_REGISTERS_H

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)
/* At a call's entry: the kernel finds no such call and runs nothing. */
static void call_suppress(pid_t pid)
{
	struct user_regs_struct regs;
	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) != 0)
		return;
	regs.orig_rax = (unsigned long long)-1;
	(void)ptrace(PTRACE_SETREGS, pid, 0, &regs); /* ESRCH: it was killed meanwhile */
}

static void call_set_result(pid_t pid, long result)
{
	struct user_regs_struct regs;
	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) != 0)
		return;
	regs.rax = (unsigned long long)result;
	(void)ptrace(PTRACE_SETREGS, pid, 0, &regs);
}

static unsigned long breakpoint_in(unsigned long word)
{
	return (word & ~0xffUL) | 0xcc;
}

/* Behind the breakpoint: back to the instruction that it hid. */
static void rewind_to(pid_t pid, unsigned long address)
{
	struct user_regs_struct regs;
	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) != 0)
		return;
	regs.rip = address;
	(void)ptrace(PTRACE_SETREGS, pid, 0, &regs);
}
#elif defined(__aarch64__)
static void call_suppress(pid_t pid)
{
	int none = -1;
	struct iovec io = {&none, sizeof(none)};
	(void)ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &io);
}

static void call_set_result(pid_t pid, long result)
{
	struct user_regs_struct regs;
	struct iovec io = {&regs, sizeof(regs)};
	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) != 0)
		return;
	regs.regs[0] = (unsigned long long)result;
	(void)ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io);
}

static unsigned long breakpoint_in(unsigned long word)
{
	return (word & ~0xffffffffUL) | 0xd4200000; /* brk #0 */
}

static void rewind_to(pid_t pid, unsigned long address)
{
	(void)pid; /* the program counter still points at the brk */
	(void)address;
}
#else
#error "faultrun knows the registers of x86-64 and aarch64 only"
#endif

#endif
