#ifndef PK_ERRNAME_H
#define PK_ERRNAME_H

/*
 * The symbolic name of an errno value, "ENOENT", as errno(3) lists them; "EUNKNOWN" for one that is
 * not known here. strerrorname_np(3) is glibc's alone.
 */
const char *errname(int err);

#endif
