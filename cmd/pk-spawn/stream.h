#ifndef PK_SPAWN_STREAM_H
#define PK_SPAWN_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base.h"
#include "relay.h"

/* The steps of one stream of a relay; what they have in common, the copy and
 * the failures, is in *relay. */

/* Has the caller left it closed? A placeholder of ours holds it then
 * (fd_park_std), and the command gets it closed. */
bool stream_is_closed(int fd);

/* Make the pipe for stdout or stderr; a closed one is not relayed. Returns 0 or
 * -errno. */
must_check int stream_open(struct relay_stream *stream, int fd, size_t most);

/* How many bytes are in the pipe. */
size_t stream_waiting(const struct relay_stream *stream);

/* Is there something in hand, or to be moved, that the sink had no room for? */
bool stream_is_stuck(const struct relay_stream *stream);

/*
 * Nobody reads what we would write to the sink. Without a copy to fill the command is to know: our end
 * is closed.
 */
void stream_lose_reader(struct relay *relay, struct relay_stream *stream, int err);

/* Write what is in hand, as far as there is room. */
void stream_flush(struct relay *relay, struct relay_stream *stream);

/* Pass a piece of at most `most` bytes on. Returns false when there is no more
 * for now. */
must_check bool stream_advance(struct relay *relay, struct relay_stream *stream, size_t most);

#endif
