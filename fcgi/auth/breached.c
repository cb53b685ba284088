/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Passwords that were in breaches (ASVS 6.2.12), by a file of the operator's: nobody is asked about a password. Its lines
 * are SHA-1 hashes in hex, in their order, each with whatever comes behind a colon, as the downloaders of Pwned Passwords
 * write them. It may have any size: a look takes some forty short reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/auth/auth.h"
#include "shared/base/log.h"
#include "shared/base/str.h"

#define SHA1_LEN 20
#define LINE_MAX_LEN 80

static int fd = -1;
static off_t size;

/* A line that begins at `at`: its hash, and where the next begins. */
static bool
line_read(off_t at, uint8_t hash[static SHA1_LEN], off_t *next)
{
	char line[LINE_MAX_LEN], hex[2 * SHA1_LEN + 1] = "";
	ssize_t n = pread(fd, line, sizeof line, at);
	const char *end;

	if (n < 2 * SHA1_LEN)
		return false;
	memcpy(hex, line, 2 * SHA1_LEN);
	if (!hex_decode(hash, hex, SHA1_LEN))
		return false;
	end = memchr(line, '\n', (size_t)n);
	if (end == NULL && at + n < size)
		return false;
	*next = end != NULL ? at + (end - line) + 1 : size;
	return true;
}

/* Where the first line begins that begins behind `at`; false when there is no end of a line near. */
static bool
line_after(off_t at, off_t *next)
{
	char line[LINE_MAX_LEN];
	ssize_t n = pread(fd, line, sizeof line, at);
	const char *end = n > 0 ? memchr(line, '\n', (size_t)n) : NULL;

	if (n <= 0 || (end == NULL && at + n < size))
		return false;
	*next = end != NULL ? at + (end - line) + 1 : size;
	return true;
}

bool
breached_setup(const char *path)
{
	struct stat st;
	uint8_t hash[SHA1_LEN];
	off_t next;

	if (fd >= 0)
		(void)close(fd);
	fd = -1;
	if (path == NULL || *path == '\0')
		return true;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		log_msg(LOG_ERROR, "PACT_BREACHED_PASSWORDS is no file that can be read: %s",
		    strerror(errno));
		return false;
	}
	size = st.st_size;
	if (line_read(0, hash, &next))
		return true;
	log_msg(LOG_ERROR, "PACT_BREACHED_PASSWORDS does not begin with a SHA-1 hash in hex");
	return false;
}

/*
 * Bisection by bytes. What is looked for begins at low or behind it, and before high; both are where lines begin, and a
 * middle is moved on to where the next one does.
 */
static enum breached
find(const uint8_t wanted[static SHA1_LEN])
{
	off_t low = 0, high = size, middle, at, next;
	uint8_t hash[SHA1_LEN];
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		at = middle;
		if (middle > low && !line_after(middle - 1, &at))
			return BREACHED_UNKNOWN;
		if (at >=
		    high) { /* the middle is within the last line: what is before it is left */
			high = middle;
			continue;
		}
		if (!line_read(at, hash, &next))
			return BREACHED_UNKNOWN;
		order = memcmp(wanted, hash, SHA1_LEN);
		if (order == 0)
			return BREACHED_YES;
		if (order > 0)
			low = next;
		else
			high = middle;
	}
	return BREACHED_NO;
}

enum breached
breached(const char *password)
{
	uint8_t wanted[EVP_MAX_MD_SIZE];
	enum breached found = BREACHED_NO;

	if (fd < 0)
		return BREACHED_NO;
	if (EVP_Digest(password, strlen(password), wanted, NULL, EVP_sha1(), NULL) != 1)
		log_fatal("SHA-1 failed");
	found = find(wanted);
	if (found == BREACHED_UNKNOWN)
		log_msg(LOG_ERROR, "PACT_BREACHED_PASSWORDS holds something that is no line of it");
	wipe(wanted, sizeof wanted);
	return found;
}
