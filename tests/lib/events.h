#ifndef PK_TEST_EVENTS_H
#define PK_TEST_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/lib/leftover.h"

/*
 * Read event files (`--events FILE`). Every line of a file that events_path() names is checked
 * against tests/events.schema at the end of the test: an unknown event or field, a missing one, a
 * wrong type or order, a torn or oversized line fails it.
 *
 *	const char *events = events_path();
 *	struct run *r = start(ARGV("pk-spawn", "--events", events, "--", "@stubborn"), NULL);
 *	const char *line = event_wait(events, "start");
 *	assert_string_equal(event_text(line, "command"), ...);
 *
 * Lines and texts live as long as the test.
 */
const char *events_path(void);

/* Wait until the file has the event (the nth, from 1) and return its line. No polling: inotify. */
const char *event_wait(const char *path, const char *event);
const char *event_wait_nth(const char *path, const char *event, unsigned nth);

/* The line of the event, or NULL; the number of such lines; the nth line of the file, from 1. */
const char *event_find(const char *path, const char *event);
size_t event_count(const char *path, const char *event);
const char *event_line(const char *path, size_t nth);

/* A field of a line: is it there; its text, decoded (arrays as they stand); its number; its truth.
 * The last three fail the test when it is missing or of another type. */
bool event_has(const char *line, const char *field);
const char *event_text(const char *line, const char *field);
double event_number(const char *line, const char *field);
bool event_true(const char *line, const char *field);

/* Check a file (or one line) against the schema: 0, or -1 after the reason has been printed. */
int events_check(const char *path);
int events_check_line(const char *line);

#endif
