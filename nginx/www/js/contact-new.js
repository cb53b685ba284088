// SPDX-License-Identifier: GPL-3.0-or-later
// The form for a new contact. A duplicate address leads to the contact that has it.
import {h} from './dom.js';
import {get, post} from './api.js';
import {accountControl, cancelButton, dialog, field, fieldError, onSubmit, showErrors} from './ui.js';
import {badge, STATUSES} from './consent.js';
import {evidenceFields, evidenceOf} from './consent-form.js';
import common from './strings/common.js';
import consentWords from './strings/consent.js';
import words from './strings/contacts.js';

export const findAccounts = async (q) => (await get('/v1/accounts', {q, limit: 20})).data.items;

// Tags of the workspace, to offer while typing; offering is a help, so a failure offers none.
export const tagsInUse = () =>
	get('/v1/tags').then(
		({data}) => data.items.map((one) => one.tag ?? one.name ?? one),
		() => []
	);

// The id of the account named in the control; makes one when the name is new.
export async function accountId(control) {
	const chosen = control.chosen();
	if (chosen.none) return null;
	return (
		chosen.account?.public_id ??
		(await post('/v1/accounts', {name: chosen.create}, {key: crypto.randomUUID()})).data.public_id
	);
}

export function newContactDialog({account} = {}) {
	const control = accountControl(findAccounts, account);
	const evidence = h('div', {hidden: true}, evidenceFields());
	const choice = (value, content, chosen) =>
		h(
			'label',
			{class: 'check'},
			h('input', {type: 'radio', name: 'consent', value, checked: chosen}),
			h('span', {}, content)
		);
	const form = h(
		'form',
		{},
		h(
			'div',
			{class: 'fields'},
			field({name: 'first_name', label: words.fields.first_name, maxlength: 200, autocomplete: 'off'}),
			field({name: 'last_name', label: words.fields.last_name, maxlength: 200, autocomplete: 'off'}),
			field({name: 'email', label: words.fields.email, type: 'email', maxlength: 254, autocomplete: 'off'}),
			field({name: 'phone', label: words.fields.phone, type: 'tel', maxlength: 60, autocomplete: 'off'}),
			field({name: 'title', label: words.fields.title, maxlength: 200, autocomplete: 'off'}),
			h(
				'div',
				{},
				field({
					name: 'account',
					label: words.fields.account,
					control: control.input,
					pointer: '/account_id',
					help: words.accountHelp,
				}),
				control.options
			),
			field({name: 'tags', label: words.fields.tags, help: words.tagsHelp, autocomplete: 'off'})
		),
		h(
			'fieldset',
			{
				class: 'stack-s',
				onchange: (event) => {
					evidence.hidden = !STATUSES.includes(event.target.value);
				},
			},
			h('legend', {class: 'label'}, words.consentLegend),
			choice('', words.consentDefault, true),
			STATUSES.map((status) => choice(status, badge(status)))
		),
		evidence,
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: 'button primary'}, words.add)
		)
	);
	onSubmit(
		form,
		async (data, key) => {
			const body = {};
			for (const name of ['first_name', 'last_name', 'email', 'phone', 'title'])
				if (data[name].trim()) body[name] = data[name].trim();
			if (!body.email && !body.first_name && !body.last_name)
				throw {errors: [{pointer: '/email', detail: words.nothingTyped}]};
			if (data.consent === 'confirmed' && !data.note.trim() && !data.how)
				throw {errors: [{pointer: '/evidence/note', detail: consentWords.noteNeeded}]};
			if (data.tags.trim())
				body.tags = data.tags
					.split(',')
					.map((tag) => tag.trim())
					.filter(Boolean);
			const id = await accountId(control);
			if (id) body.account_id = id;
			if (data.consent) {
				body.consent_status = data.consent;
				const proof = evidenceOf(data);
				if (proof) body.consent_evidence = proof;
			}
			const {data: contact} = await post('/v1/contacts', body, {key});
			location.assign(`/contact?id=${contact.public_id}`);
		},
		(error) => {
			if (error.slug !== 'duplicate') return false;
			showErrors(form, {errors: [{pointer: '/email', detail: words.duplicate}]});
			fieldError(
				form,
				'/email',
				words.duplicate,
				' ',
				h('a', {href: `/contact?id=${error.body.existing}`}, words.openExisting)
			);
			return true;
		}
	);
	return dialog(words.newTitle, form, {wide: true});
}
