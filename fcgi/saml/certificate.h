/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_SAML_CERTIFICATE_H
#define PACT_SAML_CERTIFICATE_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stddef.h>

#include "shared/base/arena.h"
#include "shared/crypt/crypt.h"

/* For CLEANUP(): what OpenSSL has made. */
void x509_freep(X509 **x);
void bio_freep(BIO **b);
void md_ctx_freep(EVP_MD_CTX **c);

/*
 * A certificate in base64 without white space, DER to its last byte; NULL when it is none. *der and *len are its bytes, on
 * the arena.
 */
X509 *certificate_read(struct arena *a, const char *base64, const char **der, size_t *len);

#endif
