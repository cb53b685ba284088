// SPDX-License-Identifier: GPL-3.0-or-later
// A certified OpenID provider for the tests. Its settings are JSON on standard input: {port, key, cert (files), client_id,
// client_secret, redirect_uri, logout_uri, back (post-logout address), alg}. Whoever logs in as NAME has the address
// NAME and, as groups, what stands behind a plus sign: ada+sales@corp.example is in "sales".
import {createServer} from 'node:https';
import {generateKeyPairSync, randomUUID} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {Provider} from 'oidc-provider';

const settings = JSON.parse(readFileSync(0, 'utf8'));
const issuer = `https://localhost:${settings.port}`;

function jwk(alg) {
	const pair = alg.startsWith('ES') ? generateKeyPairSync('ec', {namedCurve: 'P-256'}) : generateKeyPairSync('rsa', {modulusLength: 2048});
	return {...pair.privateKey.export({format: 'jwk'}), kid: randomUUID(), alg, use: 'sig'};
}

const provider = new Provider(issuer, {
	clients: [
		{
			client_id: settings.client_id,
			client_secret: settings.client_secret,
			redirect_uris: [settings.redirect_uri],
			post_logout_redirect_uris: [settings.back],
			id_token_signed_response_alg: settings.alg,
			backchannel_logout_uri: settings.logout_uri,
			backchannel_logout_session_required: true,
		},
	],
	jwks: {keys: [jwk('RS256'), jwk('ES256')]},
	cookies: {keys: [randomUUID()]},
	claims: {openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups']},
	conformIdTokenClaims: settings.userinfo ?? false,
	pkce: {required: () => true},
	features: {devInteractions: {enabled: true}, rpInitiatedLogout: {enabled: true}, backchannelLogout: {enabled: true}},
	findAccount: (ctx, id) => ({
		accountId: id,
		claims: () => ({
			sub: `sub-${id}`,
			email: id,
			email_verified: true,
			name: `Somebody ${id}`,
			groups: id.includes('+') ? [id.replace(/^.*\+|@.*$/g, '')] : [],
		}),
	}),
	// by itself it asks no address of this machine
	fetch: (url, {dispatcher, ...options}) => fetch(url, options),
	ttl: {Session: 600, Grant: 600, Interaction: 600, IdToken: 300, AccessToken: 300},
});

createServer({key: readFileSync(settings.key), cert: readFileSync(settings.cert)}, provider.callback()).listen(settings.port, '127.0.0.1', () =>
	console.log('ready')
);
