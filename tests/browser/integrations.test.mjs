// SPDX-License-Identifier: GPL-3.0-or-later
// Settings → Integrations and Settings → Billing. In the second workspace, whose plan an operator changes here.
import {execFileSync} from 'node:child_process';
import {test} from 'node:test';
import assert from 'node:assert/strict';
import {accessible, api, demo, logIn, noSidewaysScroll, open, run, settled, tabTo, user, visit} from './lib.mjs';

async function pageOf(t, role, options = {}) {
	const page = await open(t, {role: null, ...options});
	await logIn(page, user(role, 1));
	await page.waitForURL('**/contacts');
	await settled(page);
	return page;
}
const cardOf = (page, name) => page.locator('main section', {hasText: name});
let made = 0;
async function relay(page, more = {}) {
	made += 1;
	const {status, body} = await api(page, 'POST', '/v1/settings/integrations', {
		kind: 'smtp',
		name: `Relay ${made} ${run}`,
		settings: {host: 'smtp.people.example', username: 'pact'},
		credentials: {password: `hemmelig ${run}`},
		...more,
	});
	assert.equal(status, 201, JSON.stringify(body));
	return body;
}

test('T4: an integration is added; its credential is never on a page again', async (t) => {
	const page = await pageOf(t, 'admin');
	const secret = `api-nøkkel-${run}-0123456789`;
	const answers = [];
	page.on('response', async (answer) => {
		if (answer.url().includes('/v1/')) answers.push(await answer.text().catch(() => ''));
	});
	await visit(page, '/integrations');
	await page.getByRole('button', {name: 'Add an integration'}).click();
	const dialog = page.getByRole('dialog', {name: 'Add an integration'});
	await dialog.getByLabel('What is it?').selectOption('ai');
	await dialog.getByText('A service that summarises').waitFor();
	await dialog.getByRole('button', {name: 'Add it'}).click();
	await dialog.locator('.summary').getByText('API key: This is needed.').waitFor();
	await accessible(page, 'an integration with errors');
	const name = `Sammendrag ${run}`;
	await dialog.getByLabel('Name', {exact: true}).fill(name);
	await dialog.getByLabel('Provider').fill('example');
	await dialog.getByLabel('API key').fill(secret);
	assert.equal(await dialog.getByLabel('API key').getAttribute('type'), 'password');
	await dialog.getByRole('button', {name: 'Add it'}).click();
	await page.getByText(`${name} was added`).waitFor();
	const card = cardOf(page, name);
	assert.match(await card.innerText(), /AI service[\s\S]*Provider\s+example[\s\S]*API key\s+Set on /);
	await accessible(page, 'integrations');
	await page.reload();
	await settled(page);
	await card.getByRole('button', {name: `Change ${name}`}).click();
	const change = page.getByRole('dialog', {name: `Change ${name}`});
	assert.equal(await change.getByLabel('API key').inputValue(), '');
	await change.getByText('Leave this empty to keep it').waitFor();
	assert.ok(answers.length > 3 && !answers.join().includes(secret), 'no answer holds it');
	assert.ok(!(await page.content()).includes(secret));
	await accessible(page, 'changing an integration');
});

test('T4: another server asks for the password again; a credential is replaced and taken away', async (t) => {
	const page = await pageOf(t, 'owner');
	const one = await relay(page);
	await visit(page, '/integrations');
	const card = cardOf(page, one.name);
	await card.getByRole('button', {name: `Change ${one.name}`}).click();
	const dialog = page.getByRole('dialog');
	await dialog.getByLabel('Server').fill('smtp.other.example');
	await dialog.getByRole('button', {name: 'Save'}).click();
	await dialog.locator('.summary').getByText('Password: Must be given again').waitFor();
	assert.equal(await dialog.getByLabel('Server').inputValue(), 'smtp.other.example', 'what was typed is kept');
	await dialog.getByLabel('Password', {exact: true}).fill(`nytt ${run}`);
	await dialog.getByRole('button', {name: 'Save'}).click();
	await page.getByText(`${one.name} was saved`).waitFor();
	assert.match(await card.innerText(), /smtp\.other\.example[\s\S]*replaced on/);
	await card.getByRole('button', {name: `Change ${one.name}`}).click();
	await dialog.getByLabel('Take the password away').check();
	await dialog.getByRole('button', {name: 'Save'}).click();
	await card.getByText('Not set').waitFor();
	assert.deepEqual(
		(await api(page, 'GET', `/v1/settings/integrations/${one.public_id}`)).body.credentials,
		[]
	);
});

test('T4: removing takes a second step, and all of it goes by keyboard alone', async (t) => {
	const page = await pageOf(t, 'owner');
	const one = await relay(page);
	await visit(page, '/integrations');
	await tabTo(page, `Remove ${one.name}`);
	await page.keyboard.press('Enter');
	const dialog = page.getByRole('dialog', {name: `Remove ${one.name}`});
	await dialog.getByText('This cannot be undone').waitFor();
	await accessible(page, 'removing an integration');
	await tabTo(page, 'Keep it');
	await page.keyboard.press('Enter');
	assert.equal(
		await page.evaluate(() => document.activeElement.getAttribute('aria-label')),
		`Remove ${one.name}`,
		'the focus is where it was'
	);
	await page.keyboard.press('Enter');
	await dialog.waitFor();
	await tabTo(page, 'Remove it');
	await page.keyboard.press('Enter');
	await page.getByText(`${one.name} was removed`).waitFor();
	assert.equal(await cardOf(page, one.name).count(), 0);

	await tabTo(page, 'Add an integration');
	await page.keyboard.press('Enter');
	await page.getByRole('dialog').waitFor();
	await page.keyboard.press('ArrowDown'); // the kind: the second is the AI service
	await tabTo(page, /^Name/);
	await page.keyboard.type(`Tastatur ${run}`);
	await tabTo(page, 'Provider');
	await page.keyboard.type('example');
	await tabTo(page, 'API key');
	await page.keyboard.type('k');
	await page.keyboard.press('Enter');
	await page.getByText(`Tastatur ${run} was added`).waitFor();
});

test('A9: who may not change integrations is offered nothing that does', async (t) => {
	const page = await pageOf(t, 'member');
	await visit(page, '/integrations');
	await page.getByText('Your role does not allow this').waitFor();
	assert.equal(await page.getByRole('link', {name: 'Integrations'}).count(), 0);
	assert.equal(await page.getByRole('link', {name: 'Billing'}).count(), 0);
	const admin = await pageOf(t, 'admin');
	await visit(admin, '/billing');
	await admin.getByText('Your role does not allow this').waitFor();
});

function operator(...words) {
	const root = new URL('../..', import.meta.url).pathname;
	return execFileSync(`${root}/scripts/pactctl`, words, {
		encoding: 'utf8',
		env: {...process.env, PACT_ENV: `${demo.dir}/operator.env`, PACT_AUTH: `${demo.dir}/bin/auth`},
	});
}

test('A9: an owner reads the plan, asks for another one, and sees it when it is set', async (t) => {
	const {slug} = demo.workspaces[1];
	const page = await pageOf(t, 'owner');
	await api(page, 'PATCH', '/v1/settings/billing', {requested_plan: null});
	await visit(page, '/billing');
	await page.getByText('is on the Standard plan').waitFor();
	assert.match(await page.locator('.figures').innerText(), /People\s+\d+[\s\S]*Contacts\s+\d+[\s\S]*Integrations\s+\d+ of 100/);
	await tabTo(page, 'Ask for Enterprise…');
	await page.keyboard.press('Enter');
	const dialog = page.getByRole('dialog', {name: 'Ask for the Enterprise plan'});
	await dialog.getByText('You can make roles of your own.').waitFor();
	await accessible(page, 'asking for a plan');
	await tabTo(page, 'Ask for Enterprise');
	await page.keyboard.press('Enter');
	await page.getByText('You asked for the Enterprise plan').waitFor();
	await accessible(page, 'a plan that was asked for');
	assert.match(operator('plan-requests'), new RegExp(`^${slug}\tstandard\tenterprise\t`, 'm'));
	await page.getByRole('button', {name: 'Take the question back'}).click();
	await page.getByText('You asked for the Enterprise plan').waitFor({state: 'detached'});
	await page.getByRole('button', {name: 'Ask for Enterprise…'}).click();
	await dialog.getByRole('button', {name: 'Ask for Enterprise'}).click();
	await page.getByText('You asked for the Enterprise plan').waitFor();
	try {
		operator('workspace-plan', slug, 'enterprise');
		await visit(page, '/billing');
		await page.getByText('is on the Enterprise plan').waitFor();
		await page.getByRole('button', {name: 'Ask for Standard…'}).click();
		await page.getByText('Those that are there already are kept for their year.').waitFor();
	} finally {
		operator('workspace-plan', slug, 'standard');
	}
});

test('whom to bill is saved, and errors are beside their fields', async (t) => {
	const page = await pageOf(t, 'owner');
	await visit(page, '/billing');
	await page.getByLabel('Name or organisation').fill(`Nordlicht ${run}`);
	await page.getByLabel('Email address for invoices').fill('nobody');
	await page.getByRole('button', {name: 'Save'}).click();
	await page.locator('.summary').waitFor();
	await accessible(page, 'billing with an error');
	await page.getByLabel('Email address for invoices').fill('faktura@people.example');
	await page.getByRole('button', {name: 'Save'}).click();
	await page.getByText('The billing details were saved').waitFor();
	await page.reload();
	await settled(page);
	assert.equal(await page.getByLabel('Name or organisation').inputValue(), `Nordlicht ${run}`);
});

test('G10: narrow and wide, light and dark', async (t) => {
	for (const dark of [false, true]) {
		const page = await pageOf(t, 'owner', {dark});
		await relay(page, {settings: {host: `${'a'.repeat(60)}.${'b'.repeat(60)}.example`}});
		for (const path of ['/integrations', '/billing'])
			for (const width of [320, 700, 1440]) {
				await page.setViewportSize({width, height: 800});
				await visit(page, path);
				await noSidewaysScroll(page, `${path} at ${width}`);
				await accessible(page, `${path} at ${width}`, {colours: dark});
			}
		await page.setViewportSize({width: 320, height: 700});
		await visit(page, '/integrations');
		await page.getByRole('button', {name: 'Add an integration'}).click();
		await page.getByRole('dialog').waitFor();
		await accessible(page, 'adding an integration at 320', {colours: dark});
		assert.ok(
			await page.evaluate(() => {
				const box = document.querySelector('dialog');
				return box.scrollWidth <= box.clientWidth;
			}),
			'the dialog does not scroll sideways'
		);
	}
});
