/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACT_TESTS_SAML_IDP_H
#define PACT_TESTS_SAML_IDP_H

/* The metadata of the provider that signed the corpus; its certificate is tests/fixtures/saml/idp.pem. */
static const char saml_fuzz_idp[] =
    "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" "
    "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" entityID=\"https://idp.example/metadata\">"
    "<md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">"
    "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
    "MIIDHTCCAgWgAwIBAgIULWNU6hQq469jRFDl4Xxj4CwR/vswDQYJKoZIhvcNAQELBQAwHTEbMBkGA1UEAwwSaWRwLmV4YW1w"
    "bGUgKHRlc3QpMCAXDTI2MTEyNTEzMzgwMloYDzIxMjYxMTAxMTMzODAyWjAdMRswGQYDVQQDDBJpZHAuZXhhbXBsZSAodGVz"
    "dCkwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQDM4mJ2R+2Q44VzhjGKwdpvWjDkvz9wPMUb0wFoIOy9vPNTuW6o"
    "fTtUBJX6WTtz12PFCSXYcHccGQWJ8z/lKSRYh45cKxuUaz8RbH3oSBXH1opwgui/NX8JfcW03+VxMLqKJhkTPfHW2GQiUJdg"
    "M49Hc61A/s3ZA71lt6JvyZy5Dy3NqRPiIpMDVWn6dt81uUuUGkEG9vG8IO7+fOyYUBURaE3xnfkuRp5R7VCqmHaF5/IbeaVg"
    "oHA031D/lc077ErVRa6wucMszdQus5DtP7BdY4M2I+IFSItndJ2neM/504k7kwpwfuXW0fQysLvJkYHXOTE777sngxjIj+8i"
    "HEGVAgMBAAGjUzBRMB0GA1UdDgQWBBSMYyYErMbrrI1EZWoewdOmNpcXLTAfBgNVHSMEGDAWgBSMYyYErMbrrI1EZWoewdOm"
    "NpcXLTAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQAbZNjAZzxrqG2i0W3PkLo0u6OQdBhTCw0C/StjCHz/"
    "AZbYjPMDFlpa5ow6UZneixMjNqXwZVcru3b90Qk/xQD2o+T/x5wnrz7cfQOhdCLO86PjuSdFFJG4diNzZy639zTWj5GK+UPO"
    "TZqTHB6mOHur33nLWzxzjf+BWQKGEZuZazMGWfoTaunIIGLrsn5xOpM/8DPb32lmOsPRzbks4hIy3V5Bxv6P1DnnP5kbSjrB"
    "JanOQ9Erj7bmMvRuDts5ezPOAGheUyWc4JcBoYGn381JsMcDWM0ZD0Wj0qNUVRU446ovUX5PyVfjCBop/S/nymS4iEYE9+qC"
    "mS7Cdwi/Pp9w"
    "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService "
    "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" "
    "Location=\"https://idp.example/sso\"/></md:IDPSSODescriptor></md:EntityDescriptor>";

#endif
