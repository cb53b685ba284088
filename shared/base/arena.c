/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/log.h"

#define FIRST_BLOCK (16U * 1024U)
#define ALIGN alignof(max_align_t)

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) unsigned char data[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *ptr;
};

struct arena {
	struct block *head;
	struct deferred *deferred;
	size_t used;
};

static struct block *
block_new(size_t size)
{
	struct block *b = NULL;

	if (size <= SIZE_MAX - sizeof *b)
		b = calloc(1, sizeof *b + size);
	if (b == NULL)
		log_fatal("out of memory");
	b->size = size;
	return b;
}

struct arena *
arena_new(void)
{
	struct arena *a = calloc(1, sizeof *a);

	if (a == NULL)
		log_fatal("out of memory");
	a->head = block_new(FIRST_BLOCK);
	return a;
}

void
arena_reset(struct arena *a)
{
	struct deferred *d;
	struct block *b;

	/* a deferred call may itself defer */
	while ((d = a->deferred) != NULL) {
		a->deferred = d->next;
		d->fn(d->ptr);
#ifdef ARENA_POISON
		free(d);
#endif
	}
	/* what is free is zero: wiped here, it need not be cleared when it is handed out */
	while ((b = a->head)->next != NULL) {
		a->head = b->next;
		explicit_bzero(b->data, b->used);
		free(b);
	}
	explicit_bzero(b->data, b->used);
	b->used = 0;
	a->used = 0;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_reset(a);
	free(a->head);
	free(a);
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->head;
	size_t want = size == 0 ? ALIGN : size;
	void *p;

#ifdef ARENA_POISON
	/* each object its own allocation, so that AddressSanitizer sees every overrun */
	p = calloc(1, want);
	if (p == NULL)
		log_fatal("out of memory");
	arena_defer(a, free, p);
	a->used += want;
	(void)b;
	return p;
#endif
	if (want > SIZE_MAX - ALIGN)
		log_fatal("allocation too large");
	want = (want + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (b->size - b->used < want) {
		struct block *n = block_new(want > FIRST_BLOCK ? want : FIRST_BLOCK);

		n->next = b;
		a->head = b = n;
	}
	p = b->data + b->used;
	b->used += want;
	a->used += want;
	return p;
}

void *
arena_array(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		log_fatal("allocation too large");
	return arena_alloc(a, total);
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p;

	if (len == SIZE_MAX)
		log_fatal("allocation too large");
	p = arena_alloc(a, len + 1);
	if (len > 0)
		memcpy(p, s, len);
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char small[256], *p;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof small, fmt, ap);
	if (n < 0)
		log_fatal("bad format");
	/* most texts are short: formatted once */
	if ((size_t)n < sizeof small) {
		p = arena_strndup(a, small, (size_t)n);
	} else {
		p = arena_alloc(a, (size_t)n + 1);
		(void)vsnprintf(p, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

void
arena_defer(struct arena *a, void (*fn)(void *), void *ptr)
{
#ifdef ARENA_POISON
	struct deferred *d = calloc(1, sizeof *d);

	if (d == NULL)
		log_fatal("out of memory");
#else
	struct deferred *d = arena_alloc(a, sizeof *d);
#endif

	d->fn = fn;
	d->ptr = ptr;
	d->next = a->deferred;
	a->deferred = d;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}
