/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_AUTH_OPERATOR_H
#define PACT_AUTH_OPERATOR_H

#include "fcgi/auth/auth.h"

/* A command of an operator: `auth -o NAME ARGUMENT…`. */
struct op {
	struct arena *a;
	const char *operator_name;
	char **arg;
	int narg;
};

/* Says it on standard error; 1, the exit status. */
int say(const char *what);
/* Why a transaction has failed, as a sentence. */
const char *op_why(const struct tx *tx);

/* rekey.c */
int rekey(struct op *o);

#endif
