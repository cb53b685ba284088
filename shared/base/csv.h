/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_BASE_CSV_H
#define PACT_BASE_CSV_H

#include "shared/base/buf.h"

/*
 * Adds one cell of a CSV file (RFC 4180), quoted when it must be; the separators between cells and the CRLF behind a line
 * are the caller's. A cell that a spreadsheet would take for a formula gets a leading apostrophe. text: NULL is an empty
 * cell.
 */
void csv_cell(struct buf *b, const char *text);

#endif
