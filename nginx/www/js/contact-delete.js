// SPDX-License-Identifier: GPL-3.0-or-later
// Delete contact → Archive, or → Permanently delete: what goes is counted, what stays is said, and the address is typed.
import {h} from './dom.js';
import {del, get} from './api.js';
import {may} from './shell.js';
import {cancelButton, dialog, field, onSubmit, problemText, toast} from './ui.js';
import words from './strings/contact.js';

export const nameOf = (contact) =>
	[contact.first_name, contact.last_name].filter(Boolean).join(' ') || contact.email || words.noName;

// Two steps away from the list: archiving, which can be undone, and erasing, which cannot.
export function deleteDialog({who, contact, ledger, path, archive}) {
	const step = (title, text, button) =>
		h(
			'div',
			{class: 'panel pad stack-s'},
			h('h3', {}, title),
			h('p', {class: 'soft'}, text),
			h('div', {}, button)
		);
	const box = dialog(
		words.deleteTitle(nameOf(contact.data)),
		h(
			'div',
			{class: 'stack'},
			may(who, 'contact.write') &&
				!contact.data.archived_at &&
				step(
					words.archiveTitle,
					words.archiveText,
					h(
						'button',
						{
							type: 'button',
							class: 'button',
							onclick: async () => {
								box.close();
								await archive().catch((error) => toast(problemText(error)));
							},
						},
						words.archiveDo
					)
				),
			may(who, 'contact.erase') &&
				step(
					words.eraseTitle,
					words.eraseText,
					h(
						'button',
						{
							type: 'button',
							class: 'button danger',
							onclick: () => {
								box.close();
								eraseDialog({contact, ledger, path});
							},
						},
						words.eraseNext
					)
				),
			h('div', {class: 'form-foot'}, cancelButton())
		)
	);
}

async function eraseDialog({contact, ledger, path}) {
	const {data} = contact;
	const text = data.email ?? nameOf(data);
	const counted = await get('/v1/activities', {contact_id: data.public_id, limit: 200}).catch(() => ({
		data: {items: [], next: 'unknown'},
	}));
	const filled =
		['email', 'first_name', 'last_name', 'phone', 'title', 'account_id'].filter((name) => data[name]).length +
		data.tags.length +
		Object.keys(data.custom ?? {}).length;
	const form = h(
		'form',
		{},
		h(
			'div',
			{class: 'stack-s'},
			h('h3', {}, words.goes),
			h(
				'ul',
				{class: 'goes', id: 'goes'},
				h('li', {}, words.goesFields(filled)),
				h('li', {}, words.goesActivities(counted.data.items.length, counted.data.next)),
				h('li', {}, words.goesConsent(ledger.length))
			)
		),
		h(
			'div',
			{class: 'stack-s'},
			h('h3', {}, words.stays),
			h(
				'ul',
				{class: 'goes'},
				h('li', {}, data.email ? words.staysHash : words.staysNothing),
				h('li', {}, words.staysAudit)
			)
		),
		field({
			name: 'typed',
			label: data.email ? words.typeAddress : words.typeName,
			help: words.typeHelp(text),
			required: true,
			autocomplete: 'off',
			spellcheck: 'false',
			'data-missing': words.typeWrong,
		}),
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: 'button danger primary'}, words.eraseDo)
		)
	);
	onSubmit(form, async ({typed}) => {
		if (typed.trim().toLowerCase() !== text.toLowerCase())
			throw {errors: [{pointer: '/typed', detail: words.typeWrong}]};
		await del(path);
		sessionStorage.setItem('pact.message', words.erased);
		location.assign('/contacts');
	});
	dialog(words.eraseHead(nameOf(data)), form);
}
