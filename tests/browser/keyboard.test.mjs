// SPDX-License-Identifier: GPL-3.0-or-later
// G10: the whole way by keyboard alone; the pointer is never touched, and the focus can always be seen.
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {base, makeContact, open, run, settled, tabTo, user, visit} from './lib.mjs';

test('G10: log in, find a contact, add a note, change the consent and log out, by keyboard alone', async (t) => {
	const page = await open(t, {role: null});
	const {email, password} = user('owner');
	await page.goto(`${base}/login`);
	await tabTo(page, 'Email address');
	await page.keyboard.type(email);
	await page.keyboard.press('Enter');
	await page.getByLabel('Password', {exact: true}).waitFor();
	await page.keyboard.type(password);
	await page.keyboard.press('Enter');
	await page.waitForURL('**/contacts');
	await settled(page);
	const contact = await makeContact(page, {first_name: 'Kari', last_name: `Tast ${run}`});
	await visit(page, '/contacts');

	await tabTo(page, 'Skip to the content', {most: 1});
	await page.keyboard.press('Enter');
	await page.keyboard.press('/');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'search', '/ leads to the search');
	await page.keyboard.type(`Tast ${run}`);
	await page.waitForFunction(() => document.querySelectorAll('#contacts tbody tr').length === 1);
	await tabTo(page, `Kari Tast ${run}`);
	await page.keyboard.press('Enter');
	await page.waitForURL(`**/contact?id=${contact.public_id}`);
	await settled(page);

	await tabTo(page, 'Add note');
	await page.keyboard.press('Enter');
	await page.keyboard.type('Spoke on the phone');
	await tabTo(page, 'Add note');
	await page.keyboard.press('Enter');
	await page.locator('[data-kind="note"]').getByText('Spoke on the phone').waitFor();

	await tabTo(page, /Change consent…/, {shift: true});
	await page.keyboard.press('Enter');
	await page.getByRole('heading', {name: 'Change consent', exact: true}).waitFor();
	for (
		let press = 0;
		press < 3 && (await page.evaluate(() => document.activeElement.value)) !== 'confirmed';
		press++
	)
		await page.keyboard.press('ArrowUp');
	await tabTo(page, 'How do you know?');
	await page.keyboard.type('Phone call');
	await tabTo(page, 'Evidence');
	await page.keyboard.type('Said yes to the newsletter');
	await tabTo(page, 'Record');
	await page.keyboard.press('Enter');
	await page.getByText('Consent recorded').waitFor();
	assert.match(await page.locator('#answer').innerText(), /^May be mailed/);
	assert.equal(await page.locator('dialog').count(), 0);

	await page.locator('[role="tab"][data-tab="timeline"]').focus();
	await page.keyboard.press('ArrowRight');
	await page.locator('#history').waitFor();
	await tabTo(page, /Change title/, {shift: true});
	await page.keyboard.press('Enter');
	await page.keyboard.type('Head of operations');
	await page.keyboard.press('Enter');
	await page.locator('[data-field="title"] .inplace').getByText('Head of operations').waitFor();
	assert.match(
		await page.evaluate(() => document.activeElement.className),
		/inplace/,
		'the focus is back on the field'
	);
	await page.keyboard.press('Enter');
	await page.keyboard.type('not this');
	await page.keyboard.press('Escape');
	await page.locator('[data-field="title"] .inplace').getByText('Head of operations').waitFor();

	await tabTo(page, 'Log out', {shift: true});
	await page.keyboard.press('Enter');
	await page.waitForURL('**/login');
	await page.goto(`${base}/contacts`);
	await page.waitForURL('**/login?next=*');
});

test('G10: selection, bulk bar, menus and dialogs by keyboard; Esc gives the focus back', async (t) => {
	const page = await open(t);
	await makeContact(page);
	await visit(page, '/contacts');
	await tabTo(page, 'Add a filter');
	await page.keyboard.press('Enter');
	assert.match(await page.evaluate(() => document.activeElement.textContent), /Confirmed/);
	await page.keyboard.press('ArrowDown');
	assert.match(await page.evaluate(() => document.activeElement.textContent), /Pending/);
	await page.keyboard.press('Escape');
	assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Add a filter');
	await tabTo(page, /^Select all/);
	await tabTo(page, /^Select /);
	await page.keyboard.press('Space');
	await page.getByText('1 selected').waitFor();
	await tabTo(page, 'Change consent…', {most: 400});
	await page.keyboard.press('Enter');
	await page.getByRole('dialog').waitFor();
	await page.keyboard.press('Escape');
	await page.getByRole('dialog').waitFor({state: 'detached'});
	assert.equal(await page.evaluate(() => document.activeElement.id), 'bulk-consent');
});
