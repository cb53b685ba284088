/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_DB_PRIVATE_H
#define PACT_DB_PRIVATE_H

#include <libpq-fe.h>
#include <stdio.h>

#include "shared/base/buf.h"
#include "shared/db/db.h"

/* pg_type.oid of uuid; fixed since PostgreSQL 8.3 */
#define UUID_OID 2950

struct rows {
	PGresult *res;
};

/* Takes the result over: cleared with the arena. NULL for a NULL result. */
struct rows *rows_wrap(struct arena *a, PGresult *res);

#endif
