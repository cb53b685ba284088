// SPDX-License-Identifier: GPL-3.0-or-later
// Adding, changing and removing an integration. The fields of a kind come from the server's table of kinds.
import {h, fill, $} from './dom.js';
import {del, get, patch, post} from './api.js';
import {cancelButton, dialog, field, goneMeanwhile, onSubmit, problemText, showErrors, toast} from './ui.js';
import {time} from './text.js';
import common from './strings/common.js';
import words from './strings/integrations.js';

const PATH = '/v1/settings/integrations';
const TYPES = {number: 'number', email: 'email', url: 'url', secret: 'password'};
const label = (name) => words.members[name] ?? name;

function settingField(member, value) {
	const title = member.required ? label(member.name) : `${label(member.name)} (${common.optional})`;
	const options = {
		name: `setting-${member.name}`,
		label: title,
		pointer: `/settings/${member.name}`,
		value: value ?? '',
		help:
			[words.memberHelp[member.name], value !== undefined && member.resets_credentials && words.goes]
				.filter(Boolean)
				.join(' ') || undefined,
	};
	if (member.type === 'choice')
		return field({
			...options,
			control: h(
				'select',
				{},
				h('option', {value: ''}, words.choose),
				member.choices.map((choice) =>
					h('option', {value: choice, selected: choice === value}, words.choices[choice] ?? choice)
				)
			),
		});
	return field({
		...options,
		type: TYPES[member.type] ?? 'text',
		required: member.required,
		maxlength: 2000,
		min: member.type === 'number' ? 1 : null,
		max: member.type === 'number' ? 65535 : null,
		autocomplete: 'off',
		autocapitalize: 'none',
		spellcheck: 'false',
		'data-missing': member.required ? words.missing : null,
	});
}

function credentialField(member, there) {
	const row = field({
		name: `credential-${member.name}`,
		label: member.required || there ? label(member.name) : `${label(member.name)} (${common.optional})`,
		pointer: `/credentials/${member.name}`,
		type: 'password',
		help: there
			? words.keepSecret(time(there.rotated_at ?? there.set_at, 'date'))
			: words.memberHelp[member.name],
		required: member.required && !there,
		maxlength: 16384,
		autocomplete: 'new-password',
		spellcheck: 'false',
		'data-missing': member.required ? words.missing : null,
	});
	if (there && !member.required)
		row.append(
			h(
				'label',
				{class: 'check'},
				h('input', {type: 'checkbox', name: `take-${member.name}`}),
				words.take(label(member.name))
			)
		);
	return row;
}

// The fields of a kind; `one`: what is there already.
const fieldsOf = (kind, one) => [
	h(
		'div',
		{class: 'fields'},
		kind.settings.map((member) => settingField(member, one?.settings[member.name]))
	),
	h('h3', {}, words.credentials),
	h('p', {class: 'help'}, words.credentialsHelp),
	h(
		'div',
		{class: 'fields'},
		kind.credentials.map((member) =>
			credentialField(
				member,
				one?.credentials.find(({name}) => name === member.name)
			)
		)
	),
];

// What was typed, as a merge patch of what is there.
function typedIn(data, kind, one) {
	const body = {};
	if (data.name.trim() !== one?.name) body.name = data.name.trim();
	for (const {name, type} of kind.settings) {
		const text = data[`setting-${name}`].trim();
		const value = text === '' ? null : type === 'number' ? Number(text) : text;
		if (value !== (one?.settings[name] ?? null)) (body.settings ??= {})[name] = value;
	}
	for (const {name} of kind.credentials) {
		if (data[`credential-${name}`]) (body.credentials ??= {})[name] = data[`credential-${name}`];
		else if (data[`take-${name}`]) (body.credentials ??= {})[name] = null;
	}
	return body;
}

const nameField = (value) =>
	field({
		name: 'name',
		label: words.name,
		value,
		help: words.nameHelp,
		required: true,
		maxlength: 100,
		autocomplete: 'off',
		'data-missing': words.nameMissing,
	});
const foot = (button) =>
	h(
		'div',
		{class: 'form-foot'},
		cancelButton(),
		h('button', {type: 'submit', class: 'button primary'}, button)
	);
const nameTaken = (form) => (error) => {
	if (error.slug !== 'duplicate') return false;
	showErrors(form, {errors: [{pointer: '/name', detail: words.duplicate}]});
	return true;
};

export function addIntegration(kinds, _, after) {
	const select = h(
		'select',
		{},
		kinds.map(({kind}) => h('option', {value: kind}, words.kinds[kind] ?? kind))
	);
	const chosen = () => kinds.find(({kind}) => kind === select.value);
	const place = h('div', {class: 'stack'});
	const help = h('p', {class: 'help', 'aria-live': 'polite'});
	const made = {}; // what is typed for one kind is still there after a look at another
	const draw = () => {
		help.textContent = words.kindHelp[select.value] ?? '';
		fill(place, (made[select.value] ??= fieldsOf(chosen())));
	};
	select.addEventListener('change', draw);
	draw();
	const form = h(
		'form',
		{},
		field({name: 'kind', label: words.kind, control: select}),
		help,
		nameField(''),
		place,
		foot(words.create)
	);
	onSubmit(
		form,
		async (data) => {
			const {name, settings, credentials} = typedIn(data, chosen());
			await post(PATH, {
				kind: data.kind,
				name: name ?? '',
				settings: settings ?? {},
				credentials: credentials ?? {},
			});
			box.close();
			toast(words.created(data.name.trim()));
			await after();
		},
		nameTaken(form)
	);
	const box = dialog(words.addTitle, form, {wide: true});
}

export async function changeIntegration(kinds, {public_id: id}, after) {
	const path = `${PATH}/${id}`;
	let answer;
	try {
		answer = await get(path);
	} catch (error) {
		if (!(await goneMeanwhile(error, null, after))) toast(problemText(error));
		return;
	}
	const {data: one, etag} = answer;
	const kind = kinds.find((each) => each.kind === one.kind);
	const form = h('form', {}, nameField(one.name), fieldsOf(kind, one), foot(words.save));
	onSubmit(
		form,
		async (data) => {
			const change = typedIn(data, kind, one);
			if (Object.keys(change).length) await patch(path, change, etag);
			box.close();
			toast(words.saved(data.name.trim()));
			await after();
		},
		async (error) => {
			if (error.status !== 412) return nameTaken(form)(error) || goneMeanwhile(error, box, after);
			box.close();
			toast(words.meanwhile);
			await after();
			return true;
		}
	);
	const box = dialog(words.changeTitle(one.name), form, {wide: true});
}

export function removeIntegration(kinds, one, after) {
	const form = h(
		'form',
		{},
		h('p', {}, words.removeText),
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(words.keep),
			h('button', {type: 'submit', class: 'button danger primary'}, words.removeDo)
		)
	);
	onSubmit(
		form,
		async () => {
			await del(`${PATH}/${one.public_id}`);
			box.close();
			toast(words.removed(one.name));
			await after();
			($('#add') ?? $('h1')).focus();
		},
		(error) => goneMeanwhile(error, box, after)
	);
	const box = dialog(words.removeTitle(one.name), form);
}
