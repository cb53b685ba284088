// SPDX-License-Identifier: GPL-3.0-or-later
// Step 4: who comes in, and with which roles.
import {h, icon} from './dom.js';
import {checkField, onSubmit, toast, uid} from './ui.js';
import words from './strings/sso.js';

export function peopleStep(page) {
	const {sso} = page.data;
	const off = !page.writable;
	if (!sso) return h('p', {class: 'help'}, words.testNot);
	const roles = page.roles.map((role) => role.name);
	const rows = h('ol', {role: 'list', class: 'stack-s', id: 'mapping'});
	const number = () =>
		[...rows.children].forEach((row, i) => {
			row.querySelector('input').setAttribute('aria-label', words.groupOf(i + 1));
			row.querySelector('select').setAttribute('aria-label', words.roleOf(i + 1));
			row.querySelector('button')?.setAttribute('aria-label', words.removeGroup(i + 1));
		});
	const add = ({group = '', role = roles[0]} = {}) => {
		rows.append(
			h(
				'li',
				{class: 'pair'},
				h('input', {
					type: 'text',
					name: 'group',
					value: group,
					maxlength: 256,
					autocomplete: 'off',
					disabled: off,
					placeholder: words.group,
				}),
				h(
					'select',
					{name: 'role', disabled: off},
					[...new Set([...roles, role])].map((name) => h('option', {value: name, selected: name === role}, name))
				),
				!off &&
					h(
						'button',
						{
							type: 'button',
							class: 'button quiet',
							onclick: (event) => {
								event.currentTarget.closest('li').remove();
								page.touch('people');
								number();
								adder.focus();
							},
						},
						icon('close')
					)
			)
		);
		number();
	};
	const adder = h(
		'button',
		{
			type: 'button',
			class: 'button slim',
			onclick: () => {
				add();
				page.touch('people');
				rows.lastChild.querySelector('input').focus();
			},
		},
		words.addGroup
	);
	sso.role_mapping.forEach(add);
	const form = h(
		'form',
		{class: 'stack'},
		checkField({
			name: 'jit',
			label: words.jit,
			help: words.jitHelp,
			checked: sso.settings.jit === true,
			disabled: off,
			pointer: '/sso/jit',
		}),
		h(
			'fieldset',
			{class: 'stack-s', id: uid('roles'), tabindex: -1, 'data-pointer': '/sso/default_roles', 'aria-label': words.defaultRoles},
			h('legend', {class: 'label'}, words.defaultRoles),
			h(
				'div',
				{class: 'row wide-gap'},
				roles.map((name) =>
					h(
						'label',
						{class: 'check'},
						h('input', {
							type: 'checkbox',
							name: 'default',
							value: name,
							checked: sso.default_roles.includes(name),
							disabled: off,
						}),
						name
					)
				)
			)
		),
		h(
			'fieldset',
			{class: 'stack-s', id: uid('groups'), tabindex: -1, 'data-pointer': '/sso/role_mapping', 'aria-label': words.mapping},
			h('legend', {class: 'label'}, words.mapping),
			h('p', {class: 'help'}, words.mappingHelp),
			rows,
			!off && h('div', {}, adder)
		),
		!off && h('div', {class: 'form-foot'}, h('button', {type: 'submit', class: 'button primary'}, words.savePeople))
	);
	onSubmit(form, async () => {
		const mapping = [...rows.children]
			.map((row) => ({group: row.querySelector('input').value.trim(), role: row.querySelector('select').value}))
			.filter(({group}) => group);
		await page.save('people', {
			sso: {
				jit: form.elements.jit.checked,
				default_roles: [...form.querySelectorAll('[name="default"]:checked')].map((box) => box.value),
				role_mapping: mapping,
			},
		});
		toast(words.savedPeople);
		await page.again('people');
	});
	return form;
}
