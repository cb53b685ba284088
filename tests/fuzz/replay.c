/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A main for fuzz targets built without libFuzzer: runs the target over every file of the directories and files named,
 * so that each test run repeats what a fuzzer once found, with any compiler. No input at all is a failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX (16U * 1024U * 1024U)

static unsigned long inputs;

static void
die(const char *path, const char *what)
{
	fprintf(stderr, "replay: %s: %s\n", path, what);
	exit(EXIT_FAILURE);
}

static void
replay_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;

	if (f == NULL)
		die(path, "cannot be opened");
	if (size > INPUT_MAX)
		die(path, "is too large for a corpus");
	/* exactly as large as the input, so that AddressSanitizer sees the first byte too many */
	data = malloc(size > 0 ? size : 1);
	if (data == NULL || fread(data, 1, size, f) != size)
		die(path, "cannot be read");
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(data, size);
	free(data);
	inputs++;
}

static void
replay(const char *path)
{
	struct stat st;
	struct dirent *e;
	char inner[4096];
	DIR *d;

	if (stat(path, &st) != 0)
		die(path, "is not there");
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path, (size_t)st.st_size);
		return;
	}
	if ((d = opendir(path)) == NULL)
		die(path, "cannot be opened");
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		if ((size_t)snprintf(inner, sizeof inner, "%s/%s", path, e->d_name) >= sizeof inner)
			die(path, "has a name that is too long");
		replay(inner);
	}
	(void)closedir(d);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (inputs == 0) {
		fprintf(stderr, "replay: no inputs: an empty corpus proves nothing\n");
		return EXIT_FAILURE;
	}
	printf("%lu inputs\n", inputs);
	return EXIT_SUCCESS;
}
