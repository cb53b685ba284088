/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_CRM_IMPORT_BATCH_H
#define PACT_CRM_IMPORT_BATCH_H

#include "fcgi/crm/import_map.h"

/*
 * Rows on their way to app.import_apply(): one array a column, written as PostgreSQL reads arrays. Any run of rows that
 * were read one after the other can be sent by itself, so that a batch which the database refuses can be halved.
 */
#define BATCH_ROWS 5000U
#define BATCH_BYTES (2U * 1024U * 1024U)
#define BATCH_ARGS 21U

struct batch;

struct batch *batch_new(void) __attribute__((returns_nonnull, warn_unused_result));
void batch_free(struct batch *b);
void batch_clear(struct batch *b);
/* Adds a row, or its errors when it has any. False when it cannot be held: add a shorter error instead. */
bool batch_add(struct batch *b, const struct import_row *row);
/* Nothing more should be added. */
bool batch_full(const struct batch *b);
/* Rows of the file in it, those with errors included. */
size_t batch_rows(const struct batch *b);
/* The line of the row at i. */
uint64_t batch_line(const struct batch *b, size_t i);
/*
 * The arguments of app.import_apply() from p_rows on, for the rows from `from` up to but not including `to`, in args. They
 * hold until batch_restore(), which must follow.
 */
void batch_args(struct batch *b, size_t from, size_t to, const char *args[static BATCH_ARGS]);
void batch_restore(struct batch *b);

#endif
