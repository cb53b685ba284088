/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRM_IMPORT_TEXT_H
#define PACT_CRM_IMPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/buf.h"

/*
 * What contact files are written in, and the way from there to UTF-8 (RFC 3629). Nothing a file can hold stops the
 * conversion: a byte that is no UTF-8 in a UTF-8 file is read as Windows-1252, what has no meaning at all becomes
 * U+FFFD, and both are counted.
 */
enum import_encoding { IMPORT_UTF_8, IMPORT_UTF_16LE, IMPORT_UTF_16BE, IMPORT_WINDOWS_1252 };

/* As IANA writes it. */
const char *import_encoding_name(enum import_encoding encoding);
/* By IANA name or common alias, in any case; false leaves *out alone. */
bool import_encoding_parse(const char *name, enum import_encoding *out);
/* Judges the first bytes of a file (64 KiB are plenty): byte order mark, zero bytes of UTF-16, then validity. */
enum import_encoding import_text_detect(const char *sample, size_t len);

struct import_text {
	enum import_encoding encoding;
	bool begun;            /* the place where a byte order mark may stand is past */
	unsigned char rest[4]; /* an unfinished character of the chunk before */
	size_t nrest;
	uint64_t guessed; /* characters that are not in the encoding: guessed or replaced */
};

void import_text_init(struct import_text *t, enum import_encoding encoding);
/*
 * Appends the text of one chunk to out, which must have room for 3 * len + 12 bytes. An unfinished character waits for
 * the next chunk, or is replaced when this one is the last. A leading byte order mark is left out; zero bytes stay.
 */
void
import_text_convert(struct import_text *t, const char *in, size_t len, bool last, struct buf *out);

#endif
