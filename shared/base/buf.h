/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_BASE_BUF_H
#define PACT_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A growing byte buffer with a maximum that is named when it is made. Past the maximum it sets `overflow` and takes
 * nothing more, so callers check once at the end. data is always NUL-terminated (or "" when empty).
 */
struct buf {
	char *data;
	size_t len, cap, max;
	bool overflow;
};

void buf_init(struct buf *b, size_t max);
/* Gives the memory back; the buffer is as after buf_init(). */
void buf_free(struct buf *b);
/* As buf_free(), wiping the bytes first. */
void buf_wipe(struct buf *b);
/* Empties it, keeps the memory. */
void buf_clear(struct buf *b);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_ch(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds s as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
void buf_json(struct buf *b, const char *s, size_t len);

#endif
