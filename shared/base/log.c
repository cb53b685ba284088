/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_name[] = {"debug", "info", "warn", "error"};
static const char *program = "pact", *pool_name, *request;
static enum log_level level_min = LOG_INFO;

void
log_init(const char *prog, const char *pool, enum log_level threshold)
{
	program = prog;
	pool_name = pool;
	level_min = threshold;
}

void
log_request(const char *request_id)
{
	request = request_id;
}

#define LINE_MAX 2048
#define MSG_MAX 1024

struct out {
	char data[LINE_MAX];
	size_t len;
};

static void
put(struct out *o, const char *s)
{
	while (*s != '\0' && o->len < sizeof o->data)
		o->data[o->len++] = *s++;
}

static void
put_json(struct out *o, const char *s)
{
	for (size_t i = 0; s[i] != '\0' && i < MSG_MAX; i++) {
		char c[3] = {s[i], '\0', '\0'};

		if ((unsigned char)s[i] < 0x20)
			c[0] = ' ';
		else if (s[i] == '"' || s[i] == '\\') {
			c[0] = '\\';
			c[1] = s[i];
		}
		put(o, c);
	}
}

/* A fixed buffer on purpose: logging must work when memory does not. Extra fields that do not fit are left out whole. */
static void
line(enum log_level level, const char *msg, const char *fields)
{
	struct out o = {.len = 0};
	char at[40], tail[64];
	struct timespec ts;
	struct tm tm;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	(void)gmtime_r(&ts.tv_sec, &tm);
	(void)strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &tm);
	put(&o, "{\"at\":\"");
	put(&o, at);
	(void)snprintf(tail, sizeof tail, ".%03ldZ\",\"pid\":%ld,\"level\":\"",
	    ts.tv_nsec / 1000000, (long)getpid());
	put(&o, tail);
	put(&o, level_name[level]);
	put(&o, "\",\"program\":\"");
	put_json(&o, program);
	put(&o, "\",\"pool\":\"");
	put_json(&o, pool_name != NULL ? pool_name : program);
	if (request != NULL) {
		put(&o, "\",\"request_id\":\"");
		put_json(&o, request);
	}
	put(&o, "\",\"msg\":\"");
	put_json(&o, msg);
	put(&o, "\"");
	if (fields != NULL && strlen(fields) + o.len + 3 < sizeof o.data) {
		put(&o, ",");
		put(&o, fields);
	}
	if (o.len > sizeof o.data - 2)
		o.len = sizeof o.data - 2;
	o.data[o.len++] = '}';
	o.data[o.len++] = '\n';
	/* one write, so that lines of several processes do not mix */
	if (write(STDERR_FILENO, o.data, o.len) < 0)
		return;
}

void
log_msg(enum log_level level, const char *fmt, ...)
{
	char msg[MSG_MAX];
	va_list ap;

	if (level < level_min)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	line(level, msg, NULL);
}

void
log_fields(enum log_level level, const char *msg, const char *fields)
{
	if (level >= level_min)
		line(level, msg, fields);
}

void
log_fatal(const char *msg)
{
	line(LOG_ERROR, msg, NULL);
	abort();
}
