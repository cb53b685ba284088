/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRM_MULTIPART_H
#define PACT_CRM_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

/*
 * multipart/form-data (RFC 7578, RFC 2046 §5.1) fed in pieces of any size, in constant memory: contents are handed on as
 * they come. What RFC 7578 deprecates (Content-Transfer-Encoding, nested multipart/mixed) is refused, not guessed at.
 */
#define MULTIPART_BOUNDARY_MAX 70
#define MULTIPART_HEADER_MAX 4096
#define MULTIPART_PARTS_MAX 16

struct multipart_part {
	char name[64];
	char filename
	    [256]; /* as sent, without the path old browsers put before it; cut when longer */
	bool file; /* a filename was sent, though it may be empty */
};

/* What comes out. Any of the calls may return false, which ends the parsing. */
struct multipart_events {
	bool (*begin)(void *ctx, const struct multipart_part *part);
	bool (*data)(void *ctx, const char *data, size_t len);
	bool (*end)(void *ctx);
};

enum multipart_state { MP_PREAMBLE, MP_DELIMITER, MP_HEADERS, MP_DATA, MP_EPILOGUE, MP_FAILED };

struct multipart {
	enum multipart_state state;
	const struct multipart_events *events;
	void *ctx;
	const char
	    *error; /* a sentence for the caller once it failed; NULL when an event ended it */
	char delimiter[MULTIPART_BOUNDARY_MAX + 5]; /* CR LF -- boundary */
	size_t delimiter_len, matched, borrowed; /* of matched: bytes that were not the content's */
	char tail[2];                            /* after a delimiter: CR LF or -- */
	size_t ntail;
	char header[MULTIPART_HEADER_MAX]; /* the headers of one part */
	size_t nheader;
	unsigned parts;
};

/* False when the boundary is none by RFC 2046. */
bool multipart_init(struct multipart *m, const char *boundary,
    const struct multipart_events *events, void *ctx);
/* False once the input is malformed or an event said so. */
bool multipart_feed(struct multipart *m, const char *data, size_t len);
/* True when the closing delimiter was seen: a body cut short has none. */
bool multipart_finished(const struct multipart *m);

#endif
