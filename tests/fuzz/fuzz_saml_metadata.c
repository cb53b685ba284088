/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Metadata of a stranger's: facts that can be used, or a sentence. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/saml/metadata.h"
#include "fcgi/saml/server.h"
#include "shared/base/str.h"
#include "shared/crypt/crypt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct arena *a = arena_new();
	const char *problem = NULL, *url;
	json_t *facts;

	if (!ready) {
		crypt_init();
		if (!saml_setup("tests/fixtures/saml/sp.key", "tests/fixtures/saml/sp.pem"))
			abort();
		ready = true;
	}
	facts = saml_metadata(a, arena_strndup(a, (const char *)data, size), size, 1800000000,
	    &problem);
	if ((facts == NULL) != (problem != NULL))
		abort();
	if (facts != NULL) {
		url = json_string_value(json_object_get(facts, "sso_url"));
		if (url == NULL || !str_starts(url, "https://") ||
		    json_array_size(json_object_get(facts, "certificates")) == 0 ||
		    saml_idp_metadata(a, facts) == NULL)
			abort();
		(void)saml_metadata_warning(a, facts, 1800000000);
	}
	arena_free(a);
	return 0;
}
