#ifndef PK_JSONL_INIT_H
#define PK_JSONL_INIT_H

/*
 * As PID 1 of a container a program without signal handlers cannot be ended by TERM or INT
 * (pid_namespaces(7)). If we are PID 1, go on in a child, pass those signals to it and end as it ends
 * (128 + N for a signal); otherwise do nothing.
 */
void init_stand_aside(void);

#endif
