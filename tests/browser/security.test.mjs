// SPDX-License-Identifier: GPL-3.0-or-later
// How one gets in and stays safe: the second factor, a forgotten password, and what a workspace asks of everybody.
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {
	accessible,
	api,
	base,
	codeOf,
	logIn,
	mailedLink,
	makeContact,
	newcomer,
	noSidewaysScroll,
	open,
	openWithBack,
	settled,
	tabTo,
	user,
	visit,
} from './lib.mjs';

// A page of the owner of the second workspace, and somebody new there.
async function ownerPage(t) {
	const page = await open(t, {role: null});
	await logIn(page, user('owner', 1));
	await page.waitForURL('**/contacts');
	await settled(page);
	return page;
}

// Turns the second factor of the person of this page on; gives the secret and the recovery codes.
async function turnOn(page) {
	await page.locator('.qr').waitFor();
	const secret = (await page.locator('.secret').innerText()).replace(/\s/g, '');
	await page.getByLabel('Code', {exact: true}).fill(await codeOf(secret));
	await page.getByRole('button', {name: 'Turn it on'}).click();
	await page.getByRole('heading', {name: 'Keep these recovery codes'}).waitFor();
	return {secret, codes: await page.locator('.codes code').allInnerTexts()};
}

test('A7: the second factor is set up, and asked for at the next login, by keyboard alone', async (t) => {
	const host = await ownerPage(t);
	const person = await newcomer(host);
	const page = await open(t, {role: null});
	await page.goto(`${base}/login`);
	await tabTo(page, 'Email address');
	await page.keyboard.type(person.email);
	await page.keyboard.press('Enter');
	await page.getByLabel('Password', {exact: true}).waitFor();
	await page.keyboard.type(person.password);
	await page.keyboard.press('Enter');
	await page.waitForURL('**/contacts');
	await visit(page, '/security');
	await accessible(page, 'two-factor authentication, off');

	await tabTo(page, 'Set up');
	await page.keyboard.press('Enter');
	await page.locator('.qr').waitFor();
	assert.ok(await page.locator('.qr').evaluate((picture) => picture.complete && picture.naturalWidth > 0));
	assert.match(await page.locator('.secret').innerText(), /^[A-Z2-7]{4}( [A-Z2-7]{4})+$/, 'grouped by four');
	await accessible(page, 'two-factor authentication, being set up');
	const secret = await page.locator('.secret').innerText();
	await tabTo(page, 'Code');
	await page.keyboard.type('000000');
	await page.keyboard.press('Enter');
	await page.getByText('One thing needs another look').waitFor();
	await accessible(page, 'a wrong first code');
	await tabTo(page, 'Code');
	await page.keyboard.press('Control+A');
	await page.keyboard.type(await codeOf(secret, 1));
	await page.keyboard.press('Enter');
	await page.getByRole('heading', {name: 'Keep these recovery codes'}).waitFor();
	assert.equal(await page.locator('.codes code').count(), 10);
	await accessible(page, 'recovery codes');
	const download = page.waitForEvent('download');
	await tabTo(page, 'Download');
	await page.keyboard.press('Enter');
	assert.match((await download).suggestedFilename(), /^pact-recovery-codes-.*\.txt$/);
	await tabTo(page, 'I have kept them');
	await page.keyboard.press('Enter');
	await page.getByRole('button', {name: 'New recovery codes…'}).waitFor();
	await accessible(page, 'two-factor authentication, on');

	await tabTo(page, 'Log out', {shift: true});
	await page.keyboard.press('Enter');
	await page.waitForURL('**/login');
	await tabTo(page, 'Email address');
	await page.keyboard.type(person.email);
	await page.keyboard.press('Enter');
	await page.getByLabel('Password', {exact: true}).waitFor();
	await page.keyboard.type(person.password);
	await page.keyboard.press('Enter');
	await page.getByRole('heading', {name: 'Second step'}).waitFor();
	assert.equal(await page.evaluate(() => document.activeElement.autocomplete), 'one-time-code');
	await page.keyboard.type('000000');
	await page.keyboard.press('Enter');
	await page.locator('.summary').waitFor();
	await accessible(page, 'the second step with a wrong code');
	// what was wrong with the code is nothing about a recovery code
	await tabTo(page, 'Use a recovery code instead');
	await page.keyboard.press('Enter');
	assert.equal(await page.locator('.summary, [aria-invalid="true"]').count(), 0);
	await tabTo(page, 'Use the authenticator instead');
	await page.keyboard.press('Enter');
	await tabTo(page, 'Code');
	await page.keyboard.press('Control+A');
	await page.keyboard.type(await codeOf(secret));
	await page.keyboard.press('Enter');
	await page.waitForURL('**/contacts');
	assert.equal((await api(page, 'GET', '/v1/auth/session')).body.mfa, true);
});

test('A7, A6: a session that ended asks for the second step in place; a recovery code works once', async (t) => {
	const host = await ownerPage(t);
	const person = await newcomer(host);
	const page = await open(t, {role: null});
	await logIn(page, person);
	await page.waitForURL('**/contacts');
	await visit(page, '/security');
	await page.getByRole('button', {name: 'Set up'}).click();
	const {codes} = await turnOn(page);
	await page.getByRole('button', {name: 'I have kept them'}).click();
	await page.getByRole('button', {name: 'Turn off…'}).waitFor();

	const contact = await makeContact(page);
	await visit(page, `/contact?id=${contact.public_id}`);
	await page.locator('#compose textarea').fill('Written before the session ended');
	assert.equal((await api(page, 'POST', '/v1/auth/logout')).status, 200);
	await page.locator('#compose').getByRole('button', {name: 'Add note'}).click();
	const dialog = page.getByRole('dialog', {name: 'Your session ended'});
	await dialog.getByLabel('Password').fill(person.password);
	await dialog.getByRole('button', {name: 'Log in'}).click();
	await dialog.getByRole('button', {name: 'Use a recovery code instead'}).click();
	await accessible(page, 'the second step in place');
	await dialog.getByLabel('Recovery code').fill(codes[0].toLowerCase().replaceAll('-', ' '));
	await dialog.getByRole('button', {name: 'Log in'}).click();
	await page.locator('[data-kind="note"]').getByText('Written before the session ended').waitFor();

	await page.getByRole('button', {name: 'Log out'}).click();
	await page.waitForURL('**/login');
	await logIn(page, person);
	await page.getByRole('button', {name: 'Use a recovery code instead'}).click();
	await page.getByLabel('Recovery code').fill(codes[0]);
	await page.getByRole('button', {name: 'Log in'}).click();
	await page.getByText('none of your recovery codes').first().waitFor();
	await page.getByLabel('Recovery code').fill(codes[1]);
	await page.getByRole('button', {name: 'Log in'}).click();
	await page.waitForURL('**/contacts');

	await visit(page, '/security');
	assert.match(await page.locator('.facts').innerText(), /Recovery codes left\s+8/);
	await page.getByRole('button', {name: 'New recovery codes…'}).click();
	await page.getByLabel('Your password').fill('not it');
	await page.getByRole('button', {name: 'Make new codes'}).click();
	await page.locator('dialog .summary').waitFor();
	await accessible(page, 'new codes with a wrong password');
	await page.getByLabel('Your password').fill(person.password);
	await page.getByRole('button', {name: 'Make new codes'}).click();
	await page.getByRole('heading', {name: 'Keep these recovery codes'}).waitFor();
	assert.ok(!(await page.locator('.codes').innerText()).includes(codes[2]), 'they are new');
	await page.getByRole('button', {name: 'I have kept them'}).click();
	await page.getByRole('button', {name: 'Turn off…'}).click();
	await page.getByLabel('Your password').fill(person.password);
	await page.getByRole('button', {name: 'Turn it off'}).click();
	await page.getByRole('button', {name: 'Set up'}).waitFor();
	assert.equal((await api(page, 'GET', '/v1/auth/totp')).body.enabled, false);
});

test('A2: a forgotten password is set anew by mail, and the same sentence answers any address', async (t) => {
	const host = await ownerPage(t);
	const person = await newcomer(host);
	const page = await open(t, {role: null, width: 320});
	const sentences = [];
	for (const email of [`nobody.of.such.a.long.name.${person.email}`, person.email]) {
		await page.goto(`${base}/login`);
		await page.getByLabel('Email address').fill(email);
		await page.getByRole('link', {name: 'Forgot your password?'}).click();
		await page.waitForURL('**/forgot');
		await page.waitForFunction((typed) => document.querySelector('#email').value === typed, email);
		await page.getByRole('button', {name: 'Send the mail'}).click();
		await page.getByRole('heading', {name: 'Look into your mail'}).waitFor();
		await noSidewaysScroll(page, `a mail to ${email} was sent`);
		sentences.push((await page.locator('main').innerText()).replaceAll(email, '…'));
	}
	assert.equal(sentences[0], sentences[1]);
	await accessible(page, 'a mail was sent');

	const link = await mailedLink(person.email, 'reset');
	await page.goto(link);
	await page.getByLabel('New password').waitFor();
	assert.equal(page.url(), `${base}/reset`, 'the address bar keeps nothing');
	assert.equal(await page.getByLabel('Email address').inputValue(), person.email);
	await accessible(page, 'a new password');
	await page.getByLabel('New password').fill('password1234');
	await page.getByRole('button', {name: 'Set the password'}).click();
	await page
		.getByText(/easily guessed/)
		.first()
		.waitFor();
	await accessible(page, 'a weak password');
	const password = `${person.password} og tilbake`;
	await page.getByLabel('New password').fill(password);
	await page.getByRole('button', {name: 'Set the password'}).click();
	await page.waitForURL('**/login?workspace=*');
	await page.getByText('Your new password is set').waitFor();
	assert.equal(await page.getByLabel('Email address').inputValue(), person.email);
	await accessible(page, 'log in after a reset');
	await page.getByLabel('Password', {exact: true}).fill(password);
	await page.getByRole('button', {name: 'Log in'}).click();
	await page.waitForURL('**/contacts');

	await page.goto(link);
	await page.getByRole('heading', {name: 'This link has ended'}).waitFor();
	await accessible(page, 'a link that ended');
	await page.getByRole('link', {name: 'Ask for a new link'}).click();
	await page.waitForURL('**/forgot');
});

test('A8: whoever lacks the factor the workspace asks for is led to it from any page, and back', async (t) => {
	const host = await ownerPage(t);
	const [chief, person] = [await newcomer(host, ['owner']), await newcomer(host)];
	const page = await open(t, {role: null});
	await logIn(page, chief);
	await page.waitForURL('**/contacts');
	await visit(page, '/security');
	const box = page.getByLabel('Require two-factor authentication of everybody');
	await box.check();
	await page.getByRole('button', {name: 'Save'}).click();
	await page.locator('.summary').getByText('for yourself first').waitFor();
	await accessible(page, 'required without having it');
	await box.uncheck();
	await page.getByRole('button', {name: 'Set up'}).click();
	await turnOn(page);
	await page.getByRole('button', {name: 'I have kept them'}).click();
	await page.getByRole('button', {name: 'Turn off…'}).waitFor();
	await box.check();
	await page.getByRole('button', {name: 'Save'}).click();
	await page.getByText('Everybody needs a second factor now.').waitFor();
	assert.match(await page.locator('#have').innerText(), /^\d+ of \d+ people have it\.$/);

	try {
		const other = await open(t, {role: null, width: 320});
		await logIn(other, person, '/login');
		await other.waitForURL('**/security?next=*');
		await other.goto(`${base}/accounts`);
		await other.waitForURL(
			(url) => url.pathname === '/security' && url.searchParams.get('next') === '/accounts'
		);
		await settled(other);
		await other.locator('#forced').waitFor();
		assert.equal(await other.locator('nav').count(), 0, 'nothing else is offered');
		await other.locator('.qr').waitFor();
		await accessible(other, 'led to the second factor');
		await noSidewaysScroll(other, 'led to the second factor');
		await turnOn(other);
		await noSidewaysScroll(other, 'recovery codes at 320');
		await other.getByRole('button', {name: 'I have kept them'}).click();
		await other.waitForURL('**/accounts');
		await settled(other);
		await other.getByText('Two-factor authentication is on.').waitFor();
	} finally {
		assert.equal((await api(page, 'PATCH', '/v1/settings/security', {require_mfa: false})).status, 200);
	}
});

test('A6: logging out ends the session, also when the hour of its access token is over, or says that it did not', async (t) => {
	const host = await ownerPage(t);
	const person = await newcomer(host);
	const page = await open(t, {role: null});
	await logIn(page, person);
	await page.waitForURL('**/contacts');
	await settled(page);

	// the server is away: whoever leaves the machine now must know
	await page.route('**/v1/auth/logout', (route) => route.fulfill({status: 503, body: ''}));
	await page.getByRole('button', {name: 'Log out'}).click();
	await page.locator('.toast').getByText('You are still logged in').waitFor();
	assert.equal(new URL(page.url()).pathname, '/contacts');
	await page.unroute('**/v1/auth/logout');

	await page.context().clearCookies({name: '__Host-pact'});
	await page.getByRole('button', {name: 'Log out'}).click();
	await page.waitForURL('**/login');
	assert.equal((await api(page, 'POST', '/v1/auth/refresh')).status, 401, 'nobody goes on from here');
	await page.goto(`${base}/contacts`);
	await page.waitForURL('**/login?next=*');

	// a session that ended elsewhere is no reason to stay
	await logIn(page, person);
	await page.waitForURL('**/contacts');
	await settled(page);
	await page.context().clearCookies();
	await page.getByRole('button', {name: 'Log out'}).click();
	await page.waitForURL('**/login');
});

test('A6: "Back" after logging out brings back nothing', async (t) => {
	const page = await openWithBack(t);
	await page.addInitScript(() =>
		addEventListener('pageshow', (event) => event.persisted && localStorage.setItem('test.kept', location.pathname))
	);
	await logIn(page, user('owner', 1));
	await page.waitForURL('**/contacts');
	await settled(page);
	await page.getByRole('button', {name: 'Log out'}).click();
	await page.waitForURL('**/login');
	await page.evaluate(() => history.back());
	await page.waitForURL('**/login?next=*');
	assert.equal(await page.evaluate(() => localStorage.getItem('test.kept')), '/contacts', 'the browser had kept it');
});
