#ifndef PK_BOOT_H
#define PK_BOOT_H

#include <stdint.h>

#include "common/base.h"

/*
 * Instants that processes share: CLOCK_BOOTTIME means the same to all of them, and the kernel's boot id
 * says until when: after a reboot, or on another machine, such an instant means nothing.
 */
#define BOOT_ID 36 /* characters: a UUID */

/* Now on CLOCK_BOOTTIME, which goes on while the machine sleeps. */
int64_t boot_now_ns(void);

/* The boot id. Returns 0, or -ENODATA when it cannot be read (no /proc); id is empty then. */
must_check int boot_read_id(char id[static BOOT_ID + 1]);

#endif
