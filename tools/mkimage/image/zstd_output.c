/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/mkimage/image/writers.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/file.h"

#define THREADS_MAX 16
#define WINDOW_LOG  21 /* 2 MiB */
#define JOB_BYTES   (4 << 20)

unsigned int writer_threads(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned int)n;
}

/*
 * The input is cut into jobs of a fixed size, so the bytes are the same for any number of workers but none:
 * zero workers is another algorithm. Hence never less than one.
 */
static int set_parameters(ZSTD_CCtx *context, int level, struct error *err)
{
	const struct {
		const char *name;
		ZSTD_cParameter parameter;
		int value;
	} parameters[] = {
		{ "level", ZSTD_c_compressionLevel, level },
		{ "window", ZSTD_c_windowLog, WINDOW_LOG },
		{ "checksum", ZSTD_c_checksumFlag, 1 },
		{ "workers", ZSTD_c_nbWorkers, (int)writer_threads() },
		{ "job size", ZSTD_c_jobSize, JOB_BYTES },
	};

	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		size_t r = ZSTD_CCtx_setParameter(context, parameters[i].parameter, parameters[i].value);

		if (ZSTD_isError(r))
			return error_set(err, "zstd: cannot set the %s to %d: %s", parameters[i].name,
					 parameters[i].value, ZSTD_getErrorName(r));
	}
	return 0;
}

int zstd_output_open(int fd, int level, struct zstd_output *output, struct error *err)
{
	*output = (struct zstd_output){ .fd = fd, .capacity = ZSTD_CStreamOutSize() };
	output->context = ZSTD_createCCtx();
	output->buffer = malloc(output->capacity);
	if (!output->context || !output->buffer)
		arena_out_of_memory();
	if (set_parameters(output->context, level, err) == 0)
		return 0;
	zstd_output_close(output);
	return -1;
}

/* Feeds the compressor until it has taken all of `in`, and at the end of the frame until it has given all. */
static int compress(struct zstd_output *output, ZSTD_inBuffer *in, ZSTD_EndDirective directive,
		    struct error *err)
{
	size_t left;

	do {
		ZSTD_outBuffer out = { output->buffer, output->capacity, 0 };

		left = ZSTD_compressStream2(output->context, &out, in, directive);
		if (ZSTD_isError(left))
			return error_set(err, "zstd: %s", ZSTD_getErrorName(left));
		if (file_write_all(output->fd, out.dst, out.pos, "initrd", err) < 0)
			return -1;
	} while (directive == ZSTD_e_end ? left > 0 : in->pos < in->size);
	return 0;
}

int zstd_output_add(struct zstd_output *output, const void *data, size_t length, struct error *err)
{
	ZSTD_inBuffer in = { data, length, 0 };

	return compress(output, &in, ZSTD_e_continue, err);
}

int zstd_output_end(struct zstd_output *output, struct error *err)
{
	ZSTD_inBuffer in = { NULL, 0, 0 };

	return compress(output, &in, ZSTD_e_end, err);
}

void zstd_output_close(struct zstd_output *output)
{
	(void)ZSTD_freeCCtx(output->context);
	free(output->buffer);
	*output = (struct zstd_output){ .fd = -1 };
}
