/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_NET_FETCH_H
#define PACT_NET_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "shared/base/arena.h"

/*
 * Requests to addresses that a workspace names: its identity provider. HTTPS only, no redirect, no proxy, five seconds and
 * so many bytes at most; and no address inside: loopback, private, link-local and the like are refused when the connection
 * is made, whatever name led there. libcurl is known in this folder and in `mail` only.
 */

/*
 * Once per process. allow: networks (CIDR, divided by commas) that may be asked all the same, or NULL; ca: a PEM file of
 * the authorities to trust instead of the system's, or NULL. False when allow cannot be read.
 */
bool fetch_setup(const char *allow, const char *ca);

struct fetch_request {
	const char *url;
	const char *form;            /* application/x-www-form-urlencoded: a POST; NULL: a GET */
	const char *user, *password; /* HTTP Basic, or NULL */
	const char *bearer;          /* a token, or NULL */
	size_t max;                  /* bytes of the answer */
};
struct fetch_reply {
	int status;       /* of HTTP; 0 when there was none */
	const char *body; /* on the arena, with a NUL behind it; never NULL after success */
	size_t len;
	const char *type; /* Content-Type, or NULL */
	/* without an answer, or of another status than 200: a sentence for an administrator, nothing of what is inside in it */
	const char *error;
};
/* False when no answer was had; an answer of any status is true. */
bool fetch(struct arena *a, const struct fetch_request *q, struct fetch_reply *out);

/* May this address be connected to? */
bool fetch_allowed(const struct sockaddr *address);

#endif
