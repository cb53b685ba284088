// SPDX-License-Identifier: GPL-3.0-or-later
// A11: an API key is made, shown once, works, and is revoked at once. In the second workspace.
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {accessible, api, base, logIn, noSidewaysScroll, open, run, settled, tabTo, user, visit} from './lib.mjs';

async function pageOf(t, role, options = {}) {
	const page = await open(t, {role: null, ...options});
	await logIn(page, user(role, 1));
	await page.waitForURL('**/contacts');
	await settled(page);
	return page;
}
// What a program without a browser gets with a key.
const asProgram = (page, key, path) =>
	page
		.context()
		.request.get(base + path, {headers: {Authorization: `Bearer ${key}`, Cookie: ''}})
		.then((answer) => answer.status());
const rowOf = (page, name) => page.locator('#keys tbody tr', {hasText: name});

test('A11: a key is made, shown this once, copied, used and revoked', async (t) => {
	const page = await pageOf(t, 'admin', {permissions: ['clipboard-read', 'clipboard-write']});
	const name = `Skjema ${run}`;
	await visit(page, '/api-keys');
	await page.getByRole('button', {name: 'New API key'}).click();
	const dialog = page.getByRole('dialog');
	assert.equal(await dialog.getByLabel('owner').count(), 0, 'a role beyond one’s own is not offered');
	await dialog.getByRole('button', {name: 'Make the key'}).click();
	await dialog.locator('.summary').getByText('Say what it is for.').waitFor();
	await dialog.getByLabel('What is it for?').fill(name);
	await dialog.getByRole('button', {name: 'Make the key'}).click();
	await dialog.locator('.summary').getByText('Choose at least one role').waitFor();
	await accessible(page, 'a key without a role');
	await dialog.getByLabel('viewer').check();
	await dialog.getByLabel('It ends').selectOption('30');
	await dialog.getByRole('button', {name: 'Make the key'}).click();
	await dialog.getByRole('heading', {name: 'Copy the key now'}).waitFor();
	const key = await dialog.locator('#key').innerText();
	assert.match(key, /^pact_[\w-]{80,}$/);
	await accessible(page, 'a key that is shown');
	await page.keyboard.press('Escape');
	assert.equal(await dialog.locator('#key').innerText(), key, 'Esc does not lose it');
	await dialog.getByRole('button', {name: 'Copy'}).click();
	await page.getByText('Copied').waitFor();
	assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key);
	await dialog.getByRole('button', {name: 'I have copied it'}).click();
	await dialog.waitFor({state: 'detached'});
	assert.match(await rowOf(page, name).innerText(), /viewer[\s\S]*Never/);
	assert.ok(!(await page.content()).includes(key), 'it is on no page any more');
	assert.equal(await asProgram(page, key, '/v1/contacts?limit=1'), 200);
	assert.equal(await asProgram(page, key, '/v1/users'), 403);
	await visit(page, '/api-keys');
	await accessible(page, 'keys');
	const left = await api(page, 'GET', '/v1/api-keys?limit=200');
	const days = (new Date(left.body.items.find((one) => one.name === name).expires_at) - Date.now()) / 864e5;
	assert.ok(days > 29 && days < 31, `${days} days`);

	await rowOf(page, name).getByRole('button', {name: `Revoke ${name}`}).click();
	await dialog.getByText('The key stops working at once').waitFor();
	await accessible(page, 'revoking a key');
	assert.equal(await asProgram(page, key, '/v1/contacts?limit=1'), 200, 'not before the second step');
	await dialog.getByRole('button', {name: 'Revoke it'}).click();
	await page.getByText(`${name} was revoked`).waitFor();
	assert.equal(await asProgram(page, key, '/v1/contacts?limit=1'), 401);
	assert.equal(await rowOf(page, name).count(), 0);
});

test('A11: by keyboard alone', async (t) => {
	const page = await pageOf(t, 'owner');
	const name = `Tastatur ${run}`;
	await visit(page, '/api-keys');
	await tabTo(page, 'New API key');
	await page.keyboard.press('Enter');
	await page.getByRole('dialog').waitFor();
	await page.keyboard.type(name);
	await tabTo(page, 'viewer');
	await page.keyboard.press('Space');
	await tabTo(page, 'Make the key');
	await page.keyboard.press('Enter');
	await page.getByRole('heading', {name: 'Copy the key now'}).waitFor();
	await tabTo(page, 'I have copied it');
	await page.keyboard.press('Enter');
	await rowOf(page, name).waitFor();
	await page.waitForFunction(
		(label) => document.activeElement.getAttribute('aria-label') === label,
		`Revoke ${name}`
	);
	await page.keyboard.press('Enter');
	await page.getByRole('dialog').waitFor();
	await tabTo(page, 'Revoke it');
	await page.keyboard.press('Enter');
	await page.getByText(`${name} was revoked`).waitFor();
});

test('G10: the keys narrow and wide, light and dark', async (t) => {
	for (const dark of [false, true]) {
		const page = await pageOf(t, 'owner', {dark});
		const {status} = await api(page, 'POST', '/v1/api-keys', {
			name: `${'Lang '.repeat(16)} ${run}`,
			roles: ['viewer', 'member'],
			expires_at: null,
		});
		assert.equal(status, 201);
		for (const width of [320, 700, 1440]) {
			await page.setViewportSize({width, height: 800});
			await visit(page, '/api-keys');
			await noSidewaysScroll(page, `keys at ${width}`);
			await accessible(page, `keys at ${width}`, {colours: dark});
		}
	}
});
