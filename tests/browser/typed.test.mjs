// SPDX-License-Identifier: GPL-3.0-or-later
// Ways in, administered by more than one person, over bad connections and with long lists: nothing typed is lost, nothing
// of somebody else's is overwritten unseen, and the focus stays where the work is. In the second workspace.
import {before, test} from 'node:test';
import assert from 'node:assert/strict';
import {
	accessible,
	api,
	base,
	behind,
	demo,
	logIn,
	newcomer,
	noSidewaysScroll,
	open,
	run,
	settled,
	user,
	visit,
} from './lib.mjs';

const {slug} = demo.workspaces[1];
const ours = `tenant_id = (SELECT tenant_id FROM pact.tenant WHERE slug = '${slug}')`;

async function pageOf(t, person = user('owner', 1), options = {}) {
	const page = await open(t, {role: null, ...options});
	await logIn(page, person);
	await page.waitForURL('**/contacts');
	await settled(page);
	return page;
}
const focused = (page) =>
	page.evaluate(() => {
		const {activeElement: at} = document;
		return at.getAttribute('aria-label') ?? at.textContent.trim();
	});
const focusAgain = (page) => page.evaluate(() => dispatchEvent(new Event('focus')));
const patch = async (page, path, change) => {
	const {status, body} = await api(page, 'PATCH', path, change);
	assert.equal(status, 200, JSON.stringify(body));
	return body;
};
const SECURITY = '/v1/settings/security';

before(() => {
	behind(slug, `UPDATE pact.tenant SET sso_enforced = false WHERE ${ours}`);
	behind(slug, `DELETE FROM pact.sso_connection WHERE ${ours}`);
});

test('A6: all other sessions end by one press, however many there are; a phone shows them', async (t) => {
	const host = await pageOf(t);
	const person = await newcomer(host);
	const page = await pageOf(t, person, {width: 320});
	behind(
		slug,
		`INSERT INTO pact.session (tenant_id, id, user_id, secret_sha256, refresh_sha256, method, transport, ip, user_agent, expires_at)
		SELECT tenant_id, app.uuid7(), id, sha256(n::text::bytea), sha256(('r' || n)::bytea), 'password', 'cookie', '2001:db8:1234:5678:9abc:def0:1234:5678',
			repeat('Longagent', 20), now() + interval '1 day' FROM pact.user_account, generate_series(1, 120) n WHERE id = '${person.id}'`
	);
	await visit(page, '/settings?section=sessions');
	await noSidewaysScroll(page, 'sessions of long names at 320 px');
	await page.getByRole('link', {name: 'Load more'}).waitFor();
	await page.getByRole('button', {name: 'End all other sessions'}).click();
	await page.getByText('All other sessions were ended').waitFor();
	await page.getByText('This one').waitFor();
	assert.equal((await api(page, 'GET', '/v1/auth/sessions')).body.items.length, 1);
});

test('A4: what is typed on the page of single sign-on outlives whatever is heard meanwhile', async (t) => {
	const page = await pageOf(t);
	await patch(page, SECURITY, {sso: {type: 'oidc', name: 'Prøve', issuer: 'https://localhost:9', client_id: 'pact'}});
	await visit(page, '/sso');
	await page.getByText('could not be reached').waitFor();
	const clientId = page.getByLabel('Client ID');
	await clientId.fill('typed');
	await page.getByRole('button', {name: 'Add a group'}).click();
	await page.keyboard.type('sales');
	await page.getByLabel('Domain', {exact: true}).fill('typed.example');
	// the runner, a record, and the other kind of provider
	behind(slug, `UPDATE pact.sso_connection SET status = 'checking' WHERE ${ours}`);
	await focusAgain(page);
	await page.locator('#state').getByText('Pact is looking').waitFor();
	behind(slug, `UPDATE pact.sso_connection SET status = 'refused', problem = 'Something else.' WHERE ${ours}`);
	await page.locator('#step-connection').getByText('Something else.').waitFor();
	behind(slug, `INSERT INTO pact.sso_domain (tenant_id, domain, token, checked_at) SELECT tenant_id, 'there-${run}.example', 't', now() FROM pact.tenant WHERE slug = '${slug}'`);
	await focusAgain(page);
	await page.locator(`[data-domain="there-${run}.example"]`).waitFor();
	await page.getByLabel('SAML 2.0').check();
	await page.getByLabel('OpenID Connect').check();
	assert.equal(await page.getByLabel('Domain', {exact: true}).inputValue(), 'typed.example');
	assert.equal(await focused(page), await page.getByLabel('OpenID Connect').evaluate(() => document.activeElement.textContent));
	// one step is saved, the others keep what is typed in them
	await page.getByRole('button', {name: 'Save', exact: true}).click();
	await page.getByText('Saved.', {exact: true}).waitFor();
	assert.equal(await clientId.inputValue(), 'typed');
	await page.getByLabel('Group 1', {exact: true}).fill('support');
	await page.getByRole('button', {name: 'Save and let Pact look at it'}).click();
	await page.getByText('Saved. Pact is looking at the provider.').waitFor();
	assert.equal(await page.getByLabel('Group 1', {exact: true}).inputValue(), 'support');
	const {sso} = (await api(page, 'GET', SECURITY)).body;
	assert.deepEqual([sso.settings.client_id, sso.role_mapping[0].group], ['typed', 'sales']);
	// nor is lost what is typed while the answer of a save is still on its way
	await page.route('**/v1/settings/security/domains*', async (route) => {
		await new Promise((resolve) => setTimeout(resolve, 1000));
		await route.continue().catch(() => {}); // it may go on by itself, once nobody holds it any more
	});
	await Promise.all([
		page.waitForResponse((answer) => answer.request().method() === 'PATCH'),
		page.getByRole('button', {name: 'Save', exact: true}).click(),
	]);
	const loaded = page.waitForResponse(/\/v1\/settings\/security\/domains/);
	await page.getByLabel('Group 1', {exact: true}).fill('service');
	await loaded;
	await page.unroute('**/v1/settings/security/domains*');
	await page.waitForTimeout(200);
	assert.equal(await page.getByLabel('Group 1', {exact: true}).inputValue(), 'service');

	// pressed by the keyboard, "Look again" is still there to be pressed
	const again = page.getByRole('button', {name: `Look again for the record of there-${run}.example`});
	await again.press('Enter');
	await page.getByText(`Looking for the record of there-${run}.example…`).waitFor();
	await page.locator('.visually-hidden[role="status"]').getByText(`there-${run}.example: Not verified yet`).waitFor();
	assert.equal(await focused(page), `Look again for the record of there-${run}.example`);
	behind(slug, `DELETE FROM pact.sso_domain WHERE domain = 'there-${run}.example'`);
});

test('A4: what somebody else changed in single sign-on is shown, and never overwritten unseen', async (t) => {
	const page = await pageOf(t);
	const start = {type: 'oidc', name: 'Prøve', issuer: 'https://localhost:9', client_id: 'pact', role_mapping: []};
	await patch(page, SECURITY, {sso: start});
	await visit(page, '/sso');
	await page.getByText('could not be reached').waitFor();
	// nothing is typed: theirs is shown, and saved with it
	await patch(page, SECURITY, {sso: {role_mapping: [{group: 'theirs', role: 'viewer'}]}});
	await focusAgain(page);
	await page.getByLabel('Group 1', {exact: true}).waitFor();
	await page.getByRole('button', {name: 'Save', exact: true}).click();
	await page.getByText('Saved.', {exact: true}).waitFor();
	assert.equal((await api(page, 'GET', SECURITY)).body.sso.role_mapping[0]?.group, 'theirs');

	// something else of the settings was changed: both go together without a word
	await page.getByLabel('Client ID').fill('mine');
	await patch(page, SECURITY, {sso: {role_mapping: [{group: 'other', role: 'viewer'}]}});
	await page.getByRole('button', {name: 'Save and let Pact look at it'}).click();
	await page.getByText('Saved. Pact is looking at the provider.').waitFor();
	await page.getByText('could not be reached').waitFor();
	let {sso} = (await api(page, 'GET', SECURITY)).body;
	assert.deepEqual([sso.settings.client_id, sso.role_mapping[0].group], ['mine', 'other']);

	// the same step: it says so, keeps what was typed, and the next press saves it
	await page.getByLabel('Client ID').fill('mine again');
	await patch(page, SECURITY, {sso: {client_id: 'theirs'}});
	await page.getByRole('button', {name: 'Save and let Pact look at it'}).click();
	await page.locator('#step-connection .summary').getByText('Somebody else changed this step').waitFor();
	await accessible(page, 'single sign-on, changed by somebody else');
	assert.equal(await page.getByLabel('Client ID').inputValue(), 'mine again');
	await page.getByRole('button', {name: 'Save and let Pact look at it'}).click();
	await page.locator('#step-connection .summary').waitFor({state: 'detached'});
	await page.getByText('could not be reached').waitFor();
	({sso} = (await api(page, 'GET', SECURITY)).body);
	assert.equal(sso.settings.client_id, 'mine again');

	// another tab set up the owner's second factor: step 6 knows when one comes back
	const mark = page.locator('#step-enforce li', {hasText: 'An owner has a password and a second factor'});
	let owners = [];
	await page.route(`**${SECURITY}`, async (route) => {
		const answer = await route.fetch();
		await route.fulfill({response: answer, json: {...(await answer.json()), break_glass: owners}});
	});
	await focusAgain(page);
	await mark.getByText('Still open:').waitFor();
	owners = ['chief@corp.example'];
	await focusAgain(page);
	await mark.getByText('Done:').waitFor();
	await page.unroute(`**${SECURITY}`);
	await patch(page, SECURITY, {sso: null});
	await focusAgain(page);
	await page.locator('#state').getByText('Not set up').waitFor();
	await page.getByText('This comes once Pact can use the provider').first().waitFor();
});

test('A11: the text of a new key is not lost to Esc, however often; ticks are not lost to the first', async (t) => {
	const page = await pageOf(t);
	await visit(page, '/api-keys');
	await page.getByRole('button', {name: 'New API key'}).click();
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel('viewer').check();
	await page.keyboard.press('Escape');
	await dialog.getByText('Press Esc again').waitFor();
	await dialog.getByLabel('What is it for?').fill(`Held ${run}`);
	await dialog.getByRole('button', {name: 'Make the key'}).click();
	const key = page.locator('#key');
	await key.waitFor();
	for (let press = 0; press < 6; press++) {
		await page.keyboard.press('Escape');
		await page.evaluate(() => new Promise(requestAnimationFrame));
		assert.ok(await key.isVisible());
	}
	await page.getByRole('button', {name: 'I have copied it'}).click();
	await page.getByText(`Held ${run}`).waitFor();
	assert.equal(await focused(page), `Revoke Held ${run}`);
});

test('A1, A2: a form that is sent before its script is there waits for it', async (t) => {
	const page = await open(t, {role: null});
	for (const [path, script] of [
		['/login', 'login.js'],
		['/forgot', 'forgot.js'],
	]) {
		let go;
		const held = new Promise((resolve) => {
			go = resolve;
		});
		await page.route(`**/js/${script}`, async (route) => {
			await held;
			await route.continue();
		});
		await page.goto(base + path, {waitUntil: 'commit'});
		await page.getByLabel('Email address').fill(`early@${run}.example`);
		await page.keyboard.press('Enter');
		assert.ok(await page.locator('[type="submit"]').isDisabled());
		go();
		await page.locator('[type="submit"]:enabled').click();
		await page.getByText(path === '/login' ? 'Log in' : 'Look into your mail').first().waitFor();
		assert.equal(new URL(page.url()).pathname, path);
		await page.unroute(`**/js/${script}`);
	}
	assert.equal(await page.getByText(`early@${run}.example`).count(), 1);
});

test('A9: a long list is as long after somebody was changed, and the focus stays in it', async (t) => {
	const page = await pageOf(t);
	behind(
		slug,
		`INSERT INTO pact.user_account (tenant_id, email, name) SELECT tenant_id, 'z' || n || '@many-${run}.example', repeat('Wolfeschlegelstein', 9) || n
			FROM pact.tenant, generate_series(100, 229) n WHERE slug = '${slug}'`
	);
	try {
		await visit(page, '/people');
		await page.getByRole('link', {name: 'Load more'}).click();
		const rows = page.locator('#people tbody tr');
		await rows.nth(120).waitFor();
		const count = await rows.count();
		const last = rows.last();
		const label = await last.getByRole('button').getAttribute('aria-label');
		await last.getByRole('button').click();
		await page.getByRole('dialog').getByLabel('viewer').check();
		await page.getByRole('button', {name: 'Save'}).click();
		await page.getByText('was changed').waitFor();
		assert.equal(await rows.count(), count);
		assert.equal(await focused(page), label);
		await last.getByRole('button').click();
		await page.getByRole('button', {name: 'Remove from the workspace…'}).click();
		await page.getByRole('button', {name: 'Remove', exact: true}).click();
		await page.getByText('was removed').waitFor();
		assert.equal(await rows.count(), count - 1);
		assert.equal(await focused(page), await last.getByRole('button').getAttribute('aria-label'));
	} finally {
		behind(slug, `DELETE FROM pact.user_account WHERE email LIKE '%@many-${run}.example'`);
	}
});

test('A10: whoever changes or removes a role by keyboard goes on from there; all permissions have words', async (t) => {
	behind(slug, `UPDATE pact.tenant SET plan = 'enterprise' WHERE slug = '${slug}'`);
	try {
		const page = await pageOf(t);
		const name = `Focus ${run}`;
		const {body} = await api(page, 'POST', '/v1/roles', {name, permissions: ['contact.read']});
		await visit(page, '/roles');
		assert.equal(await page.locator('.permissions li').filter({hasText: /^\w+\.\w+$/}).count(), 0, 'words, not names');
		const change = page.getByRole('button', {name: `Change the role ${name}`});
		await change.press('Enter');
		await page.getByRole('button', {name: 'Save'}).press('Enter');
		await page.getByText('was saved').waitFor();
		await page.waitForFunction((label) => document.activeElement.ariaLabel === label, `Change the role ${name}`);
		// changed elsewhere: said, and shown
		await change.press('Enter');
		await page.getByLabel('See accounts').check();
		await patch(page, `/v1/roles/${body.public_id}`, {permissions: ['activity.read']});
		await page.getByRole('button', {name: 'Save'}).click();
		await page.getByText('Somebody else changed this role meanwhile').waitFor();
		await page.locator(`[data-role="${name}"]`).getByText('See notes').waitFor();
		assert.equal(await focused(page), `Change the role ${name}`);
		await page.getByRole('button', {name: `Remove the role ${name}`}).press('Enter');
		await page.getByRole('button', {name: 'Remove', exact: true}).press('Enter');
		await page.locator(`[data-role="${name}"]`).waitFor({state: 'detached'});
		assert.equal(await focused(page), 'New role');
	} finally {
		behind(slug, `UPDATE pact.tenant SET plan = 'standard' WHERE slug = '${slug}'`);
	}
});

test('A7, A8: setting up is begun once; a lost connection is said; a conflict is not the end', async (t) => {
	const host = await pageOf(t);
	const person = await newcomer(host, ['owner']);
	const page = await pageOf(t, person);
	await visit(page, '/security');
	let begun = 0;
	page.on('request', (request) => {
		if (request.method() === 'POST' && request.url().endsWith('/v1/auth/totp')) begun += 1;
	});
	await page.getByRole('button', {name: 'Set up'}).dblclick();
	await page.locator('.qr').waitFor();
	await page.getByRole('button', {name: 'Cancel'}).click();
	assert.equal(begun, 1);

	await patch(page, '/v1/settings/privacy', {default_consent_policy: 'declined'});
	await patch(page, '/v1/settings/privacy', {default_consent_policy: 'pending'});
	await page.getByLabel('Require two-factor').check();
	await page.getByRole('button', {name: 'Save'}).click();
	await page.getByText('Somebody else changed settings').waitFor();
	await page.getByLabel('Require two-factor').check();
	await page.getByRole('button', {name: 'Save'}).click();
	await page.locator('.summary').getByText('for yourself first').waitFor();
});

test('billing: what is typed stays while the plan is asked for, and when somebody else was faster', async (t) => {
	const page = await pageOf(t);
	const path = '/v1/settings/billing';
	const nothing = {contact: {name: null, address: null, reference: null}, requested_plan: null};
	await patch(page, path, nothing);
	await visit(page, '/billing');
	const name = page.getByLabel('Name or organisation');
	await name.fill('Typed AS');
	await page.getByRole('button', {name: 'Ask for Enterprise…'}).click();
	await page.getByRole('dialog').getByRole('button', {name: 'Ask for Enterprise'}).click();
	await page.getByText('It has not been set yet').waitFor();
	assert.equal(await name.inputValue(), 'Typed AS');
	await page.getByRole('button', {name: 'Take the question back'}).dblclick();
	await page.getByText('The question was taken back').waitFor();
	await page.getByRole('button', {name: 'Ask for Enterprise…'}).waitFor();
	assert.equal(await page.getByText('Somebody else changed this').count(), 0);

	await patch(page, path, {contact: {name: 'Theirs AS', address: 'Their street'}});
	await page.getByRole('button', {name: 'Save'}).click();
	await page.locator('.field .error').getByText('Somebody else wrote “Theirs AS” here').waitFor();
	assert.equal(await name.inputValue(), 'Typed AS');
	assert.equal(await page.getByLabel('Address', {exact: true}).inputValue(), 'Their street');
	await accessible(page, 'billing, changed by somebody else');
	await page.getByRole('button', {name: 'Save'}).click();
	await page.getByText('The billing details were saved').waitFor();
	const {contact} = (await api(page, 'GET', path)).body;
	assert.deepEqual([contact.name, contact.address], ['Typed AS', 'Their street']);
	await patch(page, path, nothing);
});

// what the server could say, at its longest
const LONG = 'Donaudampfschifffahrtsgesellschaft'.repeat(5);
const answer = (status, json) => (route) => route.fulfill({status, json, contentType: 'application/problem+json'});

test('G10: long names, every way in and the way without the provider fit on a phone', async (t) => {
	const page = await open(t, {role: null, width: 320, height: 640, dark: true});
	const sso = ['first', 'second'].map((name) => ({name: `${LONG} ${name}`, url: `/v1/auth/oidc/${name}/login`, workspace: {name: LONG, slug: name}}));
	await page.route('**/v1/auth/discover?*', answer(200, {sso, password: false}));
	await page.route('**/v1/auth/login', answer(403, {type: '/problems/sso-required', title: 'No.', status: 403, login_url: sso[0].url}));
	await page.goto(`${base}/login`);
	await page.getByLabel('Email address').fill(`x@${run}.example`);
	await page.keyboard.press('Enter');
	await page.getByRole('button', {name: 'Log in with a password instead'}).press('Enter');
	await noSidewaysScroll(page, 'two ways in');
	await page.keyboard.type('whatever it is');
	await page.keyboard.press('Enter');
	await page.getByText('The identity provider does not answer').click();
	await page.getByRole('button', {name: 'I am an owner: use my password'}).waitFor();
	await noSidewaysScroll(page, 'the way without the provider');
	await accessible(page, 'the way without the provider', {colours: true});

	const host = await pageOf(t, user('owner', 1), {width: 320, height: 640});
	const person = await newcomer(host);
	await patch(host, `/v1/users/${person.id}`, {name: LONG});
	behind(slug, `UPDATE pact.tenant SET name = '${LONG}' WHERE slug = '${slug}'`);
	try {
		await visit(host, '/people');
		await host.getByRole('button', {name: 'Menu'}).click({timeout: 2000});
		await host.getByRole('button', {name: 'Menu'}).click();
		await host.locator('#people tr', {hasText: person.email}).getByRole('button').click();
		await host.getByRole('button', {name: 'Suspend'}).click();
		await host.getByRole('button', {name: 'Dismiss'}).click({timeout: 2000});
	} finally {
		behind(slug, `UPDATE pact.tenant SET name = 'Nordlicht GmbH' WHERE slug = '${slug}'`);
	}
});

test('what could not be read is read again, and the keyboard is where it comes', async (t) => {
	const page = await pageOf(t);
	await page.route('**/v1/roles?*', (route) => route.abort());
	await visit(page, '/roles');
	await page.unroute('**/v1/roles?*');
	await page.getByRole('button', {name: 'Try again'}).press('Enter');
	await page.locator('[data-role="viewer"]').waitFor();
	assert.equal(await focused(page), 'Roles');
});

test('A9, A10, A11: what somebody else removed is said to be gone, and the list is read again', async (t) => {
	const page = await pageOf(t);
	const person = await newcomer(page);
	const {body: key} = await api(page, 'POST', '/v1/api-keys', {name: `Gone ${run}`, roles: ['viewer'], expires_at: null});
	await visit(page, '/people');
	const row = page.locator('#people tr', {hasText: person.email});
	await row.getByRole('button').click();
	await page.getByRole('dialog').waitFor();
	const {status} = await api(page, 'DELETE', `/v1/users/${person.id}`);
	assert.equal(status, 204);
	await page.getByRole('button', {name: 'Suspend'}).click();
	await page.getByText('Somebody else removed this meanwhile').waitFor();
	await row.waitFor({state: 'detached'});
	assert.equal(await page.getByRole('dialog').count(), 0);

	await visit(page, '/api-keys');
	await page.getByRole('button', {name: `Revoke Gone ${run}`}).press('Enter');
	assert.equal((await api(page, 'DELETE', `/v1/api-keys/${key.public_id}`)).status, 204);
	await page.getByRole('button', {name: 'Revoke it'}).press('Enter');
	await page.getByText('Somebody else removed this meanwhile').waitFor();
	await page.locator(`[data-id="${key.public_id}"]`).waitFor({state: 'detached'});
	await page.waitForFunction(() => document.activeElement.tagName === 'H1');
});

test('A10: a role beyond the first hundred is shown, can be given, and is kept when another is', async (t) => {
	const page = await pageOf(t);
	const name = `zz ${run}`;
	behind(slug, `INSERT INTO pact.role (tenant_id, name, permissions) SELECT tenant_id, CASE n WHEN 230 THEN '${name}' ELSE '${run} ' || n END,
		ARRAY['contact.read'] FROM pact.tenant, generate_series(1, 230) n WHERE slug = '${slug}'`);
	try {
		const person = await newcomer(page, [name]);
		await visit(page, '/roles');
		await page.locator(`[data-role="${name}"]`).waitFor();
		await visit(page, '/people');
		await page.locator('#people tr', {hasText: person.email}).getByRole('button').click();
		await page.getByRole('dialog').getByLabel('viewer').check();
		await page.getByRole('button', {name: 'Save'}).click();
		await page.getByText('was changed').waitFor();
		assert.deepEqual((await api(page, 'GET', `/v1/users/${person.id}`)).body.roles.sort(), ['viewer', name]);
		assert.equal((await api(page, 'DELETE', `/v1/users/${person.id}`)).status, 204);
	} finally {
		behind(slug, `DELETE FROM pact.user_account WHERE ${ours} AND email LIKE '%@${run}.example'`);
		behind(slug, `DELETE FROM pact.role WHERE ${ours} AND name LIKE '%${run}%'`);
	}
});

test('A1, A11: a password is hidden again once it is changed; a kind of integration keeps what is typed', async (t) => {
	const page = await pageOf(t);
	await visit(page, '/settings?section=password');
	await page.route('**/v1/auth/password', (route) => route.fulfill({status: 204}));
	await page.getByLabel('Show what I type').check();
	for (const label of ['Current password', 'New password', 'New password again'])
		await page.getByLabel(label, {exact: true}).fill('langt nok til alt');
	await page.getByRole('button', {name: 'Change password'}).click();
	await page.getByText('The password was changed').waitFor();
	assert.equal(await page.getByLabel('Current password').getAttribute('type'), 'password');

	await visit(page, '/integrations');
	await page.getByRole('button', {name: 'Add an integration'}).click();
	await page.getByLabel('Server').fill('typed.example');
	const kind = page.getByLabel('What is it?');
	await kind.selectOption('webhook');
	await kind.selectOption('smtp');
	assert.equal(await page.getByLabel('Server').inputValue(), 'typed.example');
});
