// SPDX-License-Identifier: GPL-3.0-or-later
// Settings → Billing: the plan in a sentence, what is used of it, asking for another one, and whom to bill.
import {h, icon, fill, $} from './dom.js';
import {get, patch} from './api.js';
import {session, may} from './shell.js';
import {settingsPage} from './settings-page.js';
import {cancelButton, dialog, field, onSubmit, problemText, toast} from './ui.js';
import {number, time} from './text.js';
import words from './strings/billing.js';

const PATH = '/v1/settings/billing';
const who = await session();
const body = h('div', {class: 'stack'});
let data;
let etag;
let form; // whom to bill: what is typed in it stays while the rest is drawn anew

const nameOf = (plan) => words.plans[plan] ?? plan;
const figure = (name, value, more) =>
	h('div', {}, h('dt', {}, name, more && h('span', {class: 'soft'}, ` (${more})`)), h('dd', {class: 'num'}, value));

function usage() {
	const {usage: used, limits} = data;
	return h(
		'section',
		{class: 'stack-s', 'aria-label': words.usage},
		h('h2', {}, words.usage),
		h(
			'dl',
			{class: 'figures'},
			figure(words.people, number(used.users), used.invited > 0 && words.invited(used.invited)),
			figure(
				words.contacts,
				used.contacts_is_estimate ? words.about(used.contacts) : number(used.contacts)
			),
			figure(words.integrations, words.of(used.integrations, limits.integrations)),
			figure(words.keys, number(used.api_keys)),
			figure(words.roles, number(used.custom_roles))
		),
		limits.users === null && limits.contacts === null && h('p', {class: 'help'}, words.unlimited)
	);
}

// Something about the plan.
async function send(change, message) {
	try {
		({data, etag} = await patch(PATH, change, etag));
		toast(message);
	} catch (error) {
		if (error.status !== 412) throw error;
		toast(words.meanwhile);
		({data, etag} = await get(PATH));
	}
	draw();
}

const contactOf = () => Object.fromEntries(Object.keys(words.fields).map((name) => [name, data.contact[name] ?? null]));

// Whom to bill: what was typed, and what stands there now. Where somebody else was faster, their values are taken for what
// was not typed in; for the rest they stand beside what was, and the next press saves that.
async function saveContact(typed) {
	const names = Object.keys(typed);
	const was = contactOf();
	const contact = Object.fromEntries(names.filter((name) => typed[name] !== was[name]).map((name) => [name, typed[name]]));
	try {
		({data, etag} = await patch(PATH, {contact}, etag));
	} catch (error) {
		if (error.status !== 412) throw error;
		({data, etag} = await get(PATH));
		const now = contactOf();
		const theirs = names.filter((name) => now[name] !== was[name]);
		for (const name of theirs) if (!(name in contact)) form.elements[name].value = now[name] ?? '';
		const errors = theirs
			.filter((name) => name in contact && contact[name] !== now[name])
			.map((name) => ({pointer: `/contact/${name}`, detail: words.theirs(now[name])}));
		if (errors.length) throw {errors};
		({data, etag} = await patch(PATH, {contact}, etag));
	}
	toast(words.saved);
	form = null;
	draw();
}

function ask({plan, consequences}) {
	const form = h(
		'form',
		{},
		h('p', {}, words.askLead),
		consequences.length > 0 && [
			h('p', {}, words.askThen),
			h(
				'ul',
				{class: 'goes'},
				consequences.map((text) => h('li', {}, text))
			),
		],
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: 'button primary'}, words.askDo(nameOf(plan)))
		)
	);
	onSubmit(form, async () => {
		await send({requested_plan: plan}, words.asked(nameOf(plan)));
		box.close();
		$('#requested')?.focus();
	});
	const box = dialog(words.askTitle(nameOf(plan)), form);
}

function planCard(plan) {
	const mine = plan.plan === data.plan;
	return h(
		'section',
		{class: 'panel pad plan', 'data-plan': plan.plan, 'aria-label': nameOf(plan.plan)},
		h(
			'div',
			{class: 'row'},
			h('h3', {class: 'grow'}, nameOf(plan.plan)),
			mine && h('span', {class: 'mark good'}, icon('confirmed'), words.yours)
		),
		h(
			'ul',
			{role: 'list', class: 'permissions'},
			[words.brings.roles[plan.custom_roles], words.brings.audit(plan.audit_retention_days)].map((text) =>
				h('li', {}, icon('tick'), h('span', {}, text))
			)
		),
		!mine &&
			!data.requested_plan &&
			h(
				'div',
				{class: 'form-foot'},
				h(
					'button',
					{type: 'button', class: 'button', onclick: () => ask(plan)},
					words.ask(nameOf(plan.plan))
				)
			)
	);
}

function requested() {
	return h(
		'div',
		{class: 'banner pending', id: 'requested', tabindex: -1},
		icon('pending'),
		h(
			'div',
			{class: 'text stack-s'},
			h('p', {}, words.waiting(h('strong', {}, nameOf(data.requested_plan)), time(data.requested_at, 'date'))),
			h(
				'div',
				{},
				h(
					'button',
					{
						type: 'button',
						class: 'button slim',
						onclick: async (event) => {
							const button = event.currentTarget;
							if (button.getAttribute('aria-disabled')) return;
							button.setAttribute('aria-disabled', 'true');
							try {
								await send({requested_plan: null}, words.backDone);
								$('[data-plan] button', body)?.focus();
							} catch (error) {
								toast(problemText(error));
								draw();
							}
						},
					},
					words.back
				)
			)
		)
	);
}

function contact() {
	const row = (name, more = {}) =>
		field({
			name,
			label: words.fields[name],
			pointer: `/contact/${name}`,
			value: data.contact[name] ?? '',
			...more,
		});
	form = h(
		'form',
		{class: 'panel pad stack settings-form'},
		h('h2', {tabindex: -1, id: 'contact-head'}, words.contact),
		h('p', {class: 'help'}, words.contactHelp),
		row('name', {maxlength: 200, autocomplete: 'organization'}),
		row('email', {type: 'email', maxlength: 254, autocomplete: 'off'}),
		row('address', {type: 'textarea', rows: 3, maxlength: 1000, autocomplete: 'off'}),
		h(
			'div',
			{class: 'fields'},
			row('vat_id', {maxlength: 40, autocomplete: 'off'}),
			row('reference', {maxlength: 100, autocomplete: 'off', help: words.referenceHelp})
		),
		h('div', {class: 'form-foot'}, h('button', {type: 'submit', class: 'button primary'}, words.save))
	);
	onSubmit(form, async (typed) => {
		await saveContact(
			Object.fromEntries(Object.keys(words.fields).map((name) => [name, typed[name].trim() || null]))
		);
		$('#contact-head').focus();
	});
	return form;
}

function draw() {
	fill(
		body,
		h('p', {class: 'verdict', id: 'answer'}, words.answer(who.workspace.name, nameOf(data.plan))),
		data.requested_plan && requested(),
		usage(),
		h(
			'section',
			{class: 'stack-s', 'aria-label': words.plan},
			h('h2', {}, words.plan),
			h('div', {class: 'fields'}, data.plans.map(planCard))
		),
		form ?? contact()
	);
}

await settingsPage({
	title: words.title,
	allowed: may(who, 'billing.write'),
	body,
	read: async () => {
		({data, etag} = await get(PATH));
		draw();
	},
});
