/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Delivery into a maildir: written to tmp/, made durable, then linked into new/. The name is the outbox row's id, so
 * a message that is tried again after a crash meets itself and is there once.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/mail/mail.h"
#include "shared/base/log.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"

static const char *root;

static void
fd_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static void
dir_close(DIR **d)
{
	if (*d != NULL)
		(void)closedir(*d);
}

bool
maildir_setup(const char *dir)
{
	static const char *const parts[] = {"tmp", "new", "cur"};
	CLEANUP(fd_close) int fd = -1;

	root = dir;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return false;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; fd >= 0 && i < NELEMS(parts); i++)
		if (mkdirat(fd, parts[i], 0700) != 0 && errno != EEXIST)
			return false;
	return fd >= 0;
}

/* Somebody may have read it already: then it is in cur/, with flags behind the name. */
static bool
was_read(const char *name, int cur)
{
	int fd = dup(cur);
	CLEANUP(dir_close) DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (str_starts(e->d_name, name) &&
		    (e->d_name[strlen(name)] == '\0' || e->d_name[strlen(name)] == ':'))
			return true;
	return false;
}

/* A file ends its lines with LF. */
static bool
write_all(int fd, const char *data, size_t len)
{
	struct buf b;
	size_t done = 0;

	buf_init(&b, len);
	for (size_t i = 0; i < len; i++)
		if (data[i] != '\r')
			buf_ch(&b, data[i]);
	while (done < b.len) {
		ssize_t n = write(fd, b.data + done, b.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	len = b.len;
	buf_free(&b);
	return done == len && fsync(fd) == 0;
}

static enum sent
later(struct delivery *d, const char *error)
{
	d->error = error;
	return SEND_LATER;
}

enum sent
maildir_send(struct delivery *d)
{
	CLEANUP(fd_close) int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(fd_close)
	int tmp = dir >= 0 ? openat(dir, "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	CLEANUP(fd_close)
	int new = dir >= 0 ? openat(dir, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	CLEANUP(fd_close)
	int cur = dir >= 0 ? openat(dir, "cur", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	CLEANUP(fd_close) int fd = -1;
	char name[64];
	bool linked;

	if (tmp < 0 || new < 0 || cur < 0)
		return later(d, "maildir: cannot be opened");
	(void)snprintf(name, sizeof name, "%.36s.pact", d->id);
	if (d->again && was_read(name, cur))
		return SENT;
	(void)unlinkat(tmp, name, 0); /* of a try that was cut off */
	fd = openat(tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || !write_all(fd, d->data, d->len)) {
		(void)unlinkat(tmp, name, 0);
		return later(d,
		    errno == ENOSPC ? "maildir: no space" : "maildir: cannot be written");
	}
	/* link(), not rename(): it never replaces */
	linked = linkat(tmp, name, new, name, 0) == 0 || errno == EEXIST;
	(void)unlinkat(tmp, name, 0);
	return linked && fsync(new) == 0 ? SENT : later(d, "maildir: cannot be written");
}
