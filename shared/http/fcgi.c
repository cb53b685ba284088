/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared/base/str.h"
#include "shared/http/http.h"

static FCGX_Request request;
static volatile sig_atomic_t stopping;
static int waiting = -1; /* epoll: where a process waits for the next connection */
static sigset_t when_idle;

bool
http_init(void)
{
	static const int asks[] = {SIGTERM, SIGINT, SIGUSR1, SIGALRM};
	/* one connection wakes one process of a pool */
	struct epoll_event ready = {.events = EPOLLIN | EPOLLEXCLUSIVE};
	int on = 0, flags = fcntl(0, F_GETFL);
	socklen_t len = sizeof on;
	sigset_t ends;

	if (getsockopt(0, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) != 0 || on == 0)
		return false;
	/*
	 * A process is asked to end while it waits and at no other time: a signal between accept() and the last parameter
	 * would make libfcgi drop a request that nginx has handed over.
	 */
	(void)sigemptyset(&ends);
	for (size_t i = 0; i < NELEMS(asks); i++)
		(void)sigaddset(&ends, asks[i]);
	(void)sigprocmask(SIG_BLOCK, &ends, &when_idle);
	for (size_t i = 0; i < NELEMS(asks); i++)
		(void)sigdelset(&when_idle, asks[i]);
	waiting = epoll_create1(EPOLL_CLOEXEC);
	return waiting >= 0 && epoll_ctl(waiting, EPOLL_CTL_ADD, 0, &ready) == 0 && flags >= 0 &&
	       fcntl(0, F_SETFL, flags | O_NONBLOCK) == 0 && FCGX_Init() == 0 &&
	       FCGX_InitRequest(&request, 0, 0) == 0;
}

/* The next connection; false when the process is to end. */
static bool
accept_next(void)
{
	struct epoll_event e;
	int rc;

	for (;;) {
		if (stopping != 0)
			return false;
		if (epoll_pwait(waiting, &e, 1, -1, &when_idle) < 0) {
			if (errno != EINTR)
				return false;
			continue;
		}
		rc = FCGX_Accept_r(&request);
		/* another process was faster */
		if (rc != -EAGAIN)
			return rc >= 0;
	}
}

void
http_stop(void)
{
	stopping = 1;
}

bool
http_stopping(void)
{
	return stopping != 0;
}

/* What is taken from a request's parameters, and where it goes. */
static const struct {
	const char *name;
	size_t offset;
} wanted[] = {
    {"REQUEST_METHOD", offsetof(struct http_request, method)},
    {"DOCUMENT_URI", offsetof(struct http_request, path)},
    {"QUERY_STRING", offsetof(struct http_request, query)},
    {"REQUEST_ID", offsetof(struct http_request, request_id)},
    {"REMOTE_ADDR", offsetof(struct http_request, ip)},
    {"CONTENT_TYPE", offsetof(struct http_request, content_type)},
    {"HTTP_USER_AGENT", offsetof(struct http_request, user_agent)},
    {"HTTP_HOST", offsetof(struct http_request, host)},
    {"HTTP_ORIGIN", offsetof(struct http_request, origin)},
    {"HTTP_SEC_FETCH_SITE", offsetof(struct http_request, fetch_site)},
    {"HTTP_AUTHORIZATION", offsetof(struct http_request, authorization)},
    {"HTTP_COOKIE", offsetof(struct http_request, cookie)},
    {"HTTP_IF_MATCH", offsetof(struct http_request, if_match)},
    {"HTTP_IF_NONE_MATCH", offsetof(struct http_request, if_none_match)},
    {"HTTP_IDEMPOTENCY_KEY", offsetof(struct http_request, idempotency_key)},
};

/* One walk over the parameters. The first value of a name counts; nginx passes an absent header as an empty value. */
static void
params_read(struct http_request *r)
{
	for (char **p = request.envp; *p != NULL; p++) {
		size_t n = strcspn(*p, "=");

		for (size_t i = 0; (*p)[n] == '=' && i < NELEMS(wanted); i++) {
			const char **field = (const char **)(void *)((char *)r + wanted[i].offset);

			if (strncmp(*p, wanted[i].name, n) != 0 || wanted[i].name[n] != '\0')
				continue;
			if (*field == NULL && (*p)[n + 1] != '\0')
				*field = *p + n + 1;
			break;
		}
	}
}

bool
http_accept(struct http_request *r)
{
	const char *length;
	int64_t n = 0;

	if (!accept_next())
		return false;
	*r = (struct http_request){0};
	params_read(r);
	if (r->method == NULL)
		r->method = "";
	if (r->path == NULL)
		r->path = "";
	length = FCGX_GetParam("CONTENT_LENGTH", request.envp);
	r->has_length = length != NULL && str_int64(length, 0, INT64_MAX, &n);
	r->content_length = (size_t)n;
	return true;
}

size_t
http_read(void *buf, size_t len)
{
	int n = FCGX_GetStr(buf, len > INT_MAX ? INT_MAX : (int)len, request.in);

	return n > 0 ? (size_t)n : 0;
}

bool
http_write(const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		int n = FCGX_PutStr(p, len > INT_MAX ? INT_MAX : (int)len, request.out);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

void
http_finish(void)
{
	FCGX_Finish_r(&request);
}

void
http_cut(void)
{
	/*
	 * nginx takes a connection that just ends for a whole answer (it has no other way to know, without a length). A record
	 * of no known version is an error to it, and it breaks off the client's connection too. What is still in the buffer
	 * of the stream is dropped, so that record does not land inside another.
	 */
	static const unsigned char no_record[8];

	ssize_t n = request.ipcFd >= 0 ? write(request.ipcFd, no_record, sizeof no_record) : 0;

	(void)n; /* who has gone already need not be told */
	FCGX_Free(&request, 1);
}
