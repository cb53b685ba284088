// SPDX-License-Identifier: GPL-3.0-or-later
// Why a login by single sign-on was refused (the reason of the audit log): what to change, and where.
import sso from './sso.js';

const clock =
	'The answer was not valid at that time by the clocks here. Is the clock of the provider right? An answer is taken for fifteen minutes.';
const form =
	'The answer has a form, or holds something, that is not taken here. The manual page saml(8) and SECURITY.md say what is; the provider’s settings beyond the usual are where to look.';
const address =
	'The answer was made for another address. Copy the values of step 1 in the single sign-on settings into the provider again.';
const metadata = 'Give Pact the provider’s present metadata (step 2 of the single sign-on settings).';
const again = 'It was begun in another browser, too long ago, or is used already. Begin again; if it goes on, cookies are blocked.';
const token = 'The provider’s token is not as OpenID Connect has it. Its documentation, or whoever runs it, may know why.';

const reasons = {
	...sso.refusals,
	// both
	unavailable: 'The provider did not answer, or its connection is not set up. Look at step 2 of the single sign-on settings.',
	browser: again,
	state: again,
	replay: again,
	again: 'Something was changed here in that moment. Begin again.',
	'test-ended': 'The link of a test is good once, for a quarter of an hour.',
	unsolicited:
		'Nobody had begun this login here. Begin at the login page, or allow that people begin at the provider, under “For special cases”.',
	// SAML
	status: 'The provider refused, and its log says why. Often the person is not assigned to the application there.',
	unsigned: 'Let the provider sign the response, the assertion or both; both, where the settings ask for that.',
	algorithm: 'The provider signs with SHA-1, or not with RSA. Choose RSA with SHA-256 there, for the signature and for the digest.',
	transform: 'The provider signs in an uncommon form. Choose exclusive canonicalization there.',
	signature: `The signature is by none of the provider’s certificates that are known here. ${metadata}`,
	decryption: 'The assertion is encrypted for another key. Give the provider the metadata of this workspace again.',
	'encryption-algorithm': 'Let the provider encrypt with AES and RSA-OAEP, or not at all.',
	encryption: 'The assertion is encrypted in an uncommon form. Let the provider encrypt with AES and RSA-OAEP, or not at all.',
	issuer: `The answer came from another provider than the metadata are of. ${metadata}`,
	destination: address,
	recipient: address,
	audience: 'The answer was made for another application. The audience (entity ID) at the provider must be that of step 1.',
	'in-response-to': again,
	'name-id': 'Let the provider send a Name ID: one that stays the same for a person, such as a persistent one.',
	'name-id-format':
		'The Name ID changes each time (transient), or has another format than the settings ask for. Choose persistent, or the e-mail address, at the provider.',
	'attribute-count': 'The provider sent several values where one is meant. Name the attribute under “For special cases”, or send one value.',
	'attribute-value': 'An attribute holds something else than text, or more than 2000 values. Let the provider send fewer groups.',
	'authn-old': 'The person was not asked to log in anew, as the settings want it.',
	'authn-context': 'The person did not log in at the provider in a way that the settings want.',
	'session-expired': 'The session at the provider has ended. Log in there again.',
	expired: clock,
	'not-before': clock,
	'issue-instant': clock,
	'authn-instant': clock,
	'confirmation-expired': clock,
	// OpenID Connect
	denied: 'The person, or the provider for them, said no. Often they are not assigned to the application there.',
	provider: 'The provider answered with an error, and its log says which. Are client ID and redirect URI those of the application there?',
	code: 'The provider did not accept us. Enter client ID and client secret again; a secret there may have expired.',
	secret: 'The client secret cannot be opened. Enter it again.',
	iss: 'The answer came from another provider than the one that is set up, or it left out who it is.',
	email: 'What the provider sent as the address is none. Name the claim under “For special cases”.',
	userinfo: 'The provider’s userinfo endpoint did not answer with JSON. Let the token hold the address.',
	'token-iss': 'The token is of another issuer than the one that is set up.',
	'token-aud': 'The token was made for another application. Is the client ID right?',
	'token-azp': 'The token was made for another application. Is the client ID right?',
	'token-alg': 'The token is signed in a way that the provider does not announce. Let it sign with RS256.',
	'token-key': 'The token is signed with a key that the provider does not publish.',
	'token-acr': 'The person did not log in at the provider in a way that the settings want.',
	'token-exp': clock,
	'token-iat': clock,
	'token-nbf': clock,
	'token-missing': 'The provider sent no ID token. Is the application there one for OpenID Connect?',
};

// method: saml or oidc. A logout is refused for the same reasons as a login.
export default (method, reason) => reasons[reason.replace(/^logout-/, '')] ?? (method === 'saml' ? form : token);
