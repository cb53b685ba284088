// SPDX-License-Identifier: GPL-3.0-or-later
// Making an API key, showing it the one time, and revoking one.
import {h, fill, $} from './dom.js';
import {del, post} from './api.js';
import {cancelButton, copyText, dialog, field, goneMeanwhile, onSubmit, problemText, toast} from './ui.js';
import {allRoles, needRoles, rolesField} from './people-dialog.js';
import words from './strings/api-keys.js';

const DAY = 864e5;

// The text of the key, in the dialog that it was asked for in. Only the button closes it: Esc would lose the key.
function show(box, key, after) {
	const hold = (event) => event.preventDefault();
	addEventListener('beforeunload', hold);
	box.hold();
	const heading = $('h2', box.element);
	heading.textContent = words.shownTitle;
	fill(
		box.element,
		h(
			'div',
			{},
			heading,
			h('p', {}, words.shownLead),
			h('code', {class: 'secret', id: 'key', role: 'group', 'aria-label': words.keyLabel, tabindex: 0}, key),
			h('p', {class: 'help'}, words.use),
			h(
				'div',
				{class: 'form-foot'},
				h('button', {type: 'button', class: 'button', onclick: () => copyText(key)}, words.copy),
				h(
					'button',
					{
						type: 'button',
						class: 'button primary',
						onclick: async () => {
							removeEventListener('beforeunload', hold);
							box.close();
							await after().catch((error) => toast(problemText(error)));
						},
					},
					words.kept
				)
			)
		)
	);
	heading.focus();
}

export async function addKey(who, _, after) {
	let roles;
	try {
		// a role that allows more than its maker may is refused, so it is not offered
		roles = (await allRoles()).filter((role) => role.permissions.every((one) => who.permissions.includes(one)));
	} catch (error) {
		toast(problemText(error));
		return;
	}
	const boxes = rolesField(roles, []);
	const form = h(
		'form',
		{},
		field({
			name: 'name',
			label: words.name,
			help: words.nameHelp,
			required: true,
			maxlength: 100,
			autocomplete: 'off',
			'data-missing': words.nameMissing,
		}),
		boxes.element,
		field({
			name: 'ends',
			label: words.ends,
			help: words.endsHelp,
			pointer: '/expires_at',
			control: h(
				'select',
				{},
				Object.entries(words.choices).map(([value, text]) =>
					h('option', {value, selected: value === '90'}, text)
				)
			),
		}),
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: 'button primary'}, words.create)
		)
	);
	onSubmit(form, async ({name, ends}) => {
		const {data} = await post('/v1/api-keys', {
			name: name.trim(),
			roles: needRoles(boxes.chosen()),
			expires_at: ends === 'never' ? null : new Date(Date.now() + ends * DAY).toISOString(),
		});
		show(box, data.key, async () => {
			await after(data.public_id);
			$(`[data-id="${data.public_id}"] button`)?.focus();
		});
	});
	const box = dialog(words.addTitle, form);
}

export function revokeKey(who, one, after) {
	const form = h(
		'form',
		{},
		h('p', {}, words.revokeText),
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(words.keep),
			h('button', {type: 'submit', class: 'button danger primary'}, words.revokeDo)
		)
	);
	onSubmit(
		form,
		async () => {
			await del(`/v1/api-keys/${one.public_id}`);
			box.close();
			toast(words.revoked(one.name));
			await after();
			$('#add')?.focus();
		},
		(error) => goneMeanwhile(error, box, after)
	);
	const box = dialog(words.revokeTitle(one.name), form);
}
