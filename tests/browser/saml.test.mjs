// SPDX-License-Identifier: GPL-3.0-or-later
// A3: SAML in a browser, with Debian's simplesamlphp on another site: its answer is a post from there, and the cookie that
// ties it to the browser has to come along.
import {after, test} from 'node:test';
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import {once} from 'node:events';
import {accessible, api, base, behind, demo, logIn, newcomer, open, run, settled, typeAddress, user, visit} from './lib.mjs';

const {slug} = demo.workspaces[1];
const domain = `saml-${run}.example`;
const ours = `tenant_id = (SELECT tenant_id FROM pact.tenant WHERE slug = '${slug}')`;

const provider = spawn('/usr/bin/python3', [new URL('../idp/saml/idp.py', import.meta.url).pathname], {
	stdio: ['pipe', 'pipe', 'inherit'],
});
after(() => provider.stdin.end());
provider.stdin.write(`${JSON.stringify({slug, domain})}\n`);
const [line] = await once(createInterface(provider.stdout), 'line');
const {base: elsewhere, metadata} = JSON.parse(line);
const origin = new URL(elsewhere).origin;

async function atProvider(page, name) {
	await page.waitForURL(`${origin}/**`);
	await page.locator('[name="username"]').fill(name);
	await page.locator('[name="password"]').fill(`${name}-password`);
	await page.locator('[type="submit"], #submit_button').first().click();
}

test('A3: an owner connects by metadata, tests; somebody comes in by a post from the provider, and logs out at both', async (t) => {
	// what an earlier run may have left
	behind(slug, `UPDATE pact.tenant SET sso_enforced = false WHERE ${ours}`);
	behind(slug, `DELETE FROM pact.sso_connection WHERE ${ours}`);
	const host = await open(t, {role: null});
	await logIn(host, user('owner', 1));
	await host.waitForURL('**/contacts');
	await settled(host);
	const chief = await newcomer(host, ['owner']);
	const page = await open(t, {role: null, elsewhere: origin});
	await logIn(page, chief);
	await page.waitForURL('**/contacts');
	await settled(page);

	await visit(page, '/sso');
	await page.getByLabel('SAML 2.0').check();
	await page.getByLabel('A file, or text to paste').check();
	await page.getByLabel('Metadata (XML)').fill('<not metadata>');
	await page.getByRole('button', {name: 'Save and let Pact look at it'}).click();
	await page.getByText('The provider cannot be used yet').first().waitFor();
	await accessible(page, 'single sign-on, metadata that is none');
	await page.getByLabel('A file, or text to paste').check();
	await page.getByLabel('Metadata file').setInputFiles({name: 'idp.xml', mimeType: 'text/xml', buffer: Buffer.from(metadata)});
	await page.getByLabel('What the login page calls it').fill('SimpleSAML');
	await page.getByRole('button', {name: 'Save and let Pact look at it'}).click();
	await page.locator('#state').getByText('Ready to test').waitFor();
	await page.getByText(`${elsewhere}saml2/idp/SSOService.php`).waitFor();
	await page.getByText(/^Certificate .*until \d{4}-\d\d-\d\d/).waitFor();
	await accessible(page, 'single sign-on by SAML, ready');
	await page.getByLabel('Whoever the provider lets in').check();
	await page.getByRole('group', {name: 'Roles of who is in none'}).getByLabel('viewer').check();
	await page.getByRole('button', {name: 'Save', exact: true}).click();
	await page.getByText('Saved.', {exact: true}).waitFor();
	behind(slug, `INSERT INTO pact.sso_domain (tenant_id, domain, token, verified_at) SELECT tenant_id, '${domain}', 't', now() FROM pact.tenant WHERE slug = '${slug}'`);
	behind(slug, `INSERT INTO directory.domain SELECT '${domain}', tenant_id FROM pact.tenant WHERE slug = '${slug}'`);
	await page.getByRole('button', {name: 'Test the connection'}).click();
	const [tab] = await Promise.all([
		page.context().waitForEvent('page'),
		page.getByRole('link', {name: 'Open the provider’s login'}).click(),
	]);
	await atProvider(tab, 'ada');
	await tab.waitForURL('**/sso?tested');
	await tab.locator('#result').getByText('came all the way through').waitFor();
	await tab.close();

	const other = await open(t, {role: null, elsewhere: origin});
	await other.goto(`${base}/login?next=/tasks`);
	await typeAddress(other, `ada@${domain}`);
	await other.getByRole('link', {name: 'Continue with SimpleSAML'}).click();
	await atProvider(other, 'ada');
	await other.waitForURL(`${base}/tasks`);
	await settled(other);
	assert.match(await other.locator('.side-user').innerText(), /Ada Lovelace[\s\S]*viewer/);
	await other.getByRole('button', {name: 'Log out'}).click();
	await other.waitForURL(`${base}/login`);
	assert.equal((await api(other, 'GET', '/v1/auth/session')).status, 401);
	// the provider has heard of it: it asks who it is again
	await other.goto(`${base}/v1/auth/saml/${slug}/login`);
	await other.waitForURL(`${origin}/**`);
	await other.locator('[name="username"]').waitFor();

	// Another site, such as a provider's page of applications, sends somebody to the page that asks, and no further: its own
	// provider would answer as whoever it likes.
	await other.evaluate((url) => location.assign(url), `${base}/v1/auth/saml/${slug}/login?return_to=/tasks`);
	await other.waitForURL(`${base}/login?workspace=${slug}&next=%2Ftasks`);
	await other.getByRole('link', {name: 'Continue with SimpleSAML'}).click();
	await other.waitForURL(`${origin}/**`);
	// The provider begins: one button more, and nothing takes the place of a session that is there.
	behind(slug, `UPDATE pact.sso_connection SET settings = settings || '{"idp_initiated": true}' WHERE ${ours}`);
	const begun = `${elsewhere}saml2/idp/SSOService.php?spentityid=${encodeURIComponent(`${base}/v1/auth/saml/${slug}/metadata`)}`;
	await other.goto(begun);
	await atProvider(other, 'ada');
	await other.waitForURL(`${base}/login?workspace=${slug}&proved=*`);
	await other.getByText('You were sent here to be logged in').waitFor();
	assert.equal((await api(other, 'GET', '/v1/auth/session')).status, 401);
	await accessible(other, 'sent by the provider');
	await other.getByRole('link', {name: 'Continue with SimpleSAML'}).click();
	await other.waitForURL(`${base}/contacts`);
	await settled(other);
	assert.match(await other.locator('.side-user').innerText(), /Ada Lovelace/);
	const before = await page.locator('.side-user').innerText();
	await page.goto(begun);
	await page.waitForURL(`${base}/contacts`);
	await settled(page);
	assert.equal(await page.locator('.side-user').innerText(), before);

	behind(slug, `DELETE FROM pact.sso_connection WHERE ${ours}`);
	behind(slug, `DELETE FROM directory.domain WHERE domain = '${domain}'`);
});
