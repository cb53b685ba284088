// SPDX-License-Identifier: GPL-3.0-or-later
// Who works here: inviting, joining, roles, suspending, removing. In the second workspace, where nobody else tests.
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {accessible, behind, api, base, demo, logIn, mailedLink, newcomer, open, run, settled, user, visit} from './lib.mjs';

async function pageOf(t, person) {
	const page = await open(t, {role: null});
	await logIn(page, person);
	await page.waitForURL('**/contacts');
	await settled(page);
	return page;
}
const rowOf = (page, email) => page.locator('#people tbody tr', {hasText: email});
async function change(page, email) {
	await rowOf(page, email).getByRole('button').click();
	const dialog = page.getByRole('dialog');
	await dialog.waitFor();
	return dialog;
}

test('A9, A2: an invitation goes out by mail, is accepted, and the new colleague logs in', async (t) => {
	const host = await pageOf(t, user('owner', 1));
	const email = `invited.${process.pid}@${run}.example`;
	await visit(host, '/people');
	await host.getByRole('button', {name: 'Invite somebody'}).click();
	const dialog = host.getByRole('dialog', {name: 'Invite somebody'});
	await dialog.getByLabel('Email address').fill(email);
	await dialog.getByLabel('member').uncheck();
	await dialog.getByRole('button', {name: 'Send the invitation'}).click();
	await dialog.locator('.summary').getByText('Roles: Choose at least one role.').waitFor();
	await accessible(host, 'an invitation without a role');
	await dialog.getByLabel('viewer').check();
	await dialog.getByRole('button', {name: 'Send the invitation'}).click();
	await host.getByText(`The invitation to ${email} is on its way`).waitFor();
	assert.match(await rowOf(host, email).innerText(), /viewer[\s\S]*Invited/);
	const first = await mailedLink(email, 'invited');

	await (await change(host, email)).getByRole('button', {name: 'Send the invitation again'}).click();
	await dialog.waitFor({state: 'detached'});
	const link = await mailedLink(email, 'invited', first);

	const page = await open(t, {role: null});
	await page.goto(first);
	await page.getByRole('heading', {name: 'This link has ended'}).waitFor();
	await page.goto(link);
	await page.getByRole('heading', {name: /^Join /}).waitFor();
	assert.equal(page.url(), `${base}/invited`);
	await accessible(page, 'an invitation');
	await page.getByLabel('Your name').fill('Ida Ny');
	await page.getByLabel('New password').fill('kort');
	await page.getByRole('button', {name: 'Join'}).click();
	await page.getByText('Use at least 10 characters.').first().waitFor();
	await page.getByLabel('New password').fill(`gjennom ${run} et vindu`);
	await page.getByRole('button', {name: 'Join'}).click();
	await page.getByText(/^You have joined/).waitFor();
	await page.getByLabel('Password', {exact: true}).fill(`gjennom ${run} et vindu`);
	await page.getByRole('button', {name: 'Log in'}).click();
	await page.waitForURL('**/contacts');
	await settled(page);
	assert.equal(await page.locator('.side-user strong').innerText(), 'Ida Ny');
	await visit(host, '/people');
	assert.match(await rowOf(host, email).innerText(), /Ida Ny[\s\S]*Active/);
});

test('A9: roles are changed, somebody is suspended, let in again and removed', async (t) => {
	const host = await pageOf(t, user('owner', 1));
	const person = await newcomer(host);
	const page = await pageOf(t, person);
	await visit(host, '/people');
	let dialog = await change(host, person.email);
	await accessible(host, 'changing somebody');
	await dialog.getByLabel('admin').check();
	await dialog.getByRole('button', {name: 'Save'}).click();
	await host.getByText(`${person.name} was changed`).waitFor();
	assert.match(await rowOf(host, person.email).innerText(), /admin and member/);

	dialog = await change(host, person.email);
	await dialog.getByText('Logged in on').waitFor();
	await dialog.locator('#where').getByText(/Chrome on Linux from [0-9a-f.:]+, last used/).first().waitFor();
	await dialog.getByRole('button', {name: 'Log out everywhere'}).click();
	await host.getByText('is logged out everywhere').waitFor();
	assert.equal((await api(page, 'GET', '/v1/auth/session')).status, 401, 'at once');
	dialog = await change(host, person.email);
	await dialog.getByText('Logged in nowhere at the moment').waitFor();
	await dialog.getByRole('button', {name: 'Suspend'}).click();
	await host.getByText('is suspended and logged out everywhere').waitFor();
	assert.match(await rowOf(host, person.email).innerText(), /Suspended/);
	await accessible(host, 'people, one suspended');
	dialog = await change(host, person.email);
	await dialog.getByRole('button', {name: 'Reactivate'}).click();
	await host.getByText('can log in again').waitFor();

	const admin = await pageOf(t, person);
	await visit(admin, '/people');
	dialog = await change(admin, user('owner', 1).email);
	await dialog.getByLabel('viewer').check();
	await dialog.getByRole('button', {name: 'Save'}).click();
	await dialog.locator('.summary').getByText('may do more here than you').waitFor();
	await dialog.getByRole('button', {name: 'Cancel'}).click();

	dialog = await change(host, person.email);
	await dialog.getByRole('button', {name: 'Remove from the workspace…'}).click();
	await dialog.getByText('What Ny').waitFor();
	await accessible(host, 'removing somebody');
	await dialog.getByRole('button', {name: 'Remove', exact: true}).click();
	await host.getByText('was removed').waitFor();
	assert.equal(await rowOf(host, person.email).count(), 0);
});

test('A10: roles say in words what they may do; own ones come with the Enterprise plan', async (t) => {
	const host = await pageOf(t, user('owner', 1));
	await visit(host, '/roles');
	const viewer = host.locator('[data-role="viewer"] li');
	await viewer.first().waitFor();
	assert.deepEqual(await viewer.allInnerTexts(), [
		'See contacts, their consent and history',
		'See accounts',
		'See notes, calls, meetings and tasks',
	]);
	assert.equal(await host.locator('main li').filter({hasText: '.read'}).count(), 0, 'words, not names');
	await host.getByRole('button', {name: 'New role'}).click();
	const dialog = host.getByRole('dialog', {name: 'New role'});
	await accessible(host, 'a new role');
	await dialog.getByLabel('Name').fill('Import only');
	await dialog.getByLabel('Import contacts').check();
	await dialog.getByRole('button', {name: 'Add the role'}).click();
	await dialog.locator('.summary').getByText('Enterprise').waitFor();
	assert.equal(await dialog.getByLabel('Name').inputValue(), 'Import only');
});

const setPlan = (slug, plan) => behind(slug, `UPDATE pact.tenant SET plan = '${plan}' WHERE slug = '${slug}'`);

test('A10: on the Enterprise plan a role of its own is made, given, changed and removed', async (t) => {
	const {slug} = demo.workspaces[1];
	setPlan(slug, 'enterprise');
	try {
		const host = await pageOf(t, user('owner', 1));
		const name = `Import ${run}`;
		await visit(host, '/roles');
		await host.getByRole('button', {name: 'New role'}).click();
		await host.getByLabel('Name', {exact: true}).fill(name);
		await host.getByLabel('Import contacts').check();
		await host.getByRole('button', {name: 'Add the role'}).click();
		const card = host.locator(`[data-role="${name}"]`);
		await card.getByText('Import contacts').waitFor();
		assert.equal(await card.locator('li').count(), 1);
		await accessible(host, 'roles, one of its own');

		const person = await newcomer(host, [name]);
		await card.getByRole('button', {name: /^Change/}).click();
		await host.getByLabel('See accounts').check();
		await host.getByRole('button', {name: 'Save'}).click();
		await card.getByText('See accounts').waitFor();
		const page = await pageOf(t, person);
		assert.deepEqual((await api(page, 'GET', '/v1/auth/session')).body.permissions, [
			'account.read',
			'contact.import',
		]);
		await visit(host, '/roles');
		await card.getByRole('button', {name: /^Remove/}).click();
		await host.getByRole('dialog').getByText('Give them another one first').waitFor();
		await host.keyboard.press('Escape');
		assert.equal((await api(host, 'DELETE', `/v1/users/${person.id}`)).status, 204);
		await visit(host, '/roles');
		await card.getByRole('button', {name: /^Remove/}).click();
		await host.getByRole('button', {name: 'Remove', exact: true}).click();
		await host.getByText('was removed').waitFor();
		assert.equal(await card.count(), 0);
	} finally {
		setPlan(slug, 'standard');
	}
});
