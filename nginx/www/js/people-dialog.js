// SPDX-License-Identifier: GPL-3.0-or-later
// Inviting somebody, and changing one of the people: roles, access, second factor, removal.
import {h, fill, $} from './dom.js';
import {del, get, getAll, keyring, patch, post} from './api.js';
import {device} from './device.js';
import {time} from './text.js';
import {cancelButton, dialog, field, goneMeanwhile, onSubmit, problemText, showErrors, toast, uid} from './ui.js';
import common from './strings/common.js';
import words from './strings/people.js';

let known = null;
export async function allRoles() {
	known ??= await getAll('/v1/roles');
	return known;
}

// Roles as boxes to tick. `chosen()` gives their names.
export function rolesField(roles, has) {
	const group = uid('roles');
	const set = h(
		'fieldset',
		{
			class: 'choice',
			id: group,
			tabindex: -1,
			'aria-label': words.roles,
			'aria-describedby': `${group}-error`,
			'data-pointer': '/roles',
		},
		h('legend', {class: 'label'}, words.roles),
		roles.map((role) => {
			const id = uid('role');
			return h(
				'label',
				{for: id},
				h('input', {
					type: 'checkbox',
					name: 'roles',
					value: role.name,
					id,
					checked: has.includes(role.name),
				}),
				role.name
			);
		})
	);
	return {
		element: h(
			'div',
			{class: 'field'},
			set,
			h('p', {class: 'help'}, h('a', {href: '/roles'}, words.rolesWhat)),
			h('p', {class: 'error', id: `${group}-error`})
		),
		chosen: () => [...set.querySelectorAll('input:checked')].map((input) => input.value),
	};
}

export function needRoles(chosen) {
	if (!chosen.length) throw {errors: [{pointer: '/roles', detail: words.rolesMissing}]};
	return chosen;
}

export async function invitePerson(who, after) {
	let roles;
	try {
		roles = await allRoles();
	} catch (error) {
		toast(problemText(error));
		return;
	}
	const boxes = rolesField(roles, roles.some((role) => role.name === 'member') ? ['member'] : []);
	const form = h(
		'form',
		{},
		h('p', {}, words.inviteLead),
		field({
			name: 'email',
			label: words.email,
			type: 'email',
			required: true,
			maxlength: 254,
			autocomplete: 'off',
			autocapitalize: 'none',
			spellcheck: 'false',
			'data-missing': words.emailMissing,
		}),
		field({
			name: 'name',
			label: `${words.name} (${common.optional})`,
			maxlength: 200,
			autocomplete: 'off',
			help: words.nameHelp,
		}),
		boxes.element,
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: 'button primary'}, words.send)
		)
	);
	const keyFor = keyring();
	onSubmit(
		form,
		async (typed) => {
			const body = {email: typed.email.trim(), roles: needRoles(boxes.chosen())};
			if (typed.name.trim()) body.name = typed.name.trim();
			await post('/v1/users/invite', body, {key: keyFor(body)});
			box.close();
			toast(words.invited(body.email));
			await after();
		},
		(error) => {
			if (error.slug !== 'duplicate') return false;
			showErrors(form, {errors: [{pointer: '/email', detail: words.already}]});
			return true;
		}
	);
	const box = dialog(words.invite, form);
}

// Where somebody is logged in, the newest first.
function where({items, next}) {
	if (!items.length) return h('p', {class: 'soft'}, words.noSessions);
	return [
		h('p', {}, words.sessions(items.length, next)),
		h(
			'ul',
			{role: 'list', class: 'small soft', id: 'where'},
			items.map((one) => h('li', {class: 'wrap'}, words.session(device(one), one.ip), ' ', time(one.last_seen_at)))
		),
	];
}

export async function changePerson(one, who, after) {
	let roles;
	let etag;
	let sessions;
	const path = `/v1/users/${one.public_id}`;
	try {
		[roles, {data: one, etag}, {data: sessions}] = await Promise.all([
			allRoles(),
			get(path),
			get(`${path}/sessions`, {limit: 10}),
		]);
	} catch (error) {
		if (!(await goneMeanwhile(error, null, after))) toast(problemText(error));
		return;
	}
	const name = one.name || one.email;
	const mine = one.public_id === who.user.public_id;
	const boxes = rolesField(roles, one.roles);

	// One press that does one thing: errors stay in the dialog, in words of the server.
	const act = (label, run, message, className = 'button') =>
		h(
			'button',
			{
				type: 'button',
				class: className,
				onclick: async (event) => {
					const button = event.currentTarget;
					if (button.getAttribute('aria-disabled')) return;
					button.setAttribute('aria-disabled', 'true');
					try {
						await run();
					} catch (error) {
						if (await goneMeanwhile(error, box, after)) return;
						button.removeAttribute('aria-disabled');
						showErrors(button.closest('form'), error);
						return;
					}
					box.close();
					toast(message);
					await after().catch((error) => toast(problemText(error)));
				},
			},
			label
		);
	// The second step of what cannot be taken back, in the same dialog.
	const step = (label, title, text, button, run, message) =>
		h(
			'button',
			{
				type: 'button',
				class: 'button danger',
				onclick: () => {
					const heading = $('h2', box.element);
					heading.textContent = title;
					const sure = h(
						'form',
						{},
						heading,
						h('p', {}, text),
						h(
							'div',
							{class: 'form-foot'},
							cancelButton(words.keep),
							act(button, run, message, 'button danger primary')
						)
					);
					fill(box.element, sure);
					heading.focus();
				},
			},
			label
		);
	const form = h(
		'form',
		{},
		h('p', {class: 'soft'}, one.email),
		boxes.element,
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: 'button primary'}, words.save)
		),
		!mine && [
			h('h3', {}, words.access),
			one.status !== 'invited' && where(sessions),
			one.status === 'active' && h('p', {class: 'help'}, words.suspendHelp),
			h(
				'div',
				{class: 'row'},
				one.status === 'invited' &&
					act(
						words.again,
						() =>
							post(
								'/v1/users/invite',
								{email: one.email, roles: one.roles},
								{key: crypto.randomUUID()}
							),
						words.invited(one.email)
					),
				sessions.items.length > 0 &&
					act(words.endSessions, () => del(`${path}/sessions`), words.endedSessions(name)),
				one.status === 'active' &&
					act(words.suspend, () => patch(path, {status: 'suspended'}, etag), words.suspended(name)),
				one.status === 'suspended' &&
					act(words.reactivate, () => patch(path, {status: 'active'}, etag), words.reactivated(name)),
				one.mfa &&
					step(
						words.removeMfa,
						words.removeMfaTitle(name),
						words.removeMfaText(name),
						words.removeMfaDo,
						() => del(`${path}/totp`),
						words.removedMfa(name)
					),
				one.sso &&
					step(
						words.unlink,
						words.unlinkTitle(name),
						words.unlinkText(name),
						words.unlinkDo,
						() => del(`${path}/sso`),
						words.unlinked(name)
					),
				step(
					one.status === 'invited' ? words.withdraw : words.remove,
					words.removeTitle(name),
					words.removeText(name, one.status === 'invited'),
					words.removeDo,
					() => del(path, etag),
					words.removed(name)
				)
			),
		]
	);
	onSubmit(
		form,
		async () => {
			await patch(path, {roles: needRoles(boxes.chosen())}, etag);
			box.close();
			toast(words.saved(name));
			await after();
		},
		async (error) => {
			if (error.status !== 412) return goneMeanwhile(error, box, after);
			box.close();
			toast(words.meanwhile);
			await after();
			return true;
		}
	);
	const box = dialog(name, form);
}
