/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/registry/check.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "tools/mkimage/source/import.h"

struct check {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	pthread_t threads[CHECK_THREADS_MAX];
	unsigned int threads_count, wanted;
	struct check_job *first, **last;
	bool closing, failed;
	struct error err;
};

static int run(const struct check_job *job, struct error *err)
{
	int fd = store_writer_descriptor(job->writer);

	if ((job->diff_id && import_check_layer(fd, job->size, job->diff_id, err) < 0) ||
	    store_writer_commit(job->writer, job->digest, NULL, NULL, err) < 0)
		return error_context(err, "blob '%s'", job->digest->text);
	return 0;
}

/* NULL when there is nothing more to come. */
static struct check_job *take(struct check *check)
{
	struct check_job *job;

	while (!check->first && !check->closing)
		(void)pthread_cond_wait(&check->changed, &check->mutex);
	job = check->failed ? NULL : check->first;
	if (job) {
		check->first = job->next;
		if (!check->first)
			check->last = &check->first;
	}
	return job;
}

static void *work(void *context)
{
	struct check *check = context;
	struct check_job *job;

	(void)pthread_mutex_lock(&check->mutex);
	while ((job = take(check))) {
		struct error err = { 0 };
		int r;

		(void)pthread_mutex_unlock(&check->mutex);
		r = run(job, &err);
		(void)pthread_mutex_lock(&check->mutex);
		if (r < 0 && !check->failed) {
			check->failed = true;
			check->err = err;
		}
	}
	(void)pthread_mutex_unlock(&check->mutex);
	return NULL;
}

struct check *check_new(void)
{
	struct check *check = calloc(1, sizeof(*check));
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (!check)
		arena_out_of_memory();
	(void)pthread_mutex_init(&check->mutex, NULL);
	(void)pthread_cond_init(&check->changed, NULL);
	check->last = &check->first;
	check->wanted = processors < 1 ? 1 : processors > CHECK_THREADS_MAX ? CHECK_THREADS_MAX : (unsigned int)processors;
	return check;
}

void check_add(struct check *check, struct check_job *job)
{
	(void)pthread_mutex_lock(&check->mutex);
	*check->last = job;
	check->last = &job->next;
	(void)pthread_cond_signal(&check->changed);
	(void)pthread_mutex_unlock(&check->mutex);
	/* One for each job until there are enough. Where none can be started, check_finish() does the work. */
	if (check->threads_count < check->wanted &&
	    pthread_create(&check->threads[check->threads_count], NULL, work, check) == 0)
		check->threads_count++;
}

bool check_failed(struct check *check)
{
	bool failed;

	(void)pthread_mutex_lock(&check->mutex);
	failed = check->failed;
	(void)pthread_mutex_unlock(&check->mutex);
	return failed;
}

int check_finish(struct check *check, struct error *err)
{
	int r;

	(void)pthread_mutex_lock(&check->mutex);
	check->closing = true;
	(void)pthread_cond_broadcast(&check->changed);
	(void)pthread_mutex_unlock(&check->mutex);
	(void)work(check);
	for (unsigned int i = 0; i < check->threads_count; i++)
		(void)pthread_join(check->threads[i], NULL);
	r = check->failed ? -1 : 0;
	if (r < 0 && err)
		*err = check->err;
	(void)pthread_cond_destroy(&check->changed);
	(void)pthread_mutex_destroy(&check->mutex);
	free(check);
	return r;
}
