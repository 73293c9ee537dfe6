/* The loop guard. */
#include "feedback.h"

bool feedback_note(struct feedback *feedback, uint64_t signature, bool own)
{
	if (!own || (feedback->runs > 0 && signature != feedback->signature)) {
		*feedback = (struct feedback){.signature = signature};
		feedback->runs = own;
		return false;
	}
	feedback->signature = signature;
	feedback->runs += feedback->runs < FEEDBACK_RUNS + 1;
	if (feedback->runs < FEEDBACK_RUNS)
		return false;
	feedback->delay = feedback->delay == 0 ? FEEDBACK_FIRST : feedback->delay * 2;
	if (feedback->delay > FEEDBACK_MOST)
		feedback->delay = FEEDBACK_MOST;
	return feedback->runs == FEEDBACK_RUNS;
}
