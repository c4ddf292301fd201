/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds files to a fuzz driver, without libFuzzer: FILE-OR-DIRECTORY..., or the corpus that has the name of the program.
 * A directory's files are fed in order of their names. The empty input comes first, always. Each is named before it
 * runs, so that a crash says which one it was.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	uint8_t *data;
	size_t size;

	/* Exactly as large as the file, so that a read behind the end is seen. */
	if (!file || fstat(fileno(file), &st) < 0 || !(data = malloc(st.st_size ? (size_t)st.st_size : 1))) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	size = fread(data, 1, (size_t)st.st_size, file);
	fclose(file);
	printf("# %s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	printf("ok %s\n", strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
}

static void feed_directory(const char *path)
{
	struct dirent **entries;
	char name[4096];
	int count = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
			feed(name);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void feed_path(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		feed_directory(path);
	else
		feed(path);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	char corpus[4096];

	printf("# the empty input\n");
	fflush(stdout);
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("ok empty\n");
	for (int i = 1; i < argc; i++)
		feed_path(argv[i]);
	snprintf(corpus, sizeof(corpus), "tests/fuzz/corpus/%s", slash ? slash + 1 : argv[0]);
	if (argc == 1 && access(corpus, F_OK) == 0)
		feed_path(corpus);
	return EXIT_SUCCESS;
}
