#ifndef PK_HANDLES_THREAD_H
#define PK_HANDLES_THREAD_H

#include "call.h"
#include "common/buf.h"
#include "process.h"

/* What one thread is doing. */
struct thread {
	pid_t tid;
	char state; /* R S D T t Z ... */
	char comm[PROC_COMM_MAX];
	char wchan[64]; /* the kernel function that it sleeps in; "" unknown */
	struct call call;
};

/* Read the threads of process into threads, of struct thread, the main one first. Returns 0 or -errno. */
must_check int thread_read(const struct process *process, struct buf *threads);

#endif
