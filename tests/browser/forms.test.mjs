// SPDX-License-Identifier: GPL-3.0-or-later
// Nothing typed is ever lost: refused saves, conflicts, broken connections, sessions that end.
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {accessible, api, base, logIn, makeContact, open, run, settled, user, visit} from './lib.mjs';

test('C1: a refused save keeps the form, says why beside the field and leads there', async (t) => {
	const page = await open(t);
	const other = await makeContact(page);
	await visit(page, '/contacts');
	await page.getByRole('button', {name: 'New contact'}).click();
	await page.getByLabel('First name').fill('Søren');
	await page.getByLabel('Email address').fill('not an address');
	await page.getByRole('button', {name: 'Add contact'}).click();
	const summary = page.locator('dialog .summary');
	await summary.waitFor();
	assert.equal(await page.evaluate(() => document.activeElement.className), 'summary');
	await summary.getByRole('link').first().click();
	assert.equal(await page.evaluate(() => document.activeElement.name), 'email');
	assert.equal(await page.getByLabel('First name').inputValue(), 'Søren');

	await page.getByLabel('Email address').fill(other.email.toUpperCase());
	await page.getByRole('button', {name: 'Add contact'}).click();
	const existing = page.locator('dialog .field').getByRole('link', {name: 'Open it'});
	await existing.waitFor();
	assert.equal(await existing.getAttribute('href'), `/contact?id=${other.public_id}`);

	await page.route('**/v1/contacts', (route) =>
		route.request().method() === 'POST' ? route.abort() : route.continue()
	);
	await page.getByLabel('Email address').fill(`soren@${run}.example`);
	await page.getByRole('button', {name: 'Add contact'}).click();
	await page.getByText('The server cannot be reached').waitFor();
	assert.equal(await page.getByLabel('First name').inputValue(), 'Søren');
	await page.unroute('**/v1/contacts');
	await page.getByRole('button', {name: 'Add contact'}).click();
	await page.waitForURL('**/contact?id=*');
	await page.getByRole('heading', {name: 'Søren'}).waitFor();
});

test('C1: a field changed by someone else meanwhile is shown, and what was typed is kept', async (t) => {
	const page = await open(t);
	const contact = await makeContact(page, {title: 'Buyer', phone: '+47 1'});
	await visit(page, `/contact?id=${contact.public_id}`);
	await page.getByRole('button', {name: /Change title/}).click();
	await page.getByLabel('Title').fill('Head of operations');
	await api(page, 'PATCH', `/v1/contacts/${contact.public_id}`, {title: 'Office manager'});
	await page.getByRole('button', {name: 'Save', exact: true}).click();
	await page.getByText('changed by someone else meanwhile').waitFor();
	assert.match(await page.locator('[data-field="title"] .error').innerText(), /Office manager/);
	assert.equal(await page.getByLabel('Title').inputValue(), 'Head of operations');
	await accessible(page, 'a conflict');
	await page.getByRole('button', {name: 'Save mine'}).click();
	await page.locator('[data-field="title"] .inplace').getByText('Head of operations').waitFor();
	assert.equal((await api(page, 'GET', `/v1/contacts/${contact.public_id}`)).body.title, 'Head of operations');

	// another field was changed: both changes are kept without a question
	await page.getByRole('button', {name: /Change phone/}).click();
	await page.getByLabel('Phone').fill('+47 2');
	await api(page, 'PATCH', `/v1/contacts/${contact.public_id}`, {title: 'Owner'});
	await page.getByRole('button', {name: 'Save', exact: true}).click();
	await page.locator('[data-field="phone"] .inplace').getByText('+47 2').waitFor();
	const {body} = await api(page, 'GET', `/v1/contacts/${contact.public_id}`);
	assert.deepEqual([body.title, body.phone], ['Owner', '+47 2']);
});

test('A6: a session that ended asks in place and goes on; nothing typed is lost', async (t) => {
	const page = await open(t, {role: null});
	await logIn(page, user('member'));
	await page.waitForURL('**/contacts');
	const contact = await makeContact(page);
	await visit(page, `/contact?id=${contact.public_id}`);
	await page.locator('#compose textarea').fill('Written before the session ended');
	assert.equal((await api(page, 'POST', '/v1/auth/logout')).status, 200);
	await page.locator('#compose').getByRole('button', {name: 'Add note'}).click();
	const dialog = page.getByRole('dialog', {name: 'Your session ended'});
	await dialog.waitFor();
	await accessible(page, 'the session ended');
	await dialog.getByLabel('Password').fill('wrong');
	await dialog.getByRole('button', {name: 'Log in'}).click();
	await dialog.getByText('do not belong together').waitFor();

	await dialog.getByRole('button', {name: 'Not now'}).click();
	assert.equal(await page.locator('#compose textarea').inputValue(), 'Written before the session ended');
	await page.locator('#compose').getByRole('button', {name: 'Add note'}).click();
	await dialog.getByLabel('Password').fill(user('member').password);
	await dialog.getByRole('button', {name: 'Log in'}).click();
	await page.locator('[data-kind="note"]').getByText('Written before the session ended').waitFor();
	assert.equal(await page.locator('[data-kind="note"]').count(), 1, 'written once');
});

test('A6: an access token that ran out is renewed without a word', async (t) => {
	const page = await open(t, {role: null});
	await logIn(page, user('member'));
	await page.waitForURL('**/contacts');
	await settled(page);
	await page.context().clearCookies({name: '__Host-pact'});
	const renewed = page.waitForResponse((answer) => answer.url().endsWith('/v1/auth/refresh') && answer.ok());
	await page.goto(`${base}/accounts`);
	await renewed;
	await page.getByRole('heading', {name: 'Accounts'}).waitFor();
});

test('A6: a session is ended from another browser, and at once', async (t) => {
	const here = await open(t, {role: null});
	const there = await open(t, {role: null});
	for (const page of [here, there]) {
		await logIn(page, user('admin'));
		await page.waitForURL('**/contacts');
	}
	await visit(here, '/settings?section=sessions');
	assert.equal(await here.getByText('This one').count(), 1);
	const all = here.getByRole('button', {name: /End the .* other sessions/});
	if (await all.count()) await all.click();
	else await here.getByRole('button', {name: /End the session of/}).click();
	await here
		.getByText(/ended$/)
		.last()
		.waitFor();
	assert.equal((await api(there, 'GET', '/v1/auth/session')).status, 401);
	assert.equal((await api(here, 'GET', '/v1/auth/session')).status, 200);
});

test('A1: the own password is changed after the current one is typed', async (t) => {
	const page = await open(t, {role: 'member'});
	await visit(page, '/settings?section=password');
	await page.getByLabel('Current password').fill('not it');
	await page.getByLabel('New password', {exact: true}).fill('a long enough sentence');
	await page.getByLabel('New password again').fill('a long enough sentences');
	await page.getByRole('button', {name: 'Change password'}).click();
	await page.getByText('The two are not the same.').first().waitFor();
	await page.getByLabel('New password again').fill('a long enough sentence');
	await page.getByRole('button', {name: 'Change password'}).click();
	await page
		.locator('.summary')
		.getByRole('link', {name: /^Current password/})
		.waitFor();
	assert.equal(await page.getByLabel('New password', {exact: true}).inputValue(), 'a long enough sentence');
	await accessible(page, 'password with an error');
});

test('T2: a tab of somebody who logged out elsewhere does not write in the name of the next one', async (t) => {
	const page = await open(t, {role: null});
	await logIn(page, user('member'));
	await page.waitForURL('**/contacts');
	await settled(page);
	const other = await page.context().newPage();
	await visit(other, '/contacts');
	await other.getByRole('button', {name: 'Log out'}).click();
	await other.waitForURL('**/login');
	await logIn(other, user('admin'));
	await other.waitForURL('**/contacts');
	await page.getByRole('dialog', {name: 'Somebody else is logged in now'}).waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('link', {name: 'Go on as the new user'}).click();
	await page.locator('.side-user .soft').getByText('admin', {exact: true}).waitFor();
});

test('the same note twice is two notes; one press that is sent twice is one', async (t) => {
	const page = await open(t);
	const contact = await makeContact(page);
	await visit(page, `/contact?id=${contact.public_id}`);
	const notes = page.locator('[data-kind="note"]');
	for (const count of [1, 2]) {
		await page.locator('#compose textarea').fill('Called, no answer');
		await page.locator('#compose').getByRole('button', {name: 'Add note'}).click();
		await notes.nth(count - 1).waitFor();
	}
	// the answer is lost on the way; the second press sends the same key
	await page.route('**/v1/activities', async (route) => {
		if (route.request().method() !== 'POST') return route.continue();
		await route.fetch();
		return route.abort();
	});
	await page.locator('#compose textarea').fill('Left a message');
	await page.locator('#compose').getByRole('button', {name: 'Add note'}).click();
	await page.getByText('The server cannot be reached').waitFor();
	await page.unroute('**/v1/activities');
	await page.locator('#compose').getByRole('button', {name: 'Add note'}).click();
	await notes.nth(2).waitFor();
	await visit(page, `/contact?id=${contact.public_id}`);
	await notes.first().waitFor();
	assert.equal(await notes.count(), 3);
});

test('A1: too many attempts to log in are told as such, with the time to wait', async (t) => {
	const page = await open(t, {role: null});
	const nobody = {email: `nobody@${run}.example`, password: 'guess'};
	for (let attempt = 0; attempt < 12; attempt++) {
		await logIn(page, {...nobody, password: `guess ${attempt}`});
		await page.locator('.summary').waitFor();
	}
	await page.getByText(/Too many attempts\. Try again in \d+ (seconds?|minutes?)\./).waitFor();
	assert.equal(await page.getByLabel('Email address').inputValue(), nobody.email);
});
