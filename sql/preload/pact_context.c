/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The context of a transaction as parameters that a program cannot set: PGC_SUSET, with SET granted to pact_door alone
 * (sql/grants.sql). Without this module any role may set a placeholder called pact.tenant_id, and row-level security
 * guards against mistakes only (SECURITY.md). Loaded with shared_preload_libraries.
 */
#include <postgres.h>

#include <fmgr.h>
#include <utils/guc.h>

PG_MODULE_MAGIC;

void _PG_init(void);

static const char *const names[] = {
    "pact.tenant_id", "pact.actor_kind", "pact.actor_id", "pact.actor_email", "pact.ip",
    "pact.request_id",
    "pact.erasing", /* the contact that is being erased: audit triggers then keep its values out of the log */
};
static char *values[lengthof(names)];

void
_PG_init(void)
{
	for (size_t i = 0; i < lengthof(names); i++)
		DefineCustomStringVariable(names[i],
		    "Context of the transaction, set by the doors of Pact.", NULL, &values[i], "",
		    PGC_SUSET, GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE, NULL, NULL, NULL);
	MarkGUCPrefixReserved("pact");
}
