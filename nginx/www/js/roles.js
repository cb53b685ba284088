// SPDX-License-Identifier: GPL-3.0-or-later
// Settings → Roles: what each role may do, in words; roles of one's own on the Enterprise plan.
import {h, icon, fill, $} from './dom.js';
import {del, get, getAll, keyring, patch, post} from './api.js';
import {session, may} from './shell.js';
import {settingsPage} from './settings-page.js';
import {cancelButton, dialog, field, goneMeanwhile, onSubmit, problemText, toast, uid} from './ui.js';
import common from './strings/common.js';
import words from './strings/roles.js';

const who = await session();
const writable = may(who, 'role.write');
const body = h('div', {class: 'stack'});
// those that have words first, in the order of the words; one without is shown by its name
const ordered = (permissions) => {
	const order = Object.keys(words.permissions);
	const place = (name) => (order.indexOf(name) + order.length + 1) % (order.length + 1);
	return permissions.toSorted((a, b) => place(a) - place(b));
};
const say = (permission) => words.permissions[permission] ?? permission;

// `send()` gives the id of the role, which has the focus afterwards.
function form(role, send, button) {
	const group = uid('permissions');
	const boxes = h(
		'fieldset',
		{
			class: 'stack-s',
			id: group,
			tabindex: -1,
			'aria-label': words.choose,
			'aria-describedby': `${group}-error`,
			'data-pointer': '/permissions',
		},
		h('legend', {class: 'label'}, words.choose),
		ordered([...new Set([...who.permissions, ...(role?.permissions ?? [])])]).map((permission) => {
			const id = uid('permission');
			return h(
				'label',
				{class: 'check', for: id},
				h('input', {
					type: 'checkbox',
					id,
					name: 'permissions',
					value: permission,
					checked: role?.permissions.includes(permission),
				}),
				say(permission)
			);
		})
	);
	const keyFor = keyring();
	const element = h(
		'form',
		{},
		field({
			name: 'name',
			label: words.name,
			value: role?.name ?? '',
			required: true,
			maxlength: 60,
			autocomplete: 'off',
			'data-missing': words.nameMissing,
		}),
		h(
			'div',
			{class: 'field'},
			boxes,
			h('p', {class: 'help'}, words.chooseHelp),
			h('p', {class: 'error', id: `${group}-error`})
		),
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: 'button primary'}, button)
		)
	);
	const leave = async (message, id) => {
		element.closest('dialog').close();
		toast(message);
		await again();
		($(`[data-id="${id}"] button`, body) ?? $('#add')).focus();
	};
	onSubmit(
		element,
		async ({name}) => {
			const typed = {
				name: name.trim(),
				permissions: [...boxes.querySelectorAll('input:checked')].map((input) => input.value),
			};
			await leave(...(await send(typed, keyFor(typed))));
		},
		async (error) => {
			if (error.status !== 412) return goneMeanwhile(error, element.closest('dialog'), again);
			await leave(words.meanwhile, role.public_id);
			return true;
		}
	);
	return element;
}

function add() {
	dialog(
		words.addTitle,
		form(
			null,
			async (typed, key) => {
				const {data} = await post('/v1/roles', typed, {key});
				return [words.created(typed.name), data.public_id];
			},
			words.create
		),
		{wide: true}
	);
}

async function change(role) {
	try {
		const {data, etag} = await get(`/v1/roles/${role.public_id}`);
		dialog(
			words.changeTitle(role.name),
			form(
				data,
				async (typed) => {
					await patch(`/v1/roles/${role.public_id}`, typed, etag);
					return [words.saved(typed.name), role.public_id];
				},
				words.save
			),
			{wide: true}
		);
	} catch (error) {
		if (!(await goneMeanwhile(error, null, again))) toast(problemText(error));
	}
}

function remove(role) {
	const sure = h(
		'form',
		{},
		h('p', {}, role.users ? words.removeHeld(role.users) : words.removeText),
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(role.users ? common.close : common.cancel),
			!role.users && h('button', {type: 'submit', class: 'button danger primary'}, words.removeDo)
		)
	);
	onSubmit(
		sure,
		async () => {
			await del(`/v1/roles/${role.public_id}`);
			sure.closest('dialog').close();
			toast(words.removed(role.name));
			await again();
			$('#add').focus();
		},
		(error) => goneMeanwhile(error, sure.closest('dialog'), again)
	);
	dialog(words.removeTitle(role.name), sure);
}

function card(role) {
	const everything = role.name === 'owner' && role.builtin;
	return h(
		'section',
		{class: 'panel pad stack-s', 'data-role': role.name, 'data-id': role.public_id},
		h(
			'div',
			{class: 'row'},
			h('h2', {class: 'cap'}, role.name),
			h(
				'span',
				{class: 'soft small grow'},
				`${role.builtin ? words.builtin : words.own} · ${words.people(role.users)}`
			),
			writable &&
				!role.builtin && [
					h(
						'button',
						{
							type: 'button',
							class: 'button slim',
							'aria-label': words.changeLabel(role.name),
							onclick: () => change(role),
						},
						words.change
					),
					h(
						'button',
						{
							type: 'button',
							class: 'button slim danger',
							'aria-label': words.removeLabel(role.name),
							onclick: () => remove(role),
						},
						words.remove
					),
				]
		),
		everything && h('p', {}, words.all),
		role.permissions.length
			? h(
					'ul',
					{role: 'list', class: 'permissions', 'aria-label': words.may(role.name)},
					ordered(role.permissions).map((permission) =>
						h('li', {}, icon('tick'), h('span', {}, say(permission)))
					)
				)
			: h('p', {class: 'soft'}, words.nothing)
	);
}

async function again() {
	const roles = await getAll('/v1/roles');
	fill(
		body,
		h('p', {class: 'soft'}, words.lead, ' ', h('a', {href: '/people'}, words.toPeople), '.'),
		writable && h('p', {class: 'help'}, words.enterprise),
		roles.map(card)
	);
}

await settingsPage({
	title: words.title,
	allowed: may(who, 'user.read'),
	body,
	read: again,
	action: writable && h('button', {type: 'button', class: 'button', id: 'add', onclick: add}, words.add),
});
