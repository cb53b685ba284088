/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_BASE_STR_H
#define PACT_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))

/* Equal; NULL never equals anything, not even NULL. */
bool str_eq(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);
/* Is it one of the list, whose words stand apart by spaces? The empty word and NULL never are. */
bool str_listed(const char *list, const char *word);

/* Length in bytes of the well-formed UTF-8 sequence at s (RFC 3629: no overlong, no surrogate), 0 if none. */
size_t utf8_sequence(const char *s, size_t len);
bool utf8_valid(const char *s, size_t len);
/* Code points in a valid UTF-8 string. */
size_t utf8_length(const char *s, size_t len);

/* Whole string as a decimal within [min, max]; no sign but '-', no space; false leaves *out alone. */
bool str_int64(const char *s, int64_t min, int64_t max, int64_t *out);

/* Canonical lower-case text form of a UUID (RFC 9562), 36 characters, any version. */
bool uuid_valid(const char *s);

/* Lower-case hex; out has room for 2 * len + 1 bytes. */
void hex_encode(char *out, const void *data, size_t len);
/* Exactly len bytes from 2 * len hex digits of either case. */
bool hex_decode(void *out, const char *hex, size_t len);

/*
 * base64url without padding (RFC 4648 §5). Encoding writes 4 * ((len + 2) / 3) + 1 bytes at most and returns the
 * length; decoding accepts the canonical form only and returns false for anything else or more than cap bytes.
 */
size_t b64url_encode(char *out, const void *data, size_t len);
bool b64url_decode(void *out, size_t cap, size_t *outlen, const char *s, size_t len);

/* Percent-encodes all but unreserved characters (RFC 3986 §2.3); out takes 3 * strlen(s) + 1 bytes. */
void percent_encode(char *out, const char *s);

/* An e-mail address we are willing to store: one @, no space or control characters, at most 254 bytes, a dot or
 * nothing odd in the domain. Deliverability is for the mail server to say. */
bool email_plausible(const char *s, size_t len);

#endif
