// SPDX-License-Identifier: GPL-3.0-or-later
// The main job, as a person does it: import a file, read who may be mailed, change a consent, find every step again.
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {accessible, api, fixture, makeContact, open, run, settled, upload, visit} from './lib.mjs';

const verdict = (page) => page.locator('#verdict').innerText();

test('C8, C4, L1, L3: import a Mailchimp file, see who may be mailed and why, change one, find it in the audit log', async (t) => {
	const page = await open(t);
	await upload(page, fixture('subscribed_members_export.csv'));
	await page.getByText('Looks like a file from Mailchimp').waitFor();
	assert.equal(await page.getByLabel('Where the column Email Address goes').inputValue(), 'email');
	assert.equal(await page.getByLabel('Where the column OPTIN_TIME goes').inputValue(), 'optin_time');

	await page.getByRole('button', {name: 'Try it without writing anything'}).click();
	await page.locator('#verdict').waitFor();
	assert.match(
		await verdict(page),
		/^60 rows: 60 may be mailed, 0 need confirming, 0 suppressed, 0 cannot be read\.$/
	);
	await page.getByText('Nothing has been written.').waitFor();
	assert.equal(
		(await api(page, 'GET', `/v1/contacts?q=mario.akesson974@${run}`)).body.items.length,
		0,
		'a dry run writes nothing'
	);

	await page.getByRole('button', {name: 'Import 60 rows'}).click();
	await page.getByText('60 contacts added').waitFor();
	assert.match(await verdict(page), /60 may be mailed/);

	await page.getByRole('link', {name: 'See the contacts'}).click();
	await page.getByRole('searchbox', {name: 'Search contacts'}).fill(`mario.akesson974@${run}`);
	const link = page.getByRole('link', {name: 'Mário Åkesson'});
	await link.waitFor();
	await page.waitForFunction(() => document.querySelectorAll('#contacts tbody tr').length === 1);
	await link.click();
	await page.waitForURL(/\/contact\?/);
	await settled(page);
	const answer = page.locator('#answer');
	assert.match(await answer.innerText(), /^May be mailed\. Opted in on 1 March 2024 by import/);

	await page.locator('#change-consent').click();
	await page.getByRole('radio', {name: /Declined/}).check();
	await page.getByLabel('How do you know?').selectOption('phone');
	await page.getByLabel('Evidence').fill('Asked to be left alone');
	await page.getByRole('button', {name: 'Record'}).click();
	await page.getByText('Consent recorded').waitFor();
	assert.match(
		await answer.innerText(),
		/^May not be mailed\. Declined on .* by .*by phone, “Asked to be left alone”/s
	);

	await page.getByRole('tab', {name: 'Consent'}).click();
	const rows = page.locator('#history tbody tr');
	assert.equal(await rows.count(), 2, 'the whole history shows');
	assert.match(await rows.nth(0).innerText(), /Declined[\s\S]*Noted by hand[\s\S]*Asked to be left alone/);
	assert.match(await rows.nth(1).innerText(), /Confirmed[\s\S]*Import/);
	await accessible(page, 'consent history');

	const id = new URL(page.url()).searchParams.get('id');
	await visit(page, `/audit?resource_id=${id}`);
	const events = page.locator('#events tbody tr');
	const actions = await events.evaluateAll((all) => all.map((row) => row.dataset.action));
	assert.ok(
		actions.includes('contact.update') && actions.includes('contact.create'),
		`the audit log has both: ${actions}`
	);
	assert.match(
		await page.locator('tr[data-action="contact.update"]').first().innerText(),
		/consent status confirmed → declined/
	);
	for (const action of ['auth.login', 'import.create']) {
		await visit(page, `/audit?action=${action}`);
		assert.ok((await events.count()) > 0, action);
	}
	const download = page.waitForEvent('download');
	await page.getByRole('button', {name: 'Export CSV'}).click();
	assert.match((await download).suggestedFilename(), /\.csv$/);
});

test('C3, C8: a list of people who left declines everybody in it, and that shows in the list', async (t) => {
	const page = await open(t);
	await upload(page, fixture('unsubscribed_members_export.csv', /mailchimp-form\.example/g));
	await page.getByText('This looks like a list of people who left.').waitFor();
	await page.getByRole('button', {name: 'Try it without writing anything'}).click();
	await page.locator('#verdict').waitFor();
	assert.match(
		await verdict(page),
		/^20 rows: 0 may be mailed, 0 need confirming, 20 suppressed, 0 cannot be read\.$/
	);
});

test('C8: bad rows are named one by one, the rest goes in, and the import can be reverted', async (t) => {
	const page = await open(t);
	await upload(page, fixture('bad-rows.csv', /bad-rows\.example/g));
	await page.getByRole('button', {name: 'Import now'}).click();
	await page.locator('#verdict').waitFor();
	const errors = page.locator('#errors tbody tr');
	await errors.first().waitFor();
	assert.match(await errors.allInnerTexts().then((all) => all.join('\n')), /not an address/);
	assert.equal(await page.getByRole('link', {name: 'Download as CSV'}).getAttribute('download'), '');
	await accessible(page, 'an answer with errors');

	const address = page.url();
	await visit(page, '/import');
	await page.getByRole('link', {name: 'bad-rows.csv'}).first().click();
	await page.waitForURL(address);
	await page.getByRole('button', {name: 'Revert the import…'}).click();
	await page.getByRole('button', {name: 'Revert', exact: true}).click();
	await page.locator('#verdict').getByText('The import was reverted.').waitFor();
	assert.equal((await api(page, 'GET', `/v1/contacts?q=good@${run}`)).body.items.length, 0);
});

test('C8: an unknown column becomes an own field of the contacts', async (t) => {
	const page = await open(t);
	const csv = `Email,First Name,Shoe size ${run}\r\nshoe@${run}.example,Ida,38\r\n`;
	await upload(page, {name: 'shoes.csv', mimeType: 'text/csv', buffer: Buffer.from(csv)});
	const goes = page.getByLabel(`Where the column Shoe size ${run} goes`);
	await goes.selectOption('new');
	await page.getByRole('button', {name: 'Add field'}).click();
	await page.waitForFunction(
		(label) => document.querySelector(`[aria-label="${label}"]`).value.startsWith('custom:'),
		`Where the column Shoe size ${run} goes`
	);
	await page.getByRole('button', {name: 'Import now'}).click();
	await page.getByText('One contact added').or(page.getByText('1 contact added')).waitFor();
	const {body} = await api(page, 'GET', `/v1/contacts?q=shoe@${run}`);
	assert.deepEqual(Object.values(body.items[0].custom), ['38']);
});

test('C1, C7: a contact is added, noted, archived, restored, and permanently deleted after its address is typed', async (t) => {
	const page = await open(t);
	const address = `zoe@${run}.example`;
	await visit(page, '/contacts');
	await page.getByRole('button', {name: 'New contact'}).click();
	await page.getByLabel('First name').fill('Zoë');
	await page.getByLabel('Last name').fill('O’Neil');
	await page.getByLabel('Email address').fill(address);
	await page.getByRole('dialog').getByLabel('Account').fill(`Brygge ${run}`);
	await page.getByRole('button', {name: 'Add contact'}).click();
	await page.waitForURL('**/contact?id=*');
	await page.getByRole('heading', {name: 'Zoë O’Neil'}).waitFor();
	assert.match(await page.locator('#answer').innerText(), /^Needs confirming/);

	await page.locator('#compose textarea').fill('Wants the floor plan');
	await page.locator('#compose').getByRole('button', {name: 'Add note'}).click();
	await page.locator('[data-kind="note"]').getByText('Wants the floor plan').waitFor();

	await page.locator('#delete').click();
	await page.getByRole('button', {name: 'Archive'}).click();
	await page.locator('#archived').waitFor();
	await page.getByRole('button', {name: 'Undo'}).click();
	await page.locator('#archived').waitFor({state: 'detached'});

	const download = page.waitForEvent('download');
	await page.getByRole('button', {name: 'Export data'}).click();
	await download;

	await page.locator('#delete').click();
	await page.getByRole('button', {name: 'Permanently delete…'}).click();
	assert.match(await page.locator('#goes').innerText(), /4 filled-in fields[\s\S]*1 activity[\s\S]*one entry/);
	await page.getByLabel('Type the address to go on').fill('somebody else');
	await page.getByRole('button', {name: 'Permanently delete', exact: true}).click();
	await page.getByText('This is not the same text.').first().waitFor();
	await page.getByLabel('Type the address to go on').fill(address);
	const gone = page.url();
	await page.getByRole('button', {name: 'Permanently delete', exact: true}).click();
	await page.waitForURL('**/contacts');
	await page.getByText('The contact was deleted permanently').waitFor();
	await page.goto(gone);
	await page.getByRole('heading', {name: 'There is no such contact here'}).waitFor();

	// the address stays on the list of those never to be mailed
	const again = await makeContact(page, {email: address, consent_status: 'confirmed'});
	await visit(page, `/contact?id=${again.public_id}`);
	assert.match(await page.locator('#answer').innerText(), /^May not be mailed/);
});

test('C4: the consent of many is changed at once, and everybody’s history says so', async (t) => {
	const page = await open(t);
	const tag = `bulk ${run}`;
	const people = [];
	for (let at = 0; at < 3; at++) people.push(await makeContact(page, {tags: [tag]}));
	await visit(page, `/contacts?tag=${encodeURIComponent(tag)}`);
	await page.getByText('0 may be mailed').waitFor();
	await page.getByLabel('Select all contacts shown').check();
	await page.getByRole('button', {name: 'Change consent…'}).click();
	await page.getByRole('heading', {name: 'Change consent of 3 contacts'}).waitFor();
	await page.getByRole('radio', {name: /Confirmed/}).check();
	await page.getByLabel('How do you know?').selectOption('paper');
	await page.getByLabel('Evidence').fill('Signed at the fair');
	await page.getByRole('button', {name: 'Record'}).click();
	await page.getByText('3 contacts changed').waitFor();
	await page.getByText('3 may be mailed').waitFor();
	for (const {public_id: id} of people)
		assert.equal((await api(page, 'GET', `/v1/contacts/${id}/consent`)).body.items[0].status, 'confirmed');
});

test('C4: everything that matches a filter is changed in the background, beyond what is shown', async (t) => {
	const page = await open(t);
	const tag = `all ${run}`;
	for (let at = 0; at < 54; at++) await makeContact(page, {tags: [tag], consent_status: 'confirmed'});
	await visit(page, `/contacts?tag=${encodeURIComponent(tag)}`);
	const more = page.getByRole('link', {name: 'Load more'});
	assert.match(await more.getAttribute('href'), /\/contacts\?.*tag=.*after=/, 'a real link stands behind it');
	await page.getByLabel('Select all contacts shown').check();
	await page.getByRole('button', {name: 'Select all 54 that match'}).click();
	await page.getByText('All 54 that match are selected').waitFor();
	await page.getByRole('button', {name: 'Change consent…'}).click();
	await page.getByRole('radio', {name: /Pending/}).check();
	await page.getByRole('button', {name: 'Record'}).click();
	await page.getByText('54 contacts changed').waitFor();
	await page.getByText('Of the 50 shown, 0 may be mailed').waitFor();
	await more.click();
	await page.waitForFunction(() => document.querySelectorAll('#contacts tbody tr').length === 54);
	await page.getByText('Of these, 0 may be mailed').waitFor();
});

test('C6: all contacts are exported in the format asked for', async (t) => {
	const page = await open(t);
	await visit(page, '/contacts');
	for (const [label, ending] of [
		['CSV, for spreadsheets', 'csv'],
		['JSON', 'json'],
		['JSON Lines', 'jsonl'],
	]) {
		await page.getByRole('button', {name: 'Export', exact: true}).click();
		const download = page.waitForEvent('download');
		await page.getByRole('button', {name: label, exact: true}).click();
		assert.ok(
			(await download).suggestedFilename().endsWith(`.${ending}`),
			(await download).suggestedFilename()
		);
	}
});

test('C8: the default consent policy is set in the settings, and one of confirmed needs its legal basis', async (t) => {
	const page = await open(t);
	await visit(page, '/settings?section=privacy');
	const before = await page.locator('input[name="default_consent_policy"]:checked').inputValue();
	await page.getByRole('radio', {name: /Confirmed/}).check();
	await page.getByRole('textbox', {name: 'Legal basis'}).fill('');
	await page.getByRole('button', {name: 'Save the policy'}).click();
	await page.getByText('A policy of confirmed needs its legal basis.').first().waitFor();
	await page.getByRole('textbox', {name: 'Legal basis'}).fill('Existing customers');
	await page.getByRole('button', {name: 'Save the policy'}).click();
	await page.getByText('The policy was saved.').waitFor();
	const contact = await makeContact(page);
	await visit(page, `/contact?id=${contact.public_id}`);
	assert.match(
		await page.locator('#answer').innerText(),
		/^May be mailed\..*policy: legal basis: “Existing customers”/
	);
	await visit(page, '/settings?section=privacy');
	await page.locator(`input[value="${before}"]`).check();
	await page.getByRole('button', {name: 'Save the policy'}).click();
	await page.getByText('The policy was saved.').waitFor();
});

test('C1: tasks of contacts stand in one list and are closed there, with undo', async (t) => {
	const page = await open(t);
	const contact = await makeContact(page);
	const {body: task} = await api(page, 'POST', '/v1/activities', {
		contact_id: contact.public_id,
		kind: 'task',
		subject: `Call back ${run}`,
		body: '',
		due_at: '2026-01-02T10:00:00Z',
	});
	assert.ok(task.public_id, JSON.stringify(task));
	await visit(page, '/tasks');
	await page.getByLabel(`Mark as done: Call back ${run}`).click();
	await page.getByText(`Done: Call back ${run}`).waitFor();
	await page.getByRole('button', {name: 'Undo'}).click();
	await page.getByLabel(`Mark as done: Call back ${run}`).waitFor();
	await Promise.all([
		page.waitForResponse((answer) => answer.request().method() === 'PATCH' && answer.ok()),
		page.getByLabel(`Mark as done: Call back ${run}`).click(),
	]);
	await page.reload();
	await settled(page);
	assert.equal(await page.getByLabel(`Mark as done: Call back ${run}`).count(), 0);
});
