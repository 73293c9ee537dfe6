/* The walk: a list of directories that wait for a visit, and the threads that make the visits. */
#include "walk.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "visit.h"

#define THREADS_MAX 4
#define THREADS_WORTH 32 /* so many directories waiting are worth a thread */
#define STACK_SIZE ((size_t)128 * 1024)

/* A directory that waits for its visit. */
struct task {
	int dir;
	enum visit visit;
};

struct walk {
	struct watchset *set;
	pthread_cond_t more;
	struct task *tasks;
	size_t count, size;
	size_t busy; /* visitors that are visiting */
	size_t waiting;
	size_t threads, threads_max;
	pthread_t thread[THREADS_MAX];
	int err;       /* -ENOMEM */
	int first_err; /* of the directory that the walk began with */
	int first;
};

void walk_push(struct walk *walk, int dir, enum visit visit)
{
	if (walk->count == walk->size) {
		size_t size = walk->size ? walk->size * 2 : 64;
		struct task *tasks = realloc(walk->tasks, size * sizeof(*tasks));

		if (!tasks) {
			walk->err = -ENOMEM;
			return;
		}
		walk->tasks = tasks;
		walk->size = size;
	}
	walk->tasks[walk->count++] = (struct task){.dir = dir, .visit = visit};
}

static void *work(void *arg);

/* More hands, while there is enough to do. The lock is held. */
static void hire(struct walk *walk)
{
	pthread_attr_t attr;

	if (walk->threads >= walk->threads_max || walk->count < THREADS_WORTH ||
	    pthread_attr_init(&attr) != 0)
		return;
	if (pthread_attr_setstacksize(&attr, STACK_SIZE) != 0 ||
	    pthread_create(&walk->thread[walk->threads], &attr, work, walk) != 0)
		walk->threads_max = walk->threads; /* then without */
	else
		walk->threads++;
	(void)pthread_attr_destroy(&attr);
}

/* Take the newest task; wait for one while others may still find some. The lock is held. */
static bool next_task(struct walk *walk, struct task *ret)
{
	pthread_mutex_t *lock = &walk->set->lock;

	walk->waiting++;
	while (walk->count == 0 && walk->busy > 0)
		(void)pthread_cond_wait(&walk->more, lock);
	walk->waiting--;
	if (walk->count == 0)
		return false;
	*ret = walk->tasks[--walk->count];
	walk->busy++;
	return true;
}

static void do_tasks(struct walk *walk, struct visitor *visitor)
{
	pthread_mutex_t *lock = &walk->set->lock;
	struct task task;

	(void)pthread_mutex_lock(lock);
	while (next_task(walk, &task)) {
		int err;

		(void)pthread_mutex_unlock(lock);
		err = visit_dir(visitor, task.dir, task.visit);
		(void)pthread_mutex_lock(lock);
		walk->busy--;
		if (err == -ENOMEM)
			walk->err = err;
		if (task.dir == walk->first)
			walk->first_err = err;
		hire(walk);
		if (walk->waiting > 0 && (walk->count > 0 || walk->busy == 0))
			(void)pthread_cond_broadcast(&walk->more);
	}
	(void)pthread_mutex_unlock(lock);
}

static void *work(void *arg)
{
	struct walk *walk = arg;
	struct visitor *visitor = malloc(sizeof(*visitor));

	if (!visitor)
		return NULL;
	visitor->set = walk->set;
	visitor->walk = walk;
	visitor->since = walk->set->watermark;
	visitor->listing.names = (struct buf){.cap = (size_t)1 << 30};
	do_tasks(walk, visitor);
	buf_drop(&visitor->listing.names);
	free(visitor);
	return NULL;
}

/* How many threads beside this one. */
static size_t helpers(void)
{
	cpu_set_t set;
	int cpus = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return (size_t)(cpus < 1 ? 1 : cpus > THREADS_MAX ? THREADS_MAX : cpus) - 1;
}

int walk_tree(struct watchset *set, int dir, enum visit visit)
{
	struct walk walk = {
		.set = set,
		.threads_max = visit == VISIT_FIRST ? helpers() : 0,
		.first = dir,
	};
	(void)pthread_cond_init(&walk.more, NULL);
	walk_push(&walk, dir, visit);
	if (walk.err >= 0)
		(void)work(&walk);
	for (size_t i = 0; i < walk.threads; i++)
		(void)pthread_join(walk.thread[i], NULL);
	/* No task may be left: the first visitor had no memory. */
	if (walk.count > 0)
		walk.err = -ENOMEM;
	(void)pthread_cond_destroy(&walk.more);
	free(walk.tasks);
	return walk.err < 0 ? walk.err : walk.first_err;
}
