/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fcgi/saml/certificate.h"

#include <string.h>

#include "fcgi/saml/gate.h"

#define CERTIFICATE_MAX 16384U

void
x509_freep(X509 **x)
{
	X509_free(*x);
}

void
bio_freep(BIO **b)
{
	(void)BIO_free(*b);
}

void
md_ctx_freep(EVP_MD_CTX **c)
{
	EVP_MD_CTX_free(*c);
}

X509 *
certificate_read(struct arena *a, const char *base64, const char **der, size_t *len)
{
	const unsigned char *p;
	const char *plain;
	X509 *x;

	if (strlen(base64) > CERTIFICATE_MAX ||
	    gate_base64(a, base64, strlen(base64), &plain, der, len) != NULL)
		return NULL;
	p = (const unsigned char *)*der;
	x = d2i_X509(NULL, &p, (long)*len);
	if (x != NULL && p == (const unsigned char *)*der + *len)
		return x;
	X509_free(x);
	return NULL;
}
