// SPDX-License-Identifier: GPL-3.0-or-later
// A3, A4, A5: an owner sets up single sign-on, tests it, requires it; people come in through the login page of a real
// OpenID provider; an owner comes in when it does not answer.
import {after, test} from 'node:test';
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {createServer} from 'node:net';
import {once} from 'node:events';
import {
	accessible,
	api,
	base,
	behind,
	codeOf,
	demo,
	logIn,
	makeContact,
	newcomer,
	noSidewaysScroll,
	open,
	run,
	settled,
	tabTo,
	typeAddress,
	user,
	visit,
} from './lib.mjs';

const {slug} = demo.workspaces[1];
const domain = `${run}.example`;
const secret = `a secret of ${run}`;

// ── the provider ────────────────────────────────────────────────────────────────────────────────────────────────
async function freePort() {
	const server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const {port} = server.address();
	server.close();
	return port;
}
const port = await freePort();
const issuer = `https://localhost:${port}`;
const provider = spawn('node', ['op.mjs'], {
	cwd: new URL('../idp/oidc/', import.meta.url),
	env: {...process.env, NODE_EXTRA_CA_CERTS: `${process.env.PACT_DIR}/tls/ca.pem`},
	stdio: ['pipe', 'pipe', 'ignore'],
});
after(() => provider.kill());
provider.stdin.end(
	JSON.stringify({
		port,
		key: `${process.env.PACT_DIR}/tls/server.key`,
		cert: `${process.env.PACT_DIR}/tls/server.pem`,
		client_id: 'pact',
		client_secret: secret,
		redirect_uri: `${base}/v1/auth/oidc/${slug}/callback`,
		logout_uri: `${base}/v1/auth/oidc/${slug}/backchannel-logout`,
		back: `${base}/login`,
		alg: 'RS256',
	})
);
await once(provider.stdout, 'data');

// Its own pages, as far as it shows them: the name and any password, then that Pact may know it.
async function atProvider(page, address) {
	await page.waitForURL(`${issuer}/interaction/*`);
	while (page.url().startsWith(`${issuer}/`)) {
		const name = page.locator('[name="login"]');
		if (await name.count()) {
			await name.fill(address);
			await page.locator('[name="password"]').fill('anything');
		}
		const here = page.url();
		await page.locator('[type="submit"]').click();
		await page.waitForURL((url) => url.href !== here);
	}
}

async function totp(page) {
	const {body} = await api(page, 'POST', '/v1/auth/totp', undefined);
	const code = await codeOf(body.secret, 1);
	assert.equal((await api(page, 'POST', '/v1/auth/totp/confirm', {code})).status, 200);
	return body.secret;
}

let chief;
let chiefSecret;

// what an earlier run, or a test that failed, may have left
const ours = `tenant_id = (SELECT tenant_id FROM pact.tenant WHERE slug = '${slug}')`;
function nothingSetUp() {
	behind(slug, `UPDATE pact.tenant SET sso_enforced = false WHERE ${ours}`);
	behind(slug, `DELETE FROM pact.sso_connection WHERE ${ours}`);
}

test('A4, A5: an owner connects a provider, shows the domain, tests it and requires it', async (t) => {
	nothingSetUp();
	const host = await open(t, {role: null});
	await logIn(host, user('owner', 1));
	await host.waitForURL('**/contacts');
	await settled(host);
	chief = await newcomer(host, ['owner']);
	const page = await open(t, {role: null, elsewhere: issuer});
	await logIn(page, chief);
	await page.waitForURL('**/contacts');
	await settled(page);

	await visit(page, '/sso');
	await page.getByText('Not set up').waitFor();
	await page.getByLabel('SAML 2.0').check();
	await page.getByText(`${base}/v1/auth/saml/${slug}/acs`).waitFor();
	await accessible(page, 'single sign-on, SAML');
	await page.getByLabel('OpenID Connect').check();
	await page.getByText(`${base}/v1/auth/oidc/${slug}/callback`).waitFor();
	await page.getByRole('button', {name: 'Save and let Pact look at it'}).click();
	await page.getByText('things need another look').waitFor();
	await accessible(page, 'single sign-on with errors');

	// a provider that is not there, then the right one
	await page.getByLabel('Issuer').fill(`https://localhost:${await freePort()}`);
	await page.getByLabel('Client ID').fill('pact');
	await page.getByLabel('Client secret').fill(secret);
	await page.getByLabel('What the login page calls it').fill('Prøve-IdP');
	await page.getByRole('button', {name: 'Save and let Pact look at it'}).click();
	await page.getByText('could not be reached').waitFor();
	await page.getByText('The provider cannot be used yet').first().waitFor();
	await page.getByLabel('Issuer').fill(issuer);
	await page.getByLabel('Client secret').fill(secret);
	await page.getByRole('button', {name: 'Save and let Pact look at it'}).click();
	await page.locator('#state').getByText('Ready to test').waitFor();
	await page.getByText(`${issuer}/auth`).waitFor();

	await page.getByLabel('Domain', {exact: true}).fill(domain);
	await page.getByRole('button', {name: 'Add', exact: true}).click();
	const record = page.locator(`[data-domain="${domain}"]`);
	await record.getByText(`_pact-verification.${domain}`).waitFor();
	await record.getByText(/^pact-verification=/).waitFor();
	assert.ok(await page.getByRole('button', {name: 'Require single sign-on…'}).isDisabled());

	await page.getByLabel('Whoever the provider lets in').check();
	await page.getByRole('group', {name: 'Roles of who is in none'}).getByLabel('viewer').check();
	await page.getByRole('button', {name: 'Add a group'}).click();
	await page.getByLabel('Group 1', {exact: true}).fill('sales');
	await page.getByLabel('Role 1', {exact: true}).selectOption('member');
	await page.getByRole('button', {name: 'Save', exact: true}).click();
	await page.getByText('Saved.', {exact: true}).waitFor();
	await accessible(page, 'single sign-on, half way');

	// the test before the domain is found: the page says what is missing
	const tried = async (address) => {
		await page.context().clearCookies({name: /^_(?!_)/}); // nobody is known to the provider
		await page.getByRole('button', {name: 'Test the connection'}).click();
		await page.getByRole('link', {name: 'Open the provider’s login'}).waitFor();
		// the runner looks at the provider once more in between: the link stays
		for (const [status, said] of [
			['checking', 'Pact is looking at the provider'],
			['ready', 'Ready to test'],
		]) {
			behind(slug, `UPDATE pact.sso_connection SET status = '${status}' WHERE ${ours}`);
			await page.evaluate(() => dispatchEvent(new Event('focus')));
			await page.locator('#state').getByText(said).waitFor();
		}
		const [tab] = await Promise.all([
			page.context().waitForEvent('page'),
			page.getByRole('link', {name: 'Open the provider’s login'}).click(),
		]);
		await atProvider(tab, address);
		await tab.waitForURL('**/sso?tested');
		await tab.locator('#result').waitFor();
		await tab.close();
		await page.evaluate(() => dispatchEvent(new Event('focus')));
	};
	await tried(`eva+sales@${domain}`);
	await page.locator('#result').getByText('The address is not of a verified domain').waitFor();
	behind(slug, `UPDATE pact.sso_domain SET verified_at = now() WHERE domain = '${domain}'`);
	behind(slug, `INSERT INTO directory.domain SELECT '${domain}', tenant_id FROM pact.tenant WHERE slug = '${slug}'`);
	await visit(page, '/sso');
	await tried(`eva+sales@${domain}`);
	await page.locator('#result').getByText('came all the way through').waitFor();
	await page.locator('#result').getByText(`eva+sales@${domain}`, {exact: true}).first().waitFor();
	await accessible(page, 'single sign-on, tested');

	chiefSecret = await totp(page);
	await visit(page, '/sso');
	await page.getByRole('button', {name: 'Require single sign-on…'}).click();
	const dialog = page.getByRole('dialog', {name: 'Require single sign-on of everybody'});
	await dialog.getByText(chief.email).waitFor();
	await accessible(page, 'requiring single sign-on');
	await dialog.getByRole('button', {name: 'Require it'}).click();
	await page.locator('#state').getByText('Required: everybody logs in with it').waitFor();
	for (const width of [320, 1440]) {
		await page.setViewportSize({width, height: 900});
		await noSidewaysScroll(page, `single sign-on at ${width} px`);
	}
	// sessions of passwords have ended
	assert.equal((await api(host, 'GET', '/v1/auth/session')).status, 401);
});

test('A4, A5: people come in through their provider by typing their address, and out again', async (t) => {
	const page = await open(t, {role: null, elsewhere: issuer});
	const address = `ada+sales@${domain}`;
	await page.goto(`${base}/login?next=/tasks`);
	await typeAddress(page, address);
	await atProvider(page, address);
	await page.waitForURL(`${base}/tasks`);
	await settled(page);
	assert.match(await page.locator('.side-user').innerText(), /Somebody ada[\s\S]*member/);

	// the session ends under an open page: it is asked for at the provider, in another tab
	const contact = await makeContact(page);
	await visit(page, `/contact?id=${contact.public_id}`);
	await page.locator('#compose textarea').fill('Written before the session ended');
	assert.equal((await api(page, 'POST', '/v1/auth/logout')).status, 200);
	await page.locator('#compose').getByRole('button', {name: 'Add note'}).click();
	const dialog = page.getByRole('dialog', {name: 'Your session ended'});
	const again = dialog.getByRole('link', {name: 'Continue with Prøve-IdP'});
	await again.waitFor();
	await accessible(page, 'a session of single sign-on that ended');
	const [tab] = await Promise.all([page.context().waitForEvent('page'), again.click()]);
	await tab.waitForURL('**/signed-in');
	await accessible(tab, 'logged in again');
	await tab.close();
	await page.evaluate(() => dispatchEvent(new Event('focus')));
	await page.locator('[data-kind="note"]').getByText('Written before the session ended').waitFor();

	await page.getByRole('button', {name: 'Log out'}).click();
	await page.waitForURL(`${issuer}/session/end?*`);
	await page.locator('[value="yes"], [name="logout"]').first().click();
	await page.waitForURL(`${base}/login`);
	assert.equal((await api(page, 'GET', '/v1/auth/session')).status, 401);
});

test('A5: a refusal says where its reason stands; a password is not taken; an owner in need comes in', async (t) => {
	const page = await open(t, {role: null, elsewhere: issuer});
	await page.goto(`${base}/v1/auth/oidc/${slug}/login`);
	await atProvider(page, `mallory@elsewhere.example`);
	await page.waitForURL((url) => url.pathname === '/login');
	await page.getByText('Single sign-on did not work').waitFor();
	await page.getByText(/in the audit log under [0-9a-f]{32}/).waitFor();
	await page.getByRole('link', {name: 'Continue with Prøve-IdP'}).waitFor();
	await accessible(page, 'login after a refusal');

	await typeAddress(page, chief.email);
	await page.getByRole('button', {name: 'Log in with a password instead'}).click();
	await page.getByLabel('Password', {exact: true}).fill(chief.password);
	await page.getByRole('button', {name: 'Log in', exact: true}).click();
	await page.getByText('lets people in by single sign-on only').waitFor();
	await accessible(page, 'login where single sign-on is required');
	await page.getByText('The identity provider does not answer').click();
	await page.getByRole('button', {name: 'I am an owner: use my password'}).click();
	await page.getByLabel('Password', {exact: true}).fill(chief.password);
	await page.getByRole('button', {name: 'Log in'}).click();
	await page.getByLabel('Code', {exact: true}).fill(await codeOf(chiefSecret));
	await page.getByRole('button', {name: 'Log in'}).click();
	await page.waitForURL('**/contacts');
	await settled(page);

	// and there stands what to do
	await visit(page, '/audit?action=auth.login_refused');
	await page.getByText('The address is not of a verified domain (step 3).').first().waitFor();
	await accessible(page, 'why a login was refused');
	await visit(page, '/sso');
	await page.getByRole('button', {name: 'Take passwords again'}).click();
	await page.locator('#state').getByText('Working: people can log in with it').waitFor();
	await page.getByRole('button', {name: 'Remove the connection…'}).click();
	const dialog = page.getByRole('dialog', {name: 'Remove the connection'});
	await accessible(page, 'removing the connection');
	await dialog.getByRole('button', {name: 'Remove it'}).click();
	await page.locator('#state').getByText('Not set up').waitFor();
	behind(slug, `DELETE FROM directory.domain WHERE domain = '${domain}'`);
});

test('A4: single sign-on is set up, a domain added and the way in chosen by keyboard alone', async (t) => {
	nothingSetUp();
	const page = await open(t, {role: null});
	await page.goto(`${base}/login`);
	await tabTo(page, 'Email address');
	await page.keyboard.type(user('owner', 1).email);
	await page.keyboard.press('Enter');
	await page.getByLabel('Password', {exact: true}).waitFor();
	await page.keyboard.type(user('owner', 1).password);
	await page.keyboard.press('Enter');
	await page.waitForURL('**/contacts');
	await visit(page, '/sso');
	await tabTo(page, /^OpenID Connect/);
	await page.keyboard.press('ArrowDown');
	await page.getByText(`${base}/v1/auth/saml/${slug}/acs`).waitFor();
	await page.keyboard.press('ArrowUp');
	await tabTo(page, 'Copy: Redirect URI (callback)');
	await tabTo(page, 'Issuer');
	await page.keyboard.type(issuer);
	await tabTo(page, 'Client ID');
	await page.keyboard.type('pact');
	await tabTo(page, 'For special cases');
	await page.keyboard.press('Enter');
	await tabTo(page, 'Claim with the groups');
	await page.keyboard.type('roles');
	await tabTo(page, 'Save and let Pact look at it');
	await page.keyboard.press('Enter');
	await page.locator('#state').getByText('Ready to test').waitFor();
	await tabTo(page, 'Domain');
	await page.keyboard.type(`keys.${domain}`);
	await page.keyboard.press('Enter');
	await page.locator(`[data-domain="keys.${domain}"]`).waitFor();
	await tabTo(page, /^Whoever the provider lets in/);
	await page.keyboard.press('Space');
	await tabTo(page, 'Add a group');
	await page.keyboard.press('Enter');
	await page.keyboard.type('sales');
	await tabTo(page, 'Save');
	await page.keyboard.press('Enter');
	await page.getByText('Saved.', {exact: true}).waitFor();
	await tabTo(page, 'Test the connection');
	await page.keyboard.press('Enter');
	await page.getByRole('link', {name: 'Open the provider’s login'}).waitFor();
	assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Open the provider’s login');
	await tabTo(page, 'Remove the connection…', {shift: true});
	await page.keyboard.press('Enter');
	await tabTo(page, 'Remove it');
	await page.keyboard.press('Enter');
	await page.locator('#state').getByText('Not set up').waitFor();
});
