// SPDX-License-Identifier: GPL-3.0-or-later
// The fields of a contact: address, name, account, tags, and the workspace's own ones.
import {h, icon, fill, $} from './dom.js';
import {post} from './api.js';
import {accountControl, announce, cancelButton, dialog, field, onSubmit, problemText, toast} from './ui.js';
import {editable} from './inplace.js';
import {accountId, findAccounts, tagsInUse} from './contact-new.js';
import {time} from './text.js';
import common from './strings/common.js';
import words from './strings/contact.js';

// The list of fields of a contact, each changed where it stands; `own` are the workspace's own fields.
export function contactFields(contact, own, readonly) {
	const text = (name, extra = {}) =>
		editable(contact, {
			name,
			label: words.fields[name],
			read: (data) => data[name],
			patch: (value) => ({[name]: value}),
			readonly,
			...extra,
		});
	const list = h(
		'dl',
		{class: 'facts'},
		text('email', {type: 'email', maxlength: 254, error: duplicateError}),
		text('first_name'),
		text('last_name'),
		text('phone', {type: 'tel', maxlength: 60}),
		text('title'),
		editable(contact, {
			name: 'account',
			label: words.fields.account,
			readonly,
			read: (data) => data.account?.name ?? null,
			control: (value, data) => {
				const control = accountControl(findAccounts, data.account);
				return {
					input: control.input,
					element: h(
						'div',
						{class: 'stack-s'},
						control.input,
						control.options,
						h('p', {class: 'help'}, words.accountHelp)
					),
					value: () => control.input.value.trim() || null,
					choice: control,
				};
			},
			patch: async (value, control) => ({account_id: await accountId(control.choice)}),
			beside: (value, data) =>
				data.account &&
				h(
					'a',
					{class: 'small', href: `/account?id=${data.account.public_id}`},
					words.openAccount(data.account.name)
				),
		}),
		tagsRow(contact, readonly)
	);
	const ownRow = ({key, label}) =>
		editable(contact, {
			name: `custom:${key}`,
			label,
			readonly,
			maxlength: 2000,
			read: (data) => data.custom?.[key] ?? null,
			patch: (value) => ({custom: {[key]: value}}),
		});
	const created = time(contact.data.created_at, 'full', true);
	const last = h('div', {}, h('dt', {}, words.fields.created), h('dd', {}, created));
	// own fields that are filled in stand among the others; the empty ones, of which imports make many, fold away
	const isFilled = ({key}) => (contact.data.custom?.[key] ?? null) !== null;
	const empty = own.filter((one) => !isFilled(one));
	list.append(...own.filter(isFilled).map(ownRow), last);
	const more = h('dl', {class: 'facts'}, empty.map(ownRow));
	const fold = h(
		'details',
		{class: 'more-fields', hidden: !empty.length},
		h('summary', {}, words.emptyOwn(empty.length)),
		more
	);
	const add = () =>
		newField((made) => {
			own.push(made);
			const row = ownRow(made);
			last.before(row);
			$('button', row).click();
		});
	return [
		list,
		fold,
		!readonly && h('button', {type: 'button', class: 'link small', onclick: add}, words.addField),
	];
}

function duplicateError(problem) {
	return problem.slug === 'duplicate'
		? [words.duplicate, ' ', h('a', {href: `/contact?id=${problem.body.existing}`}, words.openExisting)]
		: null;
}

function newField(made) {
	const form = h(
		'form',
		{},
		field({
			name: 'label',
			label: words.fieldLabel,
			help: words.fieldHelp,
			required: true,
			maxlength: 120,
			autocomplete: 'off',
		}),
		h(
			'div',
			{class: 'form-foot'},
			cancelButton(),
			h('button', {type: 'submit', class: 'button primary'}, words.fieldAdd)
		)
	);
	onSubmit(form, async ({label}, key) => {
		const {data} = await post('/v1/custom-fields', {label: label.trim()}, {key});
		box.close();
		made(data);
	});
	const box = dialog(words.fieldTitle, form);
}

function tagsRow(contact, readonly) {
	const place = h('dd');
	const save = async (next, message, focus) => {
		const conflict = await contact.save({tags: next(contact.data.tags)}, (data) => data.tags);
		// somebody else changed the tags: theirs are kept and this one is added or taken away on top
		if (conflict) await contact.save({tags: next(contact.data.tags)}, (data) => data.tags, {force: true});
		announce(message);
		$(focus, place)?.focus();
	};
	const view = () =>
		fill(
			place,
			h(
				'div',
				{class: 'chips'},
				contact.data.tags.map((tag) =>
					h(
						'span',
						{class: `chip${readonly ? ' plain' : ''}`},
						h(
							'a',
							{
								class: 'plain',
								href: `/contacts?tag=${encodeURIComponent(tag)}`,
								title: words.withTag(tag),
							},
							tag
						),
						!readonly &&
							h(
								'button',
								{
									type: 'button',
									class: 'x',
									'aria-label': words.removeTag(tag),
									onclick: () =>
										save(
											(tags) => tags.filter((other) => other !== tag),
											words.tagRemoved(tag),
											'.dashed'
										).catch((error) => toast(problemText(error))),
								},
								icon('close')
							)
					)
				),
				readonly
					? !contact.data.tags.length && h('span', {class: 'soft'}, '—')
					: h('button', {type: 'button', class: 'button dashed slim', onclick: add}, words.addTag)
			)
		);
	const add = () => {
		const options = h('datalist', {id: 'tags-in-use'});
		tagsInUse().then((tags) =>
			fill(
				options,
				tags.map((tag) => h('option', {value: tag}))
			)
		);
		const input = h('input', {
			type: 'text',
			maxlength: 60,
			list: options.id,
			'aria-label': words.addTag,
			autocomplete: 'off',
			'aria-describedby': 'tag-error',
		});
		const error = h('p', {class: 'error small bad', id: 'tag-error', role: 'alert'});
		const form = h(
			'form',
			{
				class: 'inplace-form',
				onsubmit: async (event) => {
					event.preventDefault();
					const tag = input.value.trim();
					if (!tag || contact.data.tags.includes(tag)) {
						view();
						$('.dashed', place).focus();
						return;
					}
					try {
						form.remove();
						await save(
							(tags) => [...tags.filter((other) => other !== tag), tag],
							words.tagAdded(tag),
							'.dashed'
						);
					} catch (problem) {
						place.append(form);
						fill(error, problem.errors?.[0]?.detail ?? problemText(problem));
						input.focus();
					}
				},
				onkeydown: (event) => {
					if (event.key === 'Escape') {
						event.preventDefault();
						view();
						$('.dashed', place).focus();
					}
				},
			},
			input,
			options,
			error,
			h('div', {class: 'row'}, h('button', {type: 'submit', class: 'button primary slim'}, common.save))
		);
		$('.dashed', place).replaceWith(form);
		input.focus();
	};
	contact.addEventListener('change', view);
	view();
	return h('div', {'data-field': 'tags'}, h('dt', {}, words.fields.tags), place);
}
