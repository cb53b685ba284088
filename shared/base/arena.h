/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_BASE_ARENA_H
#define PACT_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

/*
 * One arena per request: everything a handler allocates dies with it, and foreign objects (PGresult, json_t, …) hang on
 * it with arena_defer(). Allocation never returns NULL: out of memory logs and aborts, the supervisor starts a new
 * process. What it holds is wiped when it is given back, however the request ended; a secret that is to be gone sooner does
 * not belong here.
 */
struct arena;

struct arena *arena_new(void) __attribute__((returns_nonnull, warn_unused_result));
/* Runs the deferred calls, last in first out, and gives all memory back; NULL is a no-op. */
void arena_free(struct arena *a);
/* As arena_free(), but keeps the first block for the next request. */
void arena_reset(struct arena *a);

/* Zeroed memory, aligned for any object. */
void *
arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull, malloc, alloc_size(2)));
/* Zeroed array of n objects; an overflowing product aborts. */
void *arena_array(struct arena *a, size_t n, size_t size)
    __attribute__((returns_nonnull, malloc, alloc_size(2, 3)));
char *arena_strdup(struct arena *a, const char *s) __attribute__((returns_nonnull, nonnull));
/* Copies exactly len bytes and ends them with a NUL. */
char *arena_strndup(struct arena *a, const char *s, size_t len) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((returns_nonnull, format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
    __attribute__((returns_nonnull, format(printf, 2, 0)));

/* Calls fn(ptr) when the arena is freed or reset. */
void arena_defer(struct arena *a, void (*fn)(void *), void *ptr);
/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

#endif
