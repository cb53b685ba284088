/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_SAML_OAEP_H
#define PACT_SAML_OAEP_H

#include <stdbool.h>

/*
 * RSA-OAEP as XML Encryption 1.1 has it (§5.5.2): with another hash than SHA-1, which Keycloak since 26.4 takes by itself
 * and xmlsec knows from 1.3 on. Makes xmlsec able to open such keys; once, behind its own setup.
 */
bool oaep_setup(void);

#endif
