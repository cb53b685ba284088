/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer of a name server. */
#include <stdint.h>

#include "fcgi/auth/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)dns_txt_answer(data, size, "pact-verification=x");
	return 0;
}
