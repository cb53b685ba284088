// SPDX-License-Identifier: GPL-3.0-or-later
// Each page as it stands: no accessibility violation in light and dark, no sideways scrolling from 320 to 1440 px, small
// first view, nothing shown that a role may not do.
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {
	accessible,
	api,
	base,
	fixture,
	makeContact,
	noSidewaysScroll,
	open,
	settled,
	typeAddress,
	upload,
	user,
	visit,
} from './lib.mjs';

const PAGES = [
	'/contacts',
	'/contacts?archived=true',
	'/contacts?tag=no-such-tag',
	'/accounts',
	'/tasks',
	'/import',
	'/audit?resource_type=contact',
	'/settings',
	'/settings?section=password',
	'/settings?section=sessions',
	'/settings?section=workspace',
	'/settings?section=privacy',
	'/security',
	'/sso',
	'/people',
	'/roles',
	'/api-keys',
	'/integrations',
	'/billing',
];
const PUBLIC = [
	'/login',
	'/legal/cookies',
	'/forgot',
	'/reset',
	'/invited',
	'/no-such-page',
	'/problems/duplicate',
	'/contact?id=00000000-0000-7000-8000-000000000000',
];

for (const dark of [false, true]) {
	test(`G10: axe finds nothing on any page, ${dark ? 'dark' : 'light'}`, async (t) => {
		const page = await open(t, {dark});
		for (const path of PAGES) {
			await visit(page, path);
			await accessible(page, path, {colours: dark});
		}
		const contact = await makeContact(page, {tags: ['axe'], account_id: null});
		for (const path of [`/contact?id=${contact.public_id}`, `/contact?id=${contact.public_id}&tab=consent`]) {
			await visit(page, path);
			await accessible(page, path, {colours: dark});
		}
		const account = await api(page, 'POST', '/v1/accounts', {name: 'Axe AS', domain: 'axe.example'});
		await visit(page, `/account?id=${account.body.public_id}`);
		await accessible(page, '/account', {colours: dark});
	});

	test(`G10: axe finds nothing on the public pages, ${dark ? 'dark' : 'light'}`, async (t) => {
		const page = await open(t, {role: null, dark});
		for (const path of PUBLIC.slice(0, -1)) {
			await visit(page, path);
			await accessible(page, path, {colours: dark});
		}
	});
}

test('G10: axe finds nothing in dialogs, menus and forms with errors', async (t) => {
	const page = await open(t);
	const contact = await makeContact(page);
	await visit(page, '/contacts');
	await page.getByRole('button', {name: 'Add a filter'}).click();
	await accessible(page, 'filter menu');
	await page.keyboard.press('Escape');
	await page.getByRole('button', {name: 'New contact'}).click();
	await page.getByRole('button', {name: 'Add contact'}).click();
	await page.getByText('One thing needs another look').waitFor();
	await accessible(page, 'new contact with an error');

	await visit(page, `/contact?id=${contact.public_id}`);
	await page.locator('#change-consent').click();
	await page.getByRole('radio', {name: /Confirmed/}).check();
	await page.getByRole('button', {name: 'Record'}).click();
	await accessible(page, 'change consent with an error');
	await page.keyboard.press('Escape');
	await page.locator('#delete').click();
	await accessible(page, 'delete');
	await page.getByRole('button', {name: 'Permanently delete…'}).click();
	await page.getByLabel('Type the address to go on').waitFor();
	await accessible(page, 'permanently delete');
	await page.keyboard.press('Escape');
	await page.getByRole('button', {name: /Change phone/}).click();
	await accessible(page, 'a field being changed');
	await page.getByRole('radio', {name: 'Task'}).check({force: true});
	await page.getByRole('button', {name: 'Add task'}).click();
	await accessible(page, 'a task without a subject');

	await upload(page, fixture('unsubscribed_members_export.csv'));
	await accessible(page, 'mapping');
	await page.getByRole('button', {name: 'Try it without writing anything'}).click();
	await page.locator('#verdict').waitFor();
	await accessible(page, 'answer of a dry run');
});

test('G10: no page scrolls sideways at 320, 768 and 1440 px', async (t) => {
	const page = await open(t);
	const contact = await makeContact(page, {
		first_name: 'Maximiliana-Konstantina',
		last_name: 'Þorsteinsdóttir-Hämäläinen-Featherstonehaugh',
		tags: ['a rather long tag that somebody once made up'],
		title: 'Vice president of everything, and deputy head of the rest',
	});
	for (const width of [320, 768, 1440]) {
		await page.setViewportSize({width, height: 800});
		for (const path of [
			...PAGES,
			...PUBLIC.slice(1),
			`/contact?id=${contact.public_id}`,
			`/contact?id=${contact.public_id}&tab=consent`,
		]) {
			await visit(page, path);
			await noSidewaysScroll(page, `${path} at ${width}`);
		}
	}
	await page.setViewportSize({width: 320, height: 700});
	await upload(page, fixture('subscribed_members_export.csv'));
	await noSidewaysScroll(page, 'mapping at 320');
	await page.getByRole('button', {name: 'Menu'}).click();
	await page.getByRole('link', {name: 'Accounts'}).click();
	await page.waitForURL('**/accounts');
});

test('the first view of a page is at most 60 KB, compressed', async (t) => {
	const page = await open(t);
	for (const path of ['/contacts', '/audit', '/import', '/settings?section=privacy', '/security', '/people', '/roles', '/api-keys', '/integrations', '/billing']) {
		const client = await page.context().newCDPSession(page);
		await client.send('Network.enable');
		await client.send('Network.setCacheDisabled', {cacheDisabled: true});
		let bytes = 0;
		const files = new Set();
		client.on(
			'Network.responseReceived',
			({requestId, response}) => !new URL(response.url).pathname.startsWith('/v1/') && files.add(requestId)
		);
		client.on('Network.loadingFinished', ({requestId, encodedDataLength}) => {
			bytes += files.has(requestId) ? encodedDataLength : 0;
		});
		await visit(page, path);
		assert.ok(files.size > 5 && bytes > 1000, 'something was measured');
		assert.ok(bytes <= 60 * 1024, `${path} is ${bytes} bytes`);
		await client.detach();
	}
});

test('A9: a viewer reads and is offered nothing that changes', async (t) => {
	const page = await open(t, {role: 'viewer'});
	await visit(page, '/contacts');
	await page.locator('#contacts tbody a').first().waitFor();
	for (const name of ['Import', 'Export', 'New contact'])
		assert.equal(await page.getByText(name, {exact: true}).count(), 0, name);
	assert.equal(await page.locator('#contacts input[type="checkbox"]').count(), 0);
	await page.locator('#contacts tbody a').first().click();
	await page.waitForURL(/\/contact\?/);
	await settled(page);
	assert.equal(await page.locator('.inplace, #change-consent, #delete, #compose').count(), 0);
	await accessible(page, 'a contact as a viewer');
	await visit(page, '/settings');
	assert.equal(await page.getByRole('link', {name: 'Audit Log'}).count(), 0);
	for (const path of ['/audit', '/import', '/settings?section=privacy', '/people', '/roles', '/api-keys', '/integrations', '/billing']) {
		await visit(page, path);
		await page.getByText('Your role does not allow this').waitFor();
	}
});

test('A1: without a session every page leads to the login page and back', async (t) => {
	const page = await open(t, {role: null});
	for (const path of ['/contacts?consent_status=declined', '/audit']) {
		await page.goto(base + path);
		await page.waitForURL((url) => url.pathname === '/login' && url.searchParams.get('next') === path);
	}
	await page.goto(`${base}/login?next=https://evil.example/`);
	await typeAddress(page, user('owner').email);
	await page.getByLabel('Password', {exact: true}).fill('not the password');
	await page.getByRole('button', {name: 'Log in'}).click();
	await page.getByText('do not belong together').waitFor();
	assert.equal(
		await page.getByLabel('Email address').inputValue(),
		user('owner').email,
		'what was typed is kept'
	);
	assert.equal(
		await page.evaluate(() => document.activeElement.className),
		'summary',
		'the summary has the focus'
	);
	await accessible(page, 'login with an error');
	await page.getByLabel('Password', {exact: true}).fill(user('owner').password);
	await page.getByRole('button', {name: 'Log in'}).click();
	await page.waitForURL('**/contacts');
});

test('A1: ?next= leads to pages of this site alone, and to no address where a login begins', async (t) => {
	const page = await open(t);
	const asked = [];
	page.on('request', (request) => request.isNavigationRequest() && asked.push(request.url()));
	for (const next of [
		'//evil.example/',
		'/.//evil.example/',
		'/x/..//evil.example/',
		'/./\\/evil.example/',
		'javascript:alert(1)',
		'/v1/auth/oidc/evil/login',
		'/%76%31/auth/oidc/evil/login',
		'/.//v1/auth/oidc/evil/login',
		'/login',
		'/%6cogin',
		'/\t/evil.example/',
	]) {
		await page.goto(`${base}/login?next=${encodeURIComponent(next)}`);
		await page.waitForURL(`${base}/contacts`);
	}
	await page.goto(`${base}/login?next=${encodeURIComponent('/contacts?consent_status=declined')}`);
	await page.waitForURL(`${base}/contacts?consent_status=declined`);
	assert.deepEqual(
		asked.filter((url) => !/^\/(login|contacts)$/.test(url.startsWith(base) && new URL(url).pathname)),
		[]
	);
});

test('a page that does not exist says so with status 404, and a contact of nobody likewise', async (t) => {
	const page = await open(t);
	const answer = await page.goto(`${base}/no/such/page`);
	assert.equal(answer.status(), 404);
	await visit(page, PUBLIC.at(-1));
	await page.getByRole('heading', {name: 'There is no such contact here'}).waitFor();
});
